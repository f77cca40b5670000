import { type Static, described, field, object, quantity, required, string } from '#api/schema/builders.ts';
import { nameColumn, textColumn } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { type FieldError, eachInvalid, invalid } from '#api/meta/field-error.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { dns1123Subdomain } from '#api/meta/names.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import { nodeLabelSelectorWarnings } from '#api/podspec/deprecated-labels.ts';

/** `storage.v1.CSIStorageCapacity`. */
export const CSIStorageCapacity = object(
  'storage.v1.CSIStorageCapacity',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    nodeTopology: field(2, described('The nodes that can reach the storage.', LabelSelector)),
    storageClassName: required(3, described('The class that this is said of.', string())),
    capacity: field(4, described('How much is free.', quantity())),
    maximumVolumeSize: field(5, described('The largest single volume that can be made.', quantity())),
  },
  { description: 'How much storage of a class is left in a part of the topology.' },
);
/** The JSON form of `storage.v1.CSIStorageCapacity`. */
export type CSIStorageCapacity = Static<typeof CSIStorageCapacity>;

function validate({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity): FieldError[] {
  const errors = validateLabelSelector(nodeTopology, 'nodeTopology');
  errors.push(...eachInvalid('storageClassName', storageClassName, dns1123Subdomain(storageClassName)));
  if (capacity !== undefined && compareQuantity(capacity, '0') < 0)
    errors.push(invalid('capacity', capacity, 'must be greater than or equal to 0'));
  return errors;
}

/** CSIStorageCapacities. */
export const csiStorageCapacityKind = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  schema: CSIStorageCapacity,
  columns: [
    nameColumn,
    textColumn('StorageClassName', 'The class.', ({ storageClassName }) => storageClassName ?? ''),
    textColumn('Capacity', 'How much is free.', ({ capacity }) => capacity ?? '<unset>'),
  ],
  validate,
  validateUpdate: (one, old) =>
    (['nodeTopology', 'storageClassName'] as const).flatMap((field) =>
      deepEqual(one[field], old[field]) ? [] : [invalid(field, one[field], IMMUTABLE)],
    ),
  warnings: ({ nodeTopology }) => nodeLabelSelectorWarnings(nodeTopology, 'nodeTopology'),
});
