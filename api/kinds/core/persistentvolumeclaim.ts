import {
  type Static,
  described,
  field,
  list,
  listMap,
  map,
  object,
  pointer,
  quantity,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { defineKind } from '#api/kind.ts';
import {
  validatePersistentVolumeClaimStatus,
  validatePersistentVolumeClaimUpdate,
} from '#api/kinds/core/persistentvolumeclaim-validation.ts';
import { CLASS_ANNOTATION, persistentVolumeClaimColumns } from '#api/kinds/core/volume-columns.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { claimSpecWarnings, validateClaimSpec } from '#api/podspec/validate-claim.ts';
import { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';

/** `core.v1.PersistentVolumeClaimCondition`. */
export const PersistentVolumeClaimCondition = object(
  'core.v1.PersistentVolumeClaimCondition',
  {
    type: required(1, described('E.g. Resizing.', string())),
    status: required(2, described('True, False or Unknown.', string())),
    lastProbeTime: field(3, described('When it was looked at last.', time())),
    lastTransitionTime: field(4, described('When it changed last.', time())),
    reason: field(5, described('Why, in a word.', string())),
    message: field(6, described('Why, for people.', string())),
  },
  { description: 'Something that is so of a claim.' },
);
/** The JSON form of `core.v1.PersistentVolumeClaimCondition`. */
export type PersistentVolumeClaimCondition = Static<typeof PersistentVolumeClaimCondition>;

/** `core.v1.ModifyVolumeStatus`. */
export const ModifyVolumeStatus = object(
  'core.v1.ModifyVolumeStatus',
  {
    status: required(2, described('Pending, InProgress or Infeasible.', string())),
    targetVolumeAttributesClassName: field(1, described('The class that it is changing to.', string())),
  },
  { description: 'A change of the attributes of a volume.' },
);
/** The JSON form of `core.v1.ModifyVolumeStatus`. */
export type ModifyVolumeStatus = Static<typeof ModifyVolumeStatus>;

/** `core.v1.PersistentVolumeClaimStatus`. */
export const PersistentVolumeClaimStatus = object(
  'core.v1.PersistentVolumeClaimStatus',
  {
    phase: field(1, described('Pending, Bound or Lost.', string())),
    accessModes: field(2, described('How the volume can be used.', list(string()))),
    capacity: field(3, described('How large the volume is.', map(quantity()))),
    conditions: field(
      4,
      described(
        'What is so of it now.',
        listMap(PersistentVolumeClaimCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
    allocatedResources: field(5, described('The size that it is growing to.', map(quantity()))),
    allocatedResourceStatuses: field(
      7,
      described('How far its growth is, by resource.', map(string(), { mapType: 'granular' })),
    ),
    currentVolumeAttributesClassName: field(8, described('The class that its attributes are of.', pointer(string()))),
    modifyVolumeStatus: field(9, described('The change of its attributes under way.', ModifyVolumeStatus)),
  },
  { description: 'Which volume it has.' },
);
/** The JSON form of `core.v1.PersistentVolumeClaimStatus`. */
export type PersistentVolumeClaimStatus = Static<typeof PersistentVolumeClaimStatus>;

/** `core.v1.PersistentVolumeClaim`. */
export const PersistentVolumeClaim = object(
  'core.v1.PersistentVolumeClaim',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('What is wanted.', value(PersistentVolumeClaimSpec))),
    status: field(3, described('What it has. Read-only.', value(PersistentVolumeClaimStatus))),
  },
  { description: "A pod's demand for storage; it gets a PersistentVolume for itself." },
);
/** The JSON form of `core.v1.PersistentVolumeClaim`. */
export type PersistentVolumeClaim = Static<typeof PersistentVolumeClaim>;

const SNAPSHOTS = 'snapshot.storage.k8s.io';

/**
 * Brings the old and the new field of a claim's source in line: what only one says, both say. The old one, by itself, can only name claims and
 * snapshots; others are dropped without a word, except where the claim had a source before.
 */
function alignSources(spec: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec | undefined): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) {
    const { apiGroup = '', kind } = dataSource;
    const legacy =
      (kind === 'PersistentVolumeClaim' && apiGroup === '') || (kind === 'VolumeSnapshot' && apiGroup === SNAPSHOTS);
    const had = before?.dataSource !== undefined || before?.dataSourceRef !== undefined;
    if (legacy || had) spec.dataSourceRef = { ...dataSource };
    else delete spec.dataSource;
  } else if (dataSource === undefined && dataSourceRef !== undefined && !dataSourceRef.namespace) {
    const { namespace: _namespace, ...local } = dataSourceRef;
    spec.dataSource = local;
  }
}

/** PersistentVolumeClaims. */
export const persistentVolumeClaimKind = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  schema: PersistentVolumeClaim,
  shortNames: ['pvc'],
  hasStatus: true,
  columns: persistentVolumeClaimColumns,
  fieldLabels: { name: ({ metadata }) => metadata.name ?? '' },
  applyDefaults(claim) {
    claim.spec ??= {};
    claim.spec.volumeMode ??= 'Filesystem';
    claim.status = { phase: 'Pending', ...claim.status };
  },
  prepareForCreate(claim) {
    claim.status = { phase: 'Pending' };
    if (claim.spec !== undefined) alignSources(claim.spec, undefined);
  },
  prepareForUpdate(claim, old) {
    carryOver(claim, old, 'status');
    if (claim.spec !== undefined) alignSources(claim.spec, old.spec);
  },
  prepareForStatusUpdate(claim, old) {
    carryOver(claim, old, 'spec');
  },
  validate: ({ spec }) => validateClaimSpec(spec ?? {}, 'spec'),
  validateUpdate: validatePersistentVolumeClaimUpdate,
  validateStatusUpdate: validatePersistentVolumeClaimStatus,
  warnings: ({ metadata, spec }) => [
    ...(metadata.annotations?.[CLASS_ANNOTATION] === undefined
      ? []
      : [`metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
    ...claimSpecWarnings(spec, 'spec'),
  ],
});
