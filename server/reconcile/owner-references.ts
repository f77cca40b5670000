import type { KubeObject } from '#api/kind.ts';
import type { OwnerReference } from '#api/meta/object-meta.ts';

/** The reference to the controller that manages `object`, if there is one. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((reference) => reference.controller === true);

/** Is `owner` the managing controller of `object`; compared by uid, so a namesake is another one. */
export const isControlledBy = (object: KubeObject, owner: KubeObject): boolean =>
  controllerOf(object)?.uid === owner.metadata.uid;

/** The reference that makes `owner` the managing controller, holding up its foreground deletion. */
export const controllerReference = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name ?? '',
  uid: owner.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});

/** Takes the references to `uids` away from a copy; an empty list is dropped. */
export function dropOwners(object: KubeObject, uids: ReadonlySet<string>): void {
  const left = object.metadata.ownerReferences?.filter((reference) => !uids.has(reference.uid)) ?? [];
  if (left.length === 0) delete object.metadata.ownerReferences;
  else object.metadata.ownerReferences = left;
}
