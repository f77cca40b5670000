import type { Kind } from '#api/kind.ts';
import type { User } from '#server/store/registry.ts';

/** The handler of an upgraded WebSocket. */
export interface SocketHandler {
  open(socket: Socket): void;
  message(socket: Socket, data: Uint8Array | string): void;
  /** The socket's buffer has emptied after `send` answered -1. */
  drain(socket: Socket): void;
  close(socket: Socket, code: number, reason: string): void;
  /** What waits here, either way, for a gauge. */
  waitingBytes?(): number;
}

/** A socket whose client sends more than this before the node takes it is closed; a WebSocket cannot be told to wait. */
export const MAX_SOCKET_WAITING_BYTES = 64 * 1024 * 1024;

/** A WebSocket to a client. `send` answers bytes sent, -1 = queued (wait for `drain` before the next), 0 = dropped. */
export interface Socket {
  send(data: Uint8Array | string): number;
  close(code?: number, reason?: string): void;
}

/** A request on `<resource>/<name>/<subresource>` that does not store an object. */
export interface SubresourceRequest {
  readonly request: Request;
  readonly url: URL;
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource in the path (proxy), without a leading slash. */
  readonly path: string;
  readonly user: User;
  /** The subprotocols that the client offers, in its order; empty when the request is no WebSocket upgrade. */
  readonly offeredProtocols: readonly string[];
  readonly isUpgrade: boolean;
  /** Makes the request a WebSocket that speaks `protocol`; the caller then returns nothing. */
  upgrade(handler: SocketHandler, protocol: string): void;
}

/** A subresource such as pods/log. Listed, a line each, in index.ts beside this file. */
export interface Subresource {
  /** `pods`, `deployments.apps`. */
  readonly resource: string;
  /** `log`. */
  readonly name: string;
  /** The HTTP methods it takes, for discovery (verbs) and 405. */
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS')[];
  /** The verbs that discovery shows, e.g. `['get']` for log, `['create', 'get']` for exec. */
  readonly verbs: readonly string[];
  /** The kind that discovery shows when it is not the parent's, e.g. Eviction of policy/v1. */
  readonly shows?: { readonly group: string; readonly version: string; readonly kind: string };
  /** Answers the request; undefined after `upgrade`. Rejects with StatusError. */
  handle(request: SubresourceRequest): Promise<Response | undefined>;
}
