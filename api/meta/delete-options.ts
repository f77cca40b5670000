import { type Static, boolean, field, int64, list, object, pointer, string } from '#api/schema/builders.ts';

/** `meta.v1.Preconditions`. */
export const Preconditions = object('meta.v1.Preconditions', {
  uid: field(1, pointer(string())),
  resourceVersion: field(2, pointer(string())),
});
/** The JSON form of `meta.v1.Preconditions`. */
export type Preconditions = Static<typeof Preconditions>;

/** `meta.v1.DeleteOptions`. */
export const DeleteOptions = object('meta.v1.DeleteOptions', {
  kind: field(0, string()),
  apiVersion: field(0, string()),
  gracePeriodSeconds: field(1, pointer(int64())),
  preconditions: field(2, Preconditions),
  orphanDependents: field(3, pointer(boolean())),
  propagationPolicy: field(4, pointer(string())),
  dryRun: field(5, list(string())),
  ignoreStoreReadErrorWithClusterBreakingPotential: field(6, pointer(boolean())),
});
/** The JSON form of `meta.v1.DeleteOptions`. */
export type DeleteOptions = Static<typeof DeleteOptions>;
