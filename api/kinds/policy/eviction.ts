import { type Static, field, object, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { DeleteOptions } from '#api/meta/delete-options.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `policy.v1.Eviction`. */
export const Eviction = object('policy.v1.Eviction', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  deleteOptions: field(2, DeleteOptions),
});
/** The JSON form of `policy.v1.Eviction`. */
export type Eviction = Static<typeof Eviction>;

/** Evictions: a delete that respects disruption budgets. */
export const evictionKind = defineKind<Eviction>({
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  schema: Eviction,
  verbs: ['create'],
});
