/**
 * A controller is a function from a key to a Result, run again whenever something that it looks at has changed.
 *
 * Reads come from the shared cache, and an acknowledged write is in that cache before its promise resolves: a controller always sees its own
 * writes, so none of upstream's expectations are needed to keep it from creating the same pods twice.
 */
export interface Controller {
  /** How many keys are worked on at once. */
  readonly workers: number;
  /** Starts the informers, which note keys in `queue`. Returns the end of them. */
  watch(queue: KeyQueue): () => void;
  /** Compares what is wanted with what is, and acts. Throws to be run again after a back-off. Safe to run twice and late. */
  reconcile(key: string): Promise<Result>;
}

/** Where informers note which keys need work. */
export interface KeyQueue {
  add(key: string): void;
  addAfter(key: string, ms: number): void;
}

/** What a run came to: done until something changes, or wanted again after a while. */
export type Result = { readonly againAfterMs?: number };

/** Nothing more to do until something changes. */
export const DONE: Result = {};

/** Run again after `ms` (and earlier when something changes). */
export const againAfter = (ms: number): Result => ({ againAfterMs: ms });

/** `namespace/name`; a cluster-scoped object's key is its bare name. */
export const keyOf = (object: {
  readonly metadata: { readonly namespace?: string; readonly name?: string };
}): string => {
  const { namespace = '', name = '' } = object.metadata;
  return namespace === '' ? name : `${namespace}/${name}`;
};

/** The namespace (`''` for none) and the name in a key. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
