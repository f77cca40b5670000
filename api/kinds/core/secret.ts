import { type Static, boolean, bytes, field, map, object, pointer, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `core.v1.Secret`. */
export const Secret = object('core.v1.Secret', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  data: field(2, map(bytes())),
  type: field(3, string()),
  stringData: field(4, map(string())),
  immutable: field(5, pointer(boolean())),
});
/** The JSON form of `core.v1.Secret`. */
export type Secret = Static<typeof Secret>;

/** Secrets. */
export const secretKind = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  schema: Secret,
  fieldLabels: { type: (secret) => secret.type ?? '' },
  columns: [
    nameColumn,
    textColumn('Type', 'What its keys mean.', (secret) => secret.type ?? ''),
    textColumn('Data', 'How many keys it holds.', (secret) => Object.keys(secret.data ?? {}).length),
    ageColumn,
  ],
});
