import type { KubeObject } from '#api/kind.ts';

/** An object as the cache holds it. `object` is shared and must not be changed; `text` is the JSON that clients get, resourceVersion included. */
export interface StoredObject<T extends KubeObject = KubeObject> {
  /** `pods`, `deployments.apps` (api/kind.ts `resourceOf`). */
  readonly resource: string;
  /** `''` for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  /** The revision of its last write: metadata.resourceVersion as a number. */
  readonly revision: number;
  readonly object: T;
  /** JSON, `kind` and `apiVersion` first; encoded once, kept. */
  readonly text: string;
}

/** One committed change, in revision order. */
export interface ObjectEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** After the change; for DELETED the last state, with the revision of the deletion as its resourceVersion. */
  readonly stored: StoredObject<T>;
  /** Before the change; undefined for ADDED. Lets a watcher with a selector turn a change into ADDED or DELETED. */
  readonly previous: StoredObject<T> | undefined;
}

/** Who makes a write: the user's name, and the program's User-Agent (`''` for parts of the server itself). */
export interface WriteOrigin {
  readonly user: string;
  readonly userAgent: string;
}

/** A write as the writer takes it. `expectedRevision` 0 = must not exist. */
export interface ObjectWrite {
  readonly operation: 'create' | 'update' | 'delete';
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly expectedRevision: number;
  /** The new state (for delete: the last state). metadata.resourceVersion is set by the store. */
  readonly object: KubeObject;
  /** Goes to the log, for the object's history. */
  readonly origin?: WriteOrigin;
}

/** What a subscriber gets: events one by one in revision order, and word of how far the cache has come (for bookmarks). */
export interface ObjectSubscriber {
  /** Called synchronously with each event of the resource; must not throw and must not block. */
  event(event: ObjectEvent): void;
  /**
   * The log was dropped before this server had read it, so events are missing: what changed is told by one event an object, and deletions with a
   * later revision than their own. Whoever promises every event to somebody else ends here; the subscription is over then. Without it the
   * subscription goes on, which is enough for one who only wants the newest state.
   */
  lost?(): void;
}

/** One kept revision of an object. */
export interface ObjectRevision {
  readonly revision: number;
  /** What the change did; undefined when only the object is left of it, not the change. */
  readonly operation: 'create' | 'update' | 'delete' | undefined;
  readonly time: Date;
  /** Who made it; undefined when it is not known. */
  readonly user: string | undefined;
  readonly userAgent: string | undefined;
  /** The object's JSON after the change, resourceVersion included; undefined when it was deleted. */
  readonly text: string | undefined;
}

/** The kept revisions of an object, newest first. */
export interface ObjectHistory {
  readonly revisions: readonly ObjectRevision[];
  /** Is nothing older kept. */
  readonly complete: boolean;
}

/** Which revisions are asked for. */
export interface HistoryQuery {
  /** The most that are answered; large objects make it fewer. */
  readonly limit: number;
  /** Only revisions up to this one. */
  readonly upTo?: number;
}

/**
 * The objects, with optimistic concurrency: reads from memory, writes through the batch writer. It knows nothing of kinds' rules.
 * An acknowledged write is in memory before its promise resolves, so a writer reads its own writes.
 */
export interface ObjectStore {
  /** The newest revision that the cache holds. */
  revision(): number;
  get(resource: string, namespace: string, name: string): StoredObject | undefined;
  /** In key order (namespace, then name). `namespace` undefined = all. */
  list(resource: string, namespace?: string): readonly StoredObject[];
  /** The same as it was at `revision`, from the log. Rejects with StatusError Expired when the log has not kept all of it. */
  listAt(resource: string, namespace: string | undefined, revision: number): Promise<readonly StoredObject[]>;
  /** Rejects with StatusError: AlreadyExists, Conflict (expectedRevision no longer holds), NotFound, TooManyRequests (queue full), ServiceUnavailable. */
  write(write: ObjectWrite): Promise<StoredObject>;
  /**
   * Every event of `resource` with a revision above `afterRevision`, then all later ones until the returned function is called.
   * Throws StatusError Expired when the log no longer reaches back so far.
   */
  subscribe(resource: string, afterRevision: number, subscriber: ObjectSubscriber): () => void;
  /**
   * As `subscribe`, for a revision that memory no longer reaches back to: what is missing is read from the log first. `needsPrevious`: a change
   * whose previous state is lost may not be told. Rejects with StatusError Expired when the log does not reach back either.
   */
  resume(
    resource: string,
    afterRevision: number,
    subscriber: ObjectSubscriber,
    options: { readonly needsPrevious: boolean },
  ): Promise<() => void>;
  /**
   * What a consistent read waits for: undefined when memory holds all that any server had committed (or `revision`, if given), else resolves
   * when it does. Rejects with StatusError Timeout after 3 s; waits for nothing while `isStale`.
   */
  current(revision?: number): Promise<void> | undefined;
  /**
   * What a write waits for before it is judged by memory: a 404 or 409 out of old memory would be a lie. As `current`, but rejects with StatusError
   * ServiceUnavailable when the database does not tell within 3 s.
   */
  currentForWrite(): Promise<void> | undefined;
  /** The database does not answer: what is read from memory may be old. */
  readonly isStale: boolean;
  /** What the log keeps of an object, there or deleted; from the database. Rejects with StatusError ServiceUnavailable. */
  history(resource: string, namespace: string, name: string, query: HistoryQuery): Promise<ObjectHistory>;
}
