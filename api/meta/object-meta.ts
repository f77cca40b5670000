import {
  type Static,
  boolean,
  described,
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
export const ObjectMeta = object(
  'meta.v1.ObjectMeta',
  {
    name: field(1, described('The name, unique among objects of the kind in the namespace. Never changes.', string())),
    generateName: field(2, described('The beginning of a name that the server completes.', string())),
    namespace: field(3, described('The namespace of the object. Never changes.', string())),
    selfLink: field(4, string()),
    uid: field(5, described('An identity that is never used again. Given by the server.', string())),
    resourceVersion: field(
      6,
      described(
        'The revision of the last change. Sent back with an update, it refuses the update if the object has changed meanwhile.',
        string(),
      ),
    ),
    generation: field(7, described('Raised with every change of what is wanted.', int64())),
    creationTimestamp: field(8, described('When the object was created.', time())),
    deletionTimestamp: field(9, described('When the object will be gone; set once deletion has begun.', time())),
    deletionGracePeriodSeconds: field(10, pointer(int64())),
    labels: field(11, described('Keys and values by which objects are selected.', map(string()))),
    annotations: field(12, described('Keys and values for tools; not for selecting.', map(string()))),
    ownerReferences: field(
      13,
      described(
        'Objects that this one belongs to; when all are gone, so is this one.',
        listMap(OwnerReference, { keys: ['uid'], mergeKey: 'uid', patchStrategy: 'merge' }),
      ),
    ),
    finalizers: field(
      14,
      described('What has to be done before the object may go.', set(string(), { patchStrategy: 'merge' })),
    ),
    managedFields: field(17, list(ManagedFieldsEntry)),
  },
  { description: 'What every object has: its name, labels, and what the server notes of it.' },
);
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
