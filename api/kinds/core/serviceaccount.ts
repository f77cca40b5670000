import { type Static, boolean, field, list, listMap, object, pointer, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { LocalObjectReference, ObjectReference } from '#api/meta/references.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `core.v1.ServiceAccount`. */
export const ServiceAccount = object(
  'core.v1.ServiceAccount',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    secrets: field(2, listMap(ObjectReference, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' })),
    imagePullSecrets: field(3, list(LocalObjectReference)),
    automountServiceAccountToken: field(4, pointer(boolean())),
  },
  { description: 'A name under which pods speak to the API.' },
);
/** The JSON form of `core.v1.ServiceAccount`. */
export type ServiceAccount = Static<typeof ServiceAccount>;

/** ServiceAccounts. */
export const serviceAccountKind = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  schema: ServiceAccount,
  shortNames: ['sa'],
  columns: [
    nameColumn,
    textColumn('Secrets', 'How many Secrets it may use.', (account) => (account.secrets ?? []).length),
    ageColumn,
  ],
});
