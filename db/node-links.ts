import { and, eq, inArray, lt, notInArray, sql } from 'drizzle-orm';
import type { Database } from './connect.ts';
import { nodeLinks, servers } from './schema.ts';
import type { ServerSession } from './server-session.ts';

/** Which nodes are linked to which server. Rows are written when a link begins and ends, and count as long as the server's session lives. */
export class NodeLinkTable {
  readonly #orm: Database['orm'];
  readonly #session: Pick<ServerSession, 'id' | 'joins' | 'liveServers' | 'seemsAlone'>;

  constructor(orm: Database['orm'], session: Pick<ServerSession, 'id' | 'joins' | 'liveServers' | 'seemsAlone'>) {
    this.#orm = orm;
    this.#session = session;
  }

  /** Changes when the others may have taken this server for dead, and its rows away: then all must be told anew. */
  epoch(): number {
    return this.#session.joins;
  }

  /** begin: tells where this server answers (HOST:PORT), and removes what servers that were killed have left. */
  async begin(address: string): Promise<void> {
    const live = [...(await this.#session.liveServers())];
    // Not what is new: a server may have begun since the question who lives.
    const aMinuteAgo = sql`now() - interval '1 minute'`;
    await this.#orm.delete(servers).where(and(notInArray(servers.id, live), lt(servers.startedAt, aMinuteAgo)));
    await this.#orm
      .delete(nodeLinks)
      .where(and(notInArray(nodeLinks.server, live), lt(nodeLinks.linkedAt, aMinuteAgo)));
    await this.#orm
      .insert(servers)
      .values({ id: this.#session.id, address })
      .onConflictDoUpdate({ target: servers.id, set: { address, startedAt: sql`now()` } });
  }

  /** end: this server takes its rows away. */
  async end(): Promise<void> {
    await this.#orm.delete(nodeLinks).where(eq(nodeLinks.server, this.#session.id));
    await this.#orm.delete(servers).where(eq(servers.id, this.#session.id));
  }

  /** link: the node is linked to this server, whatever it was linked to before. */
  async link(node: string): Promise<void> {
    const server = this.#session.id;
    await this.#orm
      .insert(nodeLinks)
      .values({ node, server })
      .onConflictDoUpdate({ target: nodeLinks.node, set: { server, linkedAt: sql`now()` } });
  }

  /** unlink: the node is no longer linked to this server. */
  async unlink(node: string): Promise<void> {
    await this.#orm.delete(nodeLinks).where(and(eq(nodeLinks.node, node), eq(nodeLinks.server, this.#session.id)));
  }

  /** other_servers: where the other servers that live answer (HOST:PORT). Asks nothing when there are none. */
  async otherServers(): Promise<string[]> {
    const live = await this.#liveOthers();
    if (live.length === 0) return [];
    const rows = await this.#orm.select({ address: servers.address }).from(servers).where(inArray(servers.id, live));
    return rows.map(({ address }) => address);
  }

  /** others: the nodes that are linked to other servers that live, and where those answer (HOST:PORT). Asks nothing when there are none. */
  async others(): Promise<ReadonlyMap<string, string>> {
    const live = await this.#liveOthers();
    if (live.length === 0) return new Map();
    const rows = await this.#orm
      .select({ node: nodeLinks.node, address: servers.address })
      .from(nodeLinks)
      .innerJoin(servers, eq(servers.id, nodeLinks.server))
      .where(inArray(nodeLinks.server, live));
    return new Map(rows.map(({ node, address }) => [node, address]));
  }

  async #liveOthers(): Promise<number[]> {
    if (this.#session.seemsAlone) return [];
    return [...(await this.#session.liveServers())].filter((id) => id !== this.#session.id);
  }
}
