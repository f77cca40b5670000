/** A key: `resource/namespace/name`. */
export type Key = string;

/** The contents of an object, by the tokens of its last PUT and of its last PATCH since, as `put/patch`; every token is used once. `''` = absent. */
export type Content = string;

/** What a client asked of one object. */
export type Verb = 'create' | 'update' | 'patch' | 'delete' | 'get';

/**
 * What came of it: `ok`; `exists`, `conflict` and `missing` (409, 409, 404: each also says something of the object's state); `refused` (it did
 * nothing, and says nothing); `unknown` (it may have taken effect, or will, or never).
 */
export type Outcome = 'ok' | 'exists' | 'conflict' | 'missing' | 'refused' | 'unknown';

/** One request on one object. Times are ms of one clock; a request that never had an answer returns at Infinity. */
export interface Operation {
  /** Sent as the User-Agent, so that the log tells which request made a change. */
  readonly id: string;
  readonly client: string;
  readonly server: number;
  readonly key: Key;
  readonly verb: Verb;
  /** What a write puts in; `''` for get and delete. */
  readonly token: string;
  /** The content that must be there, where the request named a resourceVersion. */
  readonly expected: Content | undefined;
  readonly invoked: number;
  readonly returned: number;
  readonly outcome: Outcome;
  /** The content that the answer shows. */
  readonly content: Content | undefined;
  /** The resourceVersion that the answer shows. */
  readonly revision: number | undefined;
  /** A read that a Warning header calls old: it must be some past state, no more. */
  readonly stale: boolean;
}

/** An object as a list or an event shows it; `digest` is of all but the resourceVersion. */
export interface Shown {
  readonly key: Key;
  readonly revision: number;
  readonly content: Content;
  readonly digest: string;
}

/** One list, all its pages together. */
export interface ListRead {
  readonly client: string;
  readonly server: number;
  readonly resource: string;
  readonly namespace: string;
  readonly invoked: number;
  readonly returned: number;
  readonly revision: number;
  readonly items: readonly Shown[];
  /** Must it show all that was acknowledged before it was sent. */
  readonly consistent: boolean;
}

/** What a watcher is told of an object. */
export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One event as a watcher got it. */
export interface WatchEvent extends Shown {
  readonly type: EventType;
}

/** One connection of a watcher: from where it began to how far it knows that it has come. */
export interface WatchSegment {
  readonly watcher: string;
  readonly server: number;
  readonly resource: string;
  /** `''` = all. */
  readonly namespace: string;
  /** The value of the label `tier` that it selects; undefined = everything. */
  readonly tier: string | undefined;
  /** Events above this revision are to follow. */
  readonly after: number;
  /** The state it was sent first (sendInitialEvents), of revision `after`. */
  readonly initial: readonly Shown[] | undefined;
  readonly events: WatchEvent[];
  /** The revision of the last event or bookmark: all up to here must have come. */
  reached: number;
  /** How it ended, or `open`. */
  end: string;
}

/** A row of the log, as a trigger of the checker copied it out of `changes`. */
export interface LogEntry {
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly key: Key;
  readonly previousRevision: number;
  /** `''` = deleted. */
  readonly content: Content;
  readonly tier: string | undefined;
  readonly digest: string;
  /** The User-Agent of who made it. */
  readonly madeBy: string;
}

/** All that was seen in one run. */
export interface History {
  readonly operations: readonly Operation[];
  readonly lists: readonly ListRead[];
  readonly segments: readonly WatchSegment[];
  /** In revision order. */
  readonly log: readonly LogEntry[];
}

/** What a promise that was broken is called. */
export type ViolationKind =
  /** An acknowledged write is not in the log. */
  | 'lost-write'
  /** A write that was refused is in the log. */
  | 'ghost-write'
  /** One write is in the log twice. */
  | 'doubled-write'
  /** The log's rows of one object do not follow each other, or a write stands at another revision than it was told. */
  | 'broken-log'
  /** A later write has a lower revision than one that was acknowledged before it was sent. */
  | 'revision-order'
  /** No order of the requests on one key explains their answers. */
  | 'not-linearizable'
  /** A consistent read that does not show what was acknowledged before it. */
  | 'stale-read'
  /** A client was shown something older than before. */
  | 'went-back'
  /** A list that is not the state of its own revision. */
  | 'torn-list'
  | 'lost-event'
  | 'doubled-event'
  /** An event that no change explains. */
  | 'ghost-event'
  /** A watcher's revisions do not rise. */
  | 'event-order'
  /** The right revision with the wrong type or object. */
  | 'event-content'
  /** With everything well, an event has not come within the time allowed. */
  | 'late-event'
  /** In the end the servers and Postgres do not agree. */
  | 'diverged'
  /** A server did not come back by itself after its fault was over. */
  | 'no-recovery';

/** A broken promise, with the piece of history that shows it. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly key: string;
  readonly what: string;
  readonly piece: readonly string[];
}

/** The key of an object. */
export const keyOf = (resource: string, namespace: string, name: string): Key => `${resource}/${namespace}/${name}`;

/** One line of a piece of history. */
export function describeOperation(operation: Operation): string {
  const { id, server, verb, token, expected, invoked, returned, outcome, content, revision } = operation;
  const until = Number.isFinite(returned) ? returned.toFixed(1) : 'never';
  const asked = [token === '' ? '' : ` "${token}"`, expected === undefined ? '' : ` if "${expected}"`].join('');
  const got = [content === undefined ? '' : ` "${content}"`, revision === undefined ? '' : ` @${revision}`].join('');
  return `[${invoked.toFixed(1)}, ${until}] ${id} at server ${server}: ${verb}${asked} -> ${outcome}${got}`;
}
