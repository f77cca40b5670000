import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { equalJson } from '#api/schema/equal.ts';
import { type FieldContext, type JsonObject, reassign } from './field-context.ts';
import { NOTHING, difference, isEmptySet, isSubset, union } from './field-set.ts';
import {
  type Manager,
  type ManagerIdentity,
  asksForReset,
  atTime,
  capManagers,
  entriesOf,
  givenManagers,
  isSameManager,
  put,
  storedManagers,
} from './managers.ts';

/** The manager of writes that do not say whose they are. */
const UNKNOWN_MANAGER = 'unknown';

/** A create, an update or a patch other than an apply. */
export interface UpdateOfFields {
  /** What the object was; for a create an empty object of the kind. */
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly isCreate: boolean;
  /** metadata.managedFields of the stored object. */
  readonly stored: readonly ManagedFieldsEntry[] | undefined;
  /** metadata.managedFields of the request. */
  readonly given: readonly ManagedFieldsEntry[] | undefined;
  /** The field manager; `''` = not known. */
  readonly manager: string;
}

/**
 * metadata.managedFields after a write that is no apply: who wrote owns what it changed, and nobody owns any more what is gone.
 * An object whose managers were forgotten has none until the next apply. Throws TypeFaults when the object is not of its type.
 */
export function recordUpdate(context: FieldContext, update: UpdateOfFields): readonly ManagedFieldsEntry[] | undefined {
  const { stored, isCreate } = update;
  const given = givenBefore(context, update);
  const managers = given ?? storedManagers(stored);
  if (managers.length === 0 && !isCreate) return undefined;
  const after = capManagers(updateManagers(context, managers, update));
  return after === managers && given === undefined ? stored : entriesOf(after);
}

/**
 * The managers that the request gives; undefined = those that are stored. Subresources leave them as they are stored; else a client may write
 * them, and if what it wrote makes no sense it wrote nothing.
 */
function givenBefore({ subresource }: FieldContext, { stored, given }: UpdateOfFields): readonly Manager[] | undefined {
  if (subresource !== '') return undefined;
  if (asksForReset(given)) return [];
  // Patches bring back what is stored, and clients that know no managers what they read.
  if (given === undefined || equalJson(given, stored)) return undefined;
  return givenManagers(given);
}

/** The managers after a change; `managers` itself when it changed nothing about them. */
export function updateManagers(
  context: FieldContext,
  managers: readonly Manager[],
  { before, after, manager }: Pick<UpdateOfFields, 'before' | 'after' | 'manager'>,
): readonly Manager[] {
  const { apiVersion, subresource, now } = context;
  const { managers: left, comparison } = reassign(context, managers, undefined, { before, after });
  const own = comparison.changed;
  if (isEmptySet(own))
    return left.length === managers.length && left.every((one, at) => one === managers[at]) ? managers : left;
  const identity: ManagerIdentity = {
    manager: manager === '' ? UNKNOWN_MANAGER : manager,
    operation: 'Update',
    apiVersion,
    subresource,
  };
  const previous = managers.find((one) => isSameManager(one, identity));
  const kept = previous === undefined ? NOTHING : difference(previous.set, comparison.removed);
  const next = [...left];
  // Who writes the same fields again and again keeps its entry but for the time.
  const isKnown = previous !== undefined && kept === previous.set && isSubset(own, kept);
  put(next, isKnown ? atTime(previous, now) : { ...identity, set: union(kept, own), time: now });
  return next;
}
