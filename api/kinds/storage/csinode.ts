import {
  type Static,
  described,
  field,
  int32,
  list,
  listMap,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { ageColumn, integerColumn, nameColumn } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { validateDriverName } from '#api/podspec/validate-volume-source.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { type FieldError, duplicate, eachInvalid, invalid, nonNegative, requiredValue } from '#api/meta/field-error.ts';
import { byteLength, qualifiedName } from '#api/meta/names.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `storage.v1.VolumeNodeResources`. */
export const VolumeNodeResources = object(
  'storage.v1.VolumeNodeResources',
  { count: field(1, described('How many volumes at once; no bound when absent.', pointer(int32()))) },
  { description: 'What a node can have of the volumes of a driver.' },
);
/** The JSON form of `storage.v1.VolumeNodeResources`. */
export type VolumeNodeResources = Static<typeof VolumeNodeResources>;

/** `storage.v1.CSINodeDriver`. */
export const CSINodeDriver = object(
  'storage.v1.CSINodeDriver',
  {
    name: required(1, described('The name of the driver.', string())),
    nodeID: required(2, described('What the driver calls the node.', string())),
    topologyKeys: field(3, described('Labels of the node that matter to the driver.', list(string()))),
    allocatable: field(4, described('How many of its volumes the node can have.', VolumeNodeResources)),
  },
  { description: 'A driver that runs on the node.' },
);
/** The JSON form of `storage.v1.CSINodeDriver`. */
export type CSINodeDriver = Static<typeof CSINodeDriver>;

/** `storage.v1.CSINodeSpec`. */
export const CSINodeSpec = object(
  'storage.v1.CSINodeSpec',
  {
    drivers: required(
      1,
      described(
        'The drivers on the node.',
        listMap(CSINodeDriver, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'The CSI drivers of a node.' },
);
/** The JSON form of `storage.v1.CSINodeSpec`. */
export type CSINodeSpec = Static<typeof CSINodeSpec>;

/** `storage.v1.CSINode`. */
export const CSINode = object(
  'storage.v1.CSINode',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('The drivers.', CSINodeSpec)),
  },
  { description: 'Which CSI drivers a node of the same name has.' },
);
/** The JSON form of `storage.v1.CSINode`. */
export type CSINode = Static<typeof CSINode>;

const MAX_NODE_ID_BYTES = 256;

function validate({ spec }: CSINode): FieldError[] {
  const names = new Set<string>();
  return (spec?.drivers ?? []).flatMap((driver, index) => {
    const path = `spec.drivers[${index}]`;
    const { name, nodeID } = driver;
    const errors = validateDriverName(name, `${path}.name`);
    if (nodeID === '') errors.push(requiredValue(`${path}.nodeID`));
    if (byteLength(nodeID) > MAX_NODE_ID_BYTES)
      errors.push(invalid(`${path}.nodeID`, nodeID, `must be ${MAX_NODE_ID_BYTES} characters or less`));
    errors.push(...nonNegative(`${path}.allocatable.count`, driver.allocatable?.count));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    const keys = new Set<string>();
    for (const key of driver.topologyKeys ?? []) {
      if (key === '') errors.push(requiredValue(path));
      if (keys.has(key)) errors.push(duplicate(path, key));
      keys.add(key);
      errors.push(...eachInvalid(path, key, qualifiedName(key)));
    }
    return errors;
  });
}

/** CSINodes. */
export const csiNodeKind = defineKind<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  schema: CSINode,
  scope: 'Cluster',
  columns: [
    nameColumn,
    integerColumn('Drivers', 'How many drivers it has.', ({ spec }) => (spec?.drivers ?? []).length),
    ageColumn,
  ],
  validate,
  validateUpdate: ({ spec }, { spec: before }) =>
    (before.drivers ?? []).flatMap((old) =>
      (spec.drivers ?? [])
        .filter((one) => one.name === old.name && !deepEqual(one, old))
        .map((one) => invalid('spec.drivers', one, IMMUTABLE)),
    ),
});
