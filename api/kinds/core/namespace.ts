import { type Static, field, list, listMap, object, required, string, time, value } from '#api/schema/builders.ts';
import { ALL_VERBS, defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { type FieldError, invalid } from '#api/meta/field-error.ts';
import { labelName } from '#api/meta/object-meta-validation.ts';

/** `core.v1.NamespaceCondition`. */
export const NamespaceCondition = object('core.v1.NamespaceCondition', {
  type: required(1, string()),
  status: required(2, string()),
  lastTransitionTime: field(4, time()),
  reason: field(5, string()),
  message: field(6, string()),
});
/** The JSON form of `core.v1.NamespaceCondition`. */
export type NamespaceCondition = Static<typeof NamespaceCondition>;

/** `core.v1.NamespaceSpec`. */
export const NamespaceSpec = object('core.v1.NamespaceSpec', {
  finalizers: field(1, list(string())),
});
/** The JSON form of `core.v1.NamespaceSpec`. */
export type NamespaceSpec = Static<typeof NamespaceSpec>;

/** `core.v1.NamespaceStatus`. */
export const NamespaceStatus = object('core.v1.NamespaceStatus', {
  phase: field(1, string()),
  conditions: field(2, listMap(NamespaceCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' })),
});
/** The JSON form of `core.v1.NamespaceStatus`. */
export type NamespaceStatus = Static<typeof NamespaceStatus>;

/** `core.v1.Namespace`. */
export const Namespace = object(
  'core.v1.Namespace',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, value(NamespaceSpec)),
    status: field(3, value(NamespaceStatus)),
  },
  { description: 'A part of the cluster with names of its own.' },
);
/** The JSON form of `core.v1.Namespace`. */
export type Namespace = Static<typeof Namespace>;

/** The label that bears a namespace's name, so that selectors of namespaces can name one. */
const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';
/** The finalizer in `spec` that stays until everything in the namespace is gone. */
export const NAMESPACE_FINALIZER = 'kubernetes';

function labelWithName({ metadata }: Namespace): void {
  const { name } = metadata;
  if (name) metadata.labels = { ...metadata.labels, [NAMESPACE_NAME_LABEL]: name };
}

function validatePhase(isDeleted: boolean, phase: string): FieldError[] {
  if (!isDeleted && phase !== 'Active')
    return [invalid('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  if (isDeleted && phase !== 'Terminating')
    return [invalid('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
  return [];
}

/** Namespaces. Their finalizers are in spec, and are taken off through /finalize. */
export const namespaceKind = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  schema: Namespace,
  shortNames: ['ns'],
  scope: 'Cluster',
  verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
  hasStatus: true,
  fieldLabels: { 'status.phase': (namespace) => namespace.status?.phase ?? '' },
  columns: [
    nameColumn,
    textColumn('Status', 'Is it in use, or being deleted.', (namespace) => namespace.status?.phase ?? ''),
    ageColumn,
  ],
  applyDefaults: labelWithName,
  prepareForCreate(namespace) {
    labelWithName(namespace);
    const finalizers = namespace.spec?.finalizers ?? [];
    namespace.spec = {
      ...namespace.spec,
      finalizers: finalizers.includes(NAMESPACE_FINALIZER) ? finalizers : [...finalizers, NAMESPACE_FINALIZER],
    };
    namespace.status = { phase: 'Active' };
  },
  prepareForUpdate(namespace, old) {
    carryOver(namespace, old, 'spec');
    carryOver(namespace, old, 'status');
  },
  prepareForStatusUpdate(namespace, old) {
    carryOver(namespace, old, 'spec');
  },
  validateName: labelName,
  validateStatusUpdate: ({ metadata, status }) =>
    validatePhase(metadata.deletionTimestamp !== undefined, status?.phase ?? ''),
});
