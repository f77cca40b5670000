import { StatusError } from '#api/meta/status.ts';
import type { StreamRequest } from '#api/wire/frames.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';
import type { NodeSession } from './session.ts';

/** The nodes that are linked to this server, at most one session each. */
export class NodeSessions {
  readonly #sessions = new Map<string, NodeSession>();
  readonly #lastHeard = new Map<string, number>();
  /** Told after a node's link has begun or ended; `find` then says which. */
  onChange: (nodeName: string) => void = () => undefined;

  /** The live session of a node. */
  find(nodeName: string): NodeSession | undefined {
    return this.#sessions.get(nodeName);
  }

  /** The names of all linked nodes. */
  names(): string[] {
    return [...this.#sessions.keys()];
  }

  /** When a node was last heard, milliseconds since the epoch; undefined = not since this server began. */
  lastHeard(nodeName: string): number | undefined {
    return this.#sessions.get(nodeName)?.heardAt ?? this.#lastHeard.get(nodeName);
  }

  /** A node is linked: an older session of its is closed. */
  add(session: NodeSession): void {
    this.#sessions.get(session.nodeName)?.close('a newer link of this node has taken over');
    this.#sessions.set(session.nodeName, session);
    this.onChange(session.nodeName);
  }

  /** A session has ended. */
  remove(session: NodeSession): void {
    if (this.#sessions.get(session.nodeName) !== session) return;
    this.#sessions.delete(session.nodeName);
    this.#lastHeard.set(session.nodeName, session.heardAt);
    this.onChange(session.nodeName);
  }

  /** A node was deleted: its link is closed, and the agent registers anew if it still lives. */
  forget(nodeName: string): void {
    this.#lastHeard.delete(nodeName);
    this.#sessions.get(nodeName)?.close('the node was deleted');
  }

  /** Opens a stream on a node. Throws StatusError when the node is not linked. */
  open(nodeName: string, request: StreamRequest): WireStream {
    const session = this.#sessions.get(nodeName);
    if (session === undefined) throw notConnected(nodeName);
    return session.open(request);
  }

  /** Closes the links over which nothing has come since `before`, milliseconds since the epoch. */
  closeSilent(before: number): void {
    for (const session of this.#sessions.values()) {
      if (session.heardAt >= before) continue;
      // First out of the list: the end of its socket would otherwise count as a sign of life.
      this.remove(session);
      session.close('nothing heard from the agent');
    }
  }

  /** The server stops: closes every link. */
  closeAll(reason: string): void {
    for (const session of this.#sessions.values()) session.close(reason);
  }
}

/** ServiceUnavailable: there is no link to the node. */
export const notConnected = (nodeName: string): StatusError =>
  new StatusError('ServiceUnavailable', `node ${JSON.stringify(nodeName)} is not connected`, undefined, 503);
