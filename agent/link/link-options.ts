import type { KubeObject } from '#api/kind.ts';
import type { HelloFrame, ObjectKey, StreamRequest, SyncedResource, WelcomeFrame } from '#api/wire/frames.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';
import type { Logger } from '#base/logger.ts';

/** What the link tells of the hub's wishes; agent/state has it. */
export interface LinkState {
  known(): HelloFrame['known'];
  upsert(resource: SyncedResource, object: KubeObject): void;
  remove(resource: SyncedResource, key: ObjectKey): void;
  synced(): void;
}

/** What a Link needs. */
export interface LinkOptions {
  /** `https://host:port`, or several servers of one cluster with commas between: the next is tried when one is lost. `http:` only in tests. */
  readonly server: string;
  /** The servers that the cluster publishes, to be tried too. Default: none. */
  readonly publishedServers?: () => readonly string[];
  readonly nodeName: string;
  readonly agentVersion: string;
  /** Needed until the hub has given a node token. */
  readonly joinToken?: string | undefined;
  /** Where `ca.crt` and `node.token` are kept. */
  readonly dataDirectory: string;
  readonly log: Logger;
  readonly state: LinkState;
  /** The Node object as it is now, for hello. */
  readonly node: () => KubeObject | Promise<KubeObject>;
  /** The hub has accepted this node; called on every new link, before what follows it. */
  readonly welcomed: (welcome: WelcomeFrame) => void;
  /** The hub asks for a stream: the handler owns it and must end it. */
  readonly openStream: (request: StreamRequest, stream: WireStream) => void;
  /** First and longest wait between attempts; default 200 ms and 10 s. */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}
