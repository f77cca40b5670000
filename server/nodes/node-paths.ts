import type { NodePath } from './node-path.ts';
import { type PeerLinkOptions, linkToPeer } from './peer-link.ts';
import { type NodeSessions, notConnected } from './sessions.ts';

/** The servers that share this one's database. */
export interface Peers extends Pick<PeerLinkOptions, 'caCertificate' | 'serverToken'> {
  /** The nodes that are linked to them, and where they answer (HOST:PORT). Rejects when the database does not answer. */
  elsewhere(): Promise<ReadonlyMap<string, string>>;
}

/** Finds the way to a node: its link when it is linked here, else by way of the server that it is linked to. */
export class NodePaths {
  readonly #sessions: Pick<NodeSessions, 'find' | 'open'>;
  readonly #peers: Peers | undefined;
  /** What was last known, for when the database is away: streams need none. */
  #elsewhere: ReadonlyMap<string, string> = new Map();

  /** Without `peers` there is no other server. */
  constructor(sessions: Pick<NodeSessions, 'find' | 'open'>, peers?: Peers) {
    this.#sessions = sessions;
    this.#peers = peers;
  }

  /** The way to a node; the caller closes it. Rejects with ServiceUnavailable when the node, or the server that it is linked to, cannot be reached. */
  async find(nodeName: string): Promise<NodePath> {
    const isHere = (): boolean => this.#sessions.find(nodeName) !== undefined;
    const peers = this.#peers;
    if (peers !== undefined && !isHere()) {
      this.#elsewhere = await peers.elsewhere().catch(() => this.#elsewhere);
      const address = this.#elsewhere.get(nodeName);
      // It may have come here meanwhile.
      if (address !== undefined && !isHere()) return linkToPeer({ ...peers, address, nodeName });
    }
    if (!isHere()) throw notConnected(nodeName);
    return {
      get isOver() {
        return !isHere();
      },
      open: (request) => this.#sessions.open(nodeName, request),
      close: () => undefined,
    };
  }
}
