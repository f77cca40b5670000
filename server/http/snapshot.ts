import type { ObjectEvent, ObjectStore, StoredObject } from '#server/store/object-store.ts';

/**
 * The objects of a resource as they were at `revision`, in key order: those of now, with the events since then undone.
 * The store replays synchronously while subscribing, so no event can slip in between. Throws StatusError Expired when the log no longer
 * reaches back so far.
 */
export function snapshotAt(
  store: ObjectStore,
  resource: string,
  namespace: string | undefined,
  revision: number,
): readonly StoredObject[] {
  const now = store.list(resource, namespace);
  if (revision >= store.revision()) return now;
  const since: ObjectEvent[] = [];
  store.subscribe(resource, revision, { event: (event) => since.push(event) })();
  const undone = since.filter(({ stored }) => namespace === undefined || stored.namespace === namespace);
  if (undone.length === 0) return now;
  const byKey = new Map(now.map((stored) => [listKey(stored), stored]));
  for (const { stored, previous } of undone.toReversed()) {
    if (previous === undefined) byKey.delete(listKey(stored));
    else byKey.set(listKey(stored), previous);
  }
  return [...byKey.values()].sort((a, b) => compareKeys(listKey(a), listKey(b)));
}

/** Where an object stands in a list: namespace, then name. NUL sorts before all that names may hold. */
export const listKey = ({ namespace, name }: Pick<StoredObject, 'namespace' | 'name'>): string =>
  `${namespace}\0${name}`;

/** The order of keys. */
export const compareKeys = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
