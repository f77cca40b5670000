import { type Static, field, object, required, string } from '#api/schema/builders.ts';
import { PodStatus } from '#api/kinds/core/pod-status.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PodSpec } from '#api/podspec/pod-spec.ts';

/** `core.v1.Pod`. */
export const Pod = object('core.v1.Pod', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  spec: field(2, PodSpec),
  status: field(3, PodStatus),
});
/** The JSON form of `core.v1.Pod`. */
export type Pod = Static<typeof Pod>;
