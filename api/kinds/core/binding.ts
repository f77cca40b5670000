import { type Static, object, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
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

/** Bindings: the request by which a scheduler gives a pod its node. */
export const bindingKind = defineKind<Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  schema: Binding,
  verbs: ['create'],
});
