import { type Static, field, object, pointer, required, string } from '#api/schema/builders.ts';

/** `core.v1.LocalObjectReference`. */
export const LocalObjectReference = object(
  'core.v1.LocalObjectReference',
  {
    name: field(1, string()),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.LocalObjectReference`. */
export type LocalObjectReference = Static<typeof LocalObjectReference>;

/** `core.v1.ObjectReference`. */
export const ObjectReference = object(
  'core.v1.ObjectReference',
  {
    kind: field(1, string()),
    apiVersion: field(5, string()),
    namespace: field(2, string()),
    name: field(3, string()),
    uid: field(4, string()),
    resourceVersion: field(6, string()),
    fieldPath: field(7, string()),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.ObjectReference`. */
export type ObjectReference = Static<typeof ObjectReference>;

/** `core.v1.TypedLocalObjectReference`. */
export const TypedLocalObjectReference = object(
  'core.v1.TypedLocalObjectReference',
  {
    kind: required(2, string()),
    apiGroup: field(1, pointer(string())),
    name: required(3, string()),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.TypedLocalObjectReference`. */
export type TypedLocalObjectReference = Static<typeof TypedLocalObjectReference>;

/** `core.v1.TypedObjectReference`. */
export const TypedObjectReference = object('core.v1.TypedObjectReference', {
  kind: required(2, string()),
  apiGroup: field(1, pointer(string())),
  name: required(3, string()),
  namespace: field(4, pointer(string())),
});
/** The JSON form of `core.v1.TypedObjectReference`. */
export type TypedObjectReference = Static<typeof TypedObjectReference>;
