import {
  type Static,
  boolean,
  field,
  int64,
  list,
  listMap,
  map,
  object,
  pointer,
  rawObject,
  required,
  set,
  string,
  time,
} from '#api/schema/builders.ts';

/** `meta.v1.OwnerReference`. */
export const OwnerReference = object(
  'meta.v1.OwnerReference',
  {
    kind: required(1, string()),
    apiVersion: required(5, string()),
    name: required(3, string()),
    uid: required(4, string()),
    controller: field(6, pointer(boolean())),
    blockOwnerDeletion: field(7, pointer(boolean())),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `meta.v1.OwnerReference`. */
export type OwnerReference = Static<typeof OwnerReference>;

/** `meta.v1.ManagedFieldsEntry`. */
export const ManagedFieldsEntry = object('meta.v1.ManagedFieldsEntry', {
  apiVersion: field(3, string()),
  manager: field(1, string()),
  operation: field(2, string()),
  time: field(4, time()),
  fieldsType: field(6, string()),
  fieldsV1: field(7, rawObject()),
  subresource: field(8, string()),
});
/** The JSON form of `meta.v1.ManagedFieldsEntry`. */
export type ManagedFieldsEntry = Static<typeof ManagedFieldsEntry>;

/** `meta.v1.ObjectMeta`. */
export const ObjectMeta = object('meta.v1.ObjectMeta', {
  name: field(1, string()),
  generateName: field(2, string()),
  namespace: field(3, string()),
  selfLink: field(4, string()),
  uid: field(5, string()),
  resourceVersion: field(6, string()),
  generation: field(7, int64()),
  creationTimestamp: field(8, time()),
  deletionTimestamp: field(9, time()),
  deletionGracePeriodSeconds: field(10, pointer(int64())),
  labels: field(11, map(string())),
  annotations: field(12, map(string())),
  ownerReferences: field(13, listMap(OwnerReference, { keys: ['uid'], mergeKey: 'uid', patchStrategy: 'merge' })),
  finalizers: field(14, set(string(), { patchStrategy: 'merge' })),
  managedFields: field(17, list(ManagedFieldsEntry)),
});
/** The JSON form of `meta.v1.ObjectMeta`. */
export type ObjectMeta = Static<typeof ObjectMeta>;

/** `meta.v1.ShardInfo`. */
export const ShardInfo = object('meta.v1.ShardInfo', {
  selector: required(0, string()),
});
/** The JSON form of `meta.v1.ShardInfo`. */
export type ShardInfo = Static<typeof ShardInfo>;

/** `meta.v1.ListMeta`. */
export const ListMeta = object('meta.v1.ListMeta', {
  selfLink: field(1, string()),
  resourceVersion: field(2, string()),
  continue: field(3, string()),
  remainingItemCount: field(4, pointer(int64())),
  shardInfo: field(0, ShardInfo),
});
/** The JSON form of `meta.v1.ListMeta`. */
export type ListMeta = Static<typeof ListMeta>;
