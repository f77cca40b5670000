import {
  type Static,
  field,
  list,
  listMap,
  map,
  object,
  quantity,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';

/** `core.v1.PersistentVolumeClaimCondition`. */
export const PersistentVolumeClaimCondition = object('core.v1.PersistentVolumeClaimCondition', {
  type: required(1, string()),
  status: required(2, string()),
  lastProbeTime: field(3, time()),
  lastTransitionTime: field(4, time()),
  reason: field(5, string()),
  message: field(6, string()),
});
/** The JSON form of `core.v1.PersistentVolumeClaimCondition`. */
export type PersistentVolumeClaimCondition = Static<typeof PersistentVolumeClaimCondition>;

/** `core.v1.ModifyVolumeStatus`. */
export const ModifyVolumeStatus = object('core.v1.ModifyVolumeStatus', {
  status: required(2, string()),
  targetVolumeAttributesClassName: field(1, string()),
});
/** The JSON form of `core.v1.ModifyVolumeStatus`. */
export type ModifyVolumeStatus = Static<typeof ModifyVolumeStatus>;

/** `core.v1.PersistentVolumeClaimStatus`. */
export const PersistentVolumeClaimStatus = object('core.v1.PersistentVolumeClaimStatus', {
  phase: field(1, string()),
  accessModes: field(2, list(string())),
  capacity: field(3, map(quantity())),
  conditions: field(
    4,
    listMap(PersistentVolumeClaimCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
  ),
  allocatedResources: field(5, map(quantity())),
  allocatedResourceStatuses: field(7, map(string(), { mapType: 'granular' })),
  currentVolumeAttributesClassName: field(8, string()),
  modifyVolumeStatus: field(9, ModifyVolumeStatus),
});
/** The JSON form of `core.v1.PersistentVolumeClaimStatus`. */
export type PersistentVolumeClaimStatus = Static<typeof PersistentVolumeClaimStatus>;

/** `core.v1.PersistentVolumeClaim`. */
export const PersistentVolumeClaim = object('core.v1.PersistentVolumeClaim', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  spec: field(2, value(PersistentVolumeClaimSpec)),
  status: field(3, value(PersistentVolumeClaimStatus)),
});
/** The JSON form of `core.v1.PersistentVolumeClaim`. */
export type PersistentVolumeClaim = Static<typeof PersistentVolumeClaim>;
