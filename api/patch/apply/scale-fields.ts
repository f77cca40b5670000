import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { type FieldSet, NOTHING, difference, fieldAt, hasField, isEmptySet } from './field-set.ts';
import { type Manager, entriesOf, isSameManager, storedManagers, withSet } from './managers.ts';

/** Where an object has its number of replicas, by the version of the kind: elements of a path; undefined for a version that is not known. */
export type ReplicasPath = (apiVersion: string) => readonly string[] | undefined;

const REPLICAS_OF_SCALE = ['f:spec', 'f:replicas'];
const OF_SCALE: FieldSet = fieldAt(REPLICAS_OF_SCALE);

/** The managers of an object's replicas, as managers of its Scale (apimachinery: ScaleHandler.ToSubresource). */
export function scaleEntries(
  parent: readonly ManagedFieldsEntry[] | undefined,
  pathIn: ReplicasPath,
): readonly ManagedFieldsEntry[] | undefined {
  const owners = storedManagers(parent).filter(({ apiVersion, set }) => hasField(set, pathIn(apiVersion) ?? []));
  return entriesOf(owners.map((owner) => withSet(owner, OF_SCALE)));
}

/**
 * The managers of an object after a write to its Scale, whose managers are `scale`: who lost the replicas there loses them here
 * (apimachinery: ScaleHandler.ToParent). Who got them has no time, as upstream has it.
 */
export function parentEntries(
  parent: readonly ManagedFieldsEntry[] | undefined,
  scale: readonly ManagedFieldsEntry[] | undefined,
  pathIn: ReplicasPath,
): readonly ManagedFieldsEntry[] | undefined {
  const owners = storedManagers(scale).filter(({ set }) => hasField(set, REPLICAS_OF_SCALE));
  const managers: Manager[] = [];
  for (const manager of storedManagers(parent)) {
    const path = pathIn(manager.apiVersion);
    if (path === undefined) continue;
    const at = owners.findIndex((owner) => isSameManager(owner, manager));
    if (!hasField(manager.set, path)) managers.push(manager);
    else if (at >= 0) {
      owners.splice(at, 1);
      managers.push(manager);
    } else {
      const rest = difference(manager.set, fieldAt(path));
      if (!isEmptySet(rest)) managers.push(withSet(manager, rest));
    }
  }
  for (const owner of owners) {
    const path = pathIn(owner.apiVersion);
    managers.push(withSet({ ...owner, time: undefined }, path === undefined ? NOTHING : fieldAt(path)));
  }
  return entriesOf(managers);
}
