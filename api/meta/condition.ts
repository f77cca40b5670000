import { type Static, field, int64, object, required, string, time } from '#api/schema/builders.ts';

/** `meta.v1.Condition`. */
export const Condition = object('meta.v1.Condition', {
  type: required(1, string()),
  status: required(2, string()),
  observedGeneration: field(3, int64()),
  lastTransitionTime: required(4, time()),
  reason: required(5, string()),
  message: required(6, string()),
});
/** The JSON form of `meta.v1.Condition`. */
export type Condition = Static<typeof Condition>;
