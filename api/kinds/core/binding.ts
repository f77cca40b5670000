import { type Static, object, required, string } from '#api/schema/builders.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ObjectReference } from '#api/meta/references.ts';

/** `core.v1.Binding`. */
export const Binding = object('core.v1.Binding', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  target: required(2, ObjectReference),
});
/** The JSON form of `core.v1.Binding`. */
export type Binding = Static<typeof Binding>;
