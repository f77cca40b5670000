import {
  type Static,
  described,
  field,
  int32,
  int64,
  listMap,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import { ageColumn, integerColumn, nameColumn, templateColumns, textColumn, wide } from '#api/kinds/columns.ts';
import { formatLabelSelector } from '#api/meta/selectors.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { templateWarnings } from '#api/kinds/apps/template-warnings.ts';
import { applyPodSpecDefaults } from '#api/podspec/defaults.ts';
import {
  validateReplicaSet,
  validateReplicaStatus,
  validateSelectorUpdate,
} from '#api/kinds/apps/workload-validation.ts';

/** `apps.v1.ReplicaSetCondition`. */
export const ReplicaSetCondition = object('apps.v1.ReplicaSetCondition', {
  type: required(1, string()),
  status: required(2, string()),
  lastTransitionTime: field(3, time()),
  reason: field(4, string()),
  message: field(5, string()),
});
/** The JSON form of `apps.v1.ReplicaSetCondition`. */
export type ReplicaSetCondition = Static<typeof ReplicaSetCondition>;

/** `apps.v1.ReplicaSetSpec`. */
export const ReplicaSetSpec = object(
  'apps.v1.ReplicaSetSpec',
  {
    replicas: field(1, described('The number of pods. Default 1.', pointer(int32()))),
    selector: required(2, described('Which pods belong to it.', pointer(LabelSelector))),
    template: field(3, described('The pods to make.', value(PodTemplateSpec))),
    minReadySeconds: field(4, int32()),
  },
  { description: 'What a ReplicaSet keeps running.' },
);
/** The JSON form of `apps.v1.ReplicaSetSpec`. */
export type ReplicaSetSpec = Static<typeof ReplicaSetSpec>;

/** `apps.v1.ReplicaSetStatus`. */
export const ReplicaSetStatus = object('apps.v1.ReplicaSetStatus', {
  replicas: required(1, int32()),
  fullyLabeledReplicas: field(2, int32()),
  observedGeneration: field(3, int64()),
  readyReplicas: field(4, int32()),
  availableReplicas: field(5, int32()),
  conditions: field(6, listMap(ReplicaSetCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' })),
  terminatingReplicas: field(7, pointer(int32())),
});
/** The JSON form of `apps.v1.ReplicaSetStatus`. */
export type ReplicaSetStatus = Static<typeof ReplicaSetStatus>;

/** `apps.v1.ReplicaSet`. */
export const ReplicaSet = object(
  'apps.v1.ReplicaSet',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, value(ReplicaSetSpec)),
    status: field(3, value(ReplicaSetStatus)),
  },
  { description: 'Keeps a number of equal pods running.' },
);
/** The JSON form of `apps.v1.ReplicaSet`. */
export type ReplicaSet = Static<typeof ReplicaSet>;

/** ReplicaSets. */
export const replicaSetKind = defineKind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  schema: ReplicaSet,
  shortNames: ['rs'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  fieldLabels: { 'status.replicas': (object) => String(object.status?.replicas ?? 0) },
  columns: [
    nameColumn,
    integerColumn('Desired', 'How many pods there shall be.', (set) => set.spec?.replicas ?? 0),
    integerColumn('Current', 'How many pods there are.', (set) => set.status?.replicas ?? 0),
    integerColumn('Ready', 'How many of them are ready.', (set) => set.status?.readyReplicas ?? 0),
    ageColumn,
    ...templateColumns<ReplicaSet>((set) => set.spec?.template),
    wide(textColumn('Selector', 'The labels of its pods.', (set) => formatLabelSelector(set.spec?.selector))),
  ],
  applyDefaults(set) {
    if (set.spec === undefined) return;
    set.spec.replicas ??= 1;
    if (set.spec.template?.spec !== undefined) applyPodSpecDefaults(set.spec.template.spec);
  },
  prepareForCreate(set) {
    set.status = { replicas: 0 };
  },
  prepareForUpdate(set, old) {
    carryOver(set, old, 'status');
  },
  prepareForStatusUpdate(set, old) {
    carryOver(set, old, 'spec');
  },
  validate: validateReplicaSet,
  validateUpdate: validateSelectorUpdate,
  validateStatusUpdate: ({ status }) => validateReplicaStatus(status),
  warnings: (set, old) => templateWarnings(set, old, set.spec?.template),
});
