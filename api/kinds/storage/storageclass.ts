import {
  type Static,
  boolean,
  described,
  field,
  list,
  map,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { validateParameters, validateProvisioner } from '#api/kinds/storage/class-parameters.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import {
  type FieldError,
  duplicate,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { qualifiedName } from '#api/meta/names.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { deprecatedNodeLabel } from '#api/podspec/deprecated-labels.ts';

/** `core.v1.TopologySelectorLabelRequirement`. */
export const TopologySelectorLabelRequirement = object(
  'core.v1.TopologySelectorLabelRequirement',
  {
    key: required(1, described('The label of nodes.', string())),
    values: required(2, described('One of these values.', list(string()))),
  },
  { description: 'A label and the values that it may have.' },
);
/** The JSON form of `core.v1.TopologySelectorLabelRequirement`. */
export type TopologySelectorLabelRequirement = Static<typeof TopologySelectorLabelRequirement>;

/** `core.v1.TopologySelectorTerm`. */
export const TopologySelectorTerm = object(
  'core.v1.TopologySelectorTerm',
  {
    matchLabelExpressions: field(1, described('All of them must match.', list(TopologySelectorLabelRequirement))),
  },
  { mapType: 'atomic', description: 'A place in the topology, by labels of nodes.' },
);
/** The JSON form of `core.v1.TopologySelectorTerm`. */
export type TopologySelectorTerm = Static<typeof TopologySelectorTerm>;

/** `storage.v1.StorageClass`. */
export const StorageClass = object(
  'storage.v1.StorageClass',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    provisioner: required(2, described('Who makes its volumes.', string())),
    parameters: field(3, described('What the provisioner is told.', map(string()))),
    reclaimPolicy: field(
      4,
      described('What becomes of a volume whose claim is gone: Delete (default) or Retain.', pointer(string())),
    ),
    mountOptions: field(5, described('Options that its volumes are mounted with.', list(string()))),
    allowVolumeExpansion: field(6, described('May claims grow.', pointer(boolean()))),
    volumeBindingMode: field(
      7,
      described(
        'Immediate (default): a volume is made with the claim. WaitForFirstConsumer: with the first pod.',
        pointer(string()),
      ),
    ),
    allowedTopologies: field(8, described('Where volumes may be made.', list(TopologySelectorTerm))),
  },
  { description: 'A sort of storage, and who provides it.' },
);
/** The JSON form of `storage.v1.StorageClass`. */
export type StorageClass = Static<typeof StorageClass>;

const RECLAIM_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];
const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

function validate(one: StorageClass): FieldError[] {
  const errors = validateProvisioner(one.provisioner ?? '', 'provisioner');
  errors.push(...validateParameters(one.parameters, 'parameters', true));
  const { reclaimPolicy = '', volumeBindingMode } = one;
  if (reclaimPolicy !== '' && !RECLAIM_POLICIES.includes(reclaimPolicy))
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, RECLAIM_POLICIES));
  if (volumeBindingMode === undefined) errors.push(requiredValue('volumeBindingMode'));
  else if (!BINDING_MODES.includes(volumeBindingMode))
    errors.push(notSupported('volumeBindingMode', volumeBindingMode, BINDING_MODES));
  return [...errors, ...validateTopologies(one.allowedTopologies ?? [])];
}

function validateTopologies(terms: readonly TopologySelectorTerm[]): FieldError[] {
  const before: unknown[] = [];
  return terms.flatMap((term, index) => {
    const path = `allowedTopologies[${index}].matchLabelExpressions`;
    const byKey = new Map<string, string[]>();
    const errors = (term.matchLabelExpressions ?? []).flatMap(({ key, values }, at) => {
      const here = `${path}[${at}]`;
      const own: FieldError[] = values.length === 0 ? [requiredValue(`${here}.values`)] : [];
      for (const [place, value] of values.entries())
        if (values.indexOf(value) < place) own.push(duplicate(`${here}.values[${place}]`, value));
      own.push(...eachInvalid(`${here}.key`, key, qualifiedName(key)));
      if (byKey.has(key)) own.push(duplicate(`${here}.key`, key));
      byKey.set(key, values.toSorted());
      return own;
    });
    const meaning = Object.fromEntries(byKey);
    if (before.some((other) => deepEqual(other, meaning))) errors.push(duplicate(path, ''));
    before.push(meaning);
    return errors;
  });
}

function validateUpdate(one: StorageClass, old: StorageClass): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const)
    if (!deepEqual(one[field], old[field])) errors.push(forbidden(field, `updates to ${field} are forbidden.`));
  if (one.volumeBindingMode !== old.volumeBindingMode)
    errors.push(invalid('volumeBindingMode', one.volumeBindingMode, IMMUTABLE));
  return errors;
}

/** StorageClasses. */
export const storageClassKind = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  schema: StorageClass,
  shortNames: ['sc'],
  scope: 'Cluster',
  columns: [
    {
      ...nameColumn,
      cell: ({ metadata }) =>
        `${metadata.name ?? ''}${DEFAULT_ANNOTATIONS.some((key) => metadata.annotations?.[key] === 'true') ? ' (default)' : ''}`,
    },
    textColumn('Provisioner', 'Who makes its volumes.', ({ provisioner }) => provisioner ?? ''),
    textColumn('ReclaimPolicy', 'What becomes of a volume without its claim.', (one) => one.reclaimPolicy ?? 'Delete'),
    textColumn('VolumeBindingMode', 'When volumes are made.', (one) => one.volumeBindingMode ?? 'Immediate'),
    {
      name: 'AllowVolumeExpansion',
      type: 'string',
      description: 'May claims grow.',
      cell: ({ allowVolumeExpansion = false }) => allowVolumeExpansion,
    },
    ageColumn,
  ],
  applyDefaults(one) {
    one.reclaimPolicy ??= 'Delete';
    one.volumeBindingMode ??= 'Immediate';
  },
  validate,
  validateUpdate,
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
      matchLabelExpressions.flatMap(({ key }, at) => {
        const text = deprecatedNodeLabel(key);
        return text === undefined ? [] : [`allowedTopologies[${index}].matchLabelExpressions[${at}].key: ${text}`];
      }),
    ),
});
