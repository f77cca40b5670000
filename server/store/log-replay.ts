import { expired } from '#api/meta/status.ts';
import { type ChangeWithPrevious, formerObjects, resourceChanges } from '#db/changes.ts';
import type { Database } from '#db/connect.ts';
import { oldestRevision } from '#db/log-partitions.ts';
import { CachedObject } from './cached-object.ts';
import type { ObjectEvent, ObjectSubscriber, StoredObject } from './object-store.ts';

/** How many changes are read at once. */
const PAGE = 200;

/** What is to be replayed. */
export interface Replay {
  readonly resource: string;
  readonly afterRevision: number;
  /** Memory's revision: up to here the log is whole. */
  readonly upTo: number;
  /** Whether a change whose previous state the log has lost may be told; one with a selector cannot be told it rightly. */
  readonly needsPrevious: boolean;
}

/**
 * Tells a subscriber the changes of a resource in (afterRevision, upTo] out of the log. Resolves with the revision up to which it was told.
 * Rejects with StatusError Expired when the log does not reach back so far.
 */
export async function replayLog(database: Database, replay: Replay, subscriber: ObjectSubscriber): Promise<number> {
  const { resource, upTo, needsPrevious } = replay;
  let after = replay.afterRevision;
  while (after < upTo) {
    const rows = await resourceChanges(database.pool, resource, { after, upTo, limit: PAGE });
    // Asked after the rows were read: what is whole now was whole then.
    const oldest = await oldestRevision(database.pool);
    if (oldest > after + 1) throw expired(`too old resource version: ${after} (${oldest})`);
    for (const row of rows) subscriber.event(eventOf(row, needsPrevious));
    after = rows.length < PAGE ? upTo : (rows.at(-1)?.revision ?? upTo);
  }
  return after;
}

/** A list to be told as it was. */
export interface FormerList {
  readonly resource: string;
  /** Undefined = all. */
  readonly namespace: string | undefined;
  readonly revision: number;
  /** The objects at `upTo`, in key order. */
  readonly now: readonly StoredObject[];
  readonly upTo: number;
}

/** The objects of a resource at a revision, in key order, out of those of now and the log. Rejects with StatusError Expired when the log has not kept one. */
export async function formerList(database: Database, list: FormerList): Promise<readonly StoredObject[]> {
  const { resource, namespace, revision, now, upTo } = list;
  const { objects, oldest } = await formerObjects(database.pool, resource, { after: revision, upTo });
  if (oldest > revision + 1) throw expired(`too old resource version: ${revision} (${oldest})`);
  const former = objects.flatMap((one) => {
    if (one.revision === 0 || (namespace !== undefined && one.namespace !== namespace)) return [];
    if (one.value === null) throw expired(`too old resource version: ${revision} (${oldest})`);
    return [CachedObject.ofRow({ resource, namespace: one.namespace, name: one.name }, one.revision, one.value)];
  });
  const unchanged = now.filter((stored) => stored.revision <= revision);
  return [...unchanged, ...former].sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function eventOf(row: ChangeWithPrevious, needsPrevious: boolean): ObjectEvent {
  const { revision, previousRevision, previousValue, value } = row;
  const stored = value === null ? undefined : CachedObject.ofRow(row, revision, value);
  if (previousRevision === 0 && stored !== undefined) return { type: 'ADDED', revision, stored, previous: undefined };
  const previous = previousValue === null ? undefined : CachedObject.ofRow(row, previousRevision, previousValue);
  if (previous === undefined && (stored === undefined || needsPrevious))
    throw expired(`too old resource version: ${revision - 1} (${revision})`);
  if (stored !== undefined) return { type: 'MODIFIED', revision, stored, previous };
  if (previous === undefined) throw expired(`too old resource version: ${revision - 1} (${revision})`);
  return { type: 'DELETED', revision, stored: previous.deletedAt(revision), previous };
}
