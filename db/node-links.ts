import type { Sql } from 'postgres';
import type { ServerSession } from './server-session.ts';

/** Which nodes are linked to which server. Rows are written when a link begins and ends, and count as long as the server's session lives. */
export class NodeLinkTable {
  readonly #sql: Sql;
  readonly #session: Pick<ServerSession, 'id' | 'joins' | 'liveServers' | 'seemsAlone'>;

  constructor(sql: Sql, session: Pick<ServerSession, 'id' | 'joins' | 'liveServers' | 'seemsAlone'>) {
    this.#sql = sql;
    this.#session = session;
  }

  /** Changes when the others may have taken this server for dead, and its rows away: then all must be told anew. */
  epoch(): number {
    return this.#session.joins;
  }

  /** begin: tells where this server answers (HOST:PORT), and removes what servers that were killed have left. */
  async begin(address: string): Promise<void> {
    const sql = this.#sql;
    const live = `{${[...(await this.#session.liveServers())].join(',')}}`;
    // Not what is new: a server may have begun since the question who lives.
    await sql`DELETE FROM servers WHERE NOT id = ANY(${live}::text::int4[]) AND started_at < now() - interval '1 minute'`;
    await sql`DELETE FROM node_links
      WHERE NOT server = ANY(${live}::text::int4[]) AND linked_at < now() - interval '1 minute'`;
    await sql`INSERT INTO servers (id, address) VALUES (${this.#session.id}, ${address})
      ON CONFLICT (id) DO UPDATE SET address = excluded.address, started_at = now()`;
  }

  /** end: this server takes its rows away. */
  async end(): Promise<void> {
    const sql = this.#sql;
    await sql`DELETE FROM node_links WHERE server = ${this.#session.id}`;
    await sql`DELETE FROM servers WHERE id = ${this.#session.id}`;
  }

  /** link: the node is linked to this server, whatever it was linked to before. */
  async link(node: string): Promise<void> {
    const sql = this.#sql;
    await sql`INSERT INTO node_links (node, server) VALUES (${node}, ${this.#session.id})
      ON CONFLICT (node) DO UPDATE SET server = excluded.server, linked_at = now()`;
  }

  /** unlink: the node is no longer linked to this server. */
  async unlink(node: string): Promise<void> {
    const sql = this.#sql;
    await sql`DELETE FROM node_links WHERE node = ${node} AND server = ${this.#session.id}`;
  }

  /** others: the nodes that are linked to other servers that live, and where those answer (HOST:PORT). Asks nothing when there are none. */
  async others(): Promise<ReadonlyMap<string, string>> {
    const sql = this.#sql;
    if (this.#session.seemsAlone) return new Map();
    const live = [...(await this.#session.liveServers())].filter((id) => id !== this.#session.id);
    if (live.length === 0) return new Map();
    const rows = await sql<{ node: string; address: string }[]>`
      SELECT node_links.node, servers.address FROM node_links JOIN servers ON servers.id = node_links.server
      WHERE node_links.server = ANY(${`{${live.join(',')}}`}::text::int4[])`;
    return new Map(rows.map(({ node, address }) => [node, address]));
  }
}
