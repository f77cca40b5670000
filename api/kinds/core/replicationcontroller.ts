import {
  type Static,
  field,
  int32,
  int64,
  listMap,
  map,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import {
  ageColumn,
  formatLabels,
  integerColumn,
  nameColumn,
  templateColumns,
  textColumn,
  wide,
} from '#api/kinds/columns.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { applyPodSpecDefaults } from '#api/podspec/defaults.ts';
import { validateReplicaStatus } from '#api/kinds/apps/workload-validation.ts';
import { nonNegative, requiredValue } from '#api/meta/field-error.ts';
import { requirementsOfMap } from '#api/meta/selectors.ts';
import { validateOwnedTemplate } from '#api/podspec/validate-owned-template.ts';

/** `core.v1.ReplicationControllerCondition`. */
export const ReplicationControllerCondition = object('core.v1.ReplicationControllerCondition', {
  type: required(1, string()),
  status: required(2, string()),
  lastTransitionTime: field(3, time()),
  reason: field(4, string()),
  message: field(5, string()),
});
/** The JSON form of `core.v1.ReplicationControllerCondition`. */
export type ReplicationControllerCondition = Static<typeof ReplicationControllerCondition>;

/** `core.v1.ReplicationControllerSpec`. */
export const ReplicationControllerSpec = object('core.v1.ReplicationControllerSpec', {
  replicas: field(1, pointer(int32())),
  selector: field(2, map(string(), { mapType: 'atomic' })),
  template: field(3, PodTemplateSpec),
  minReadySeconds: field(4, int32()),
});
/** The JSON form of `core.v1.ReplicationControllerSpec`. */
export type ReplicationControllerSpec = Static<typeof ReplicationControllerSpec>;

/** `core.v1.ReplicationControllerStatus`. */
export const ReplicationControllerStatus = object('core.v1.ReplicationControllerStatus', {
  replicas: required(1, int32()),
  fullyLabeledReplicas: field(2, int32()),
  observedGeneration: field(3, int64()),
  readyReplicas: field(4, int32()),
  availableReplicas: field(5, int32()),
  conditions: field(
    6,
    listMap(ReplicationControllerCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
  ),
});
/** The JSON form of `core.v1.ReplicationControllerStatus`. */
export type ReplicationControllerStatus = Static<typeof ReplicationControllerStatus>;

/** `core.v1.ReplicationController`. */
export const ReplicationController = object(
  'core.v1.ReplicationController',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, value(ReplicationControllerSpec)),
    status: field(3, value(ReplicationControllerStatus)),
  },
  { description: 'Keeps a number of equal pods running. ReplicaSets are the newer form.' },
);
/** The JSON form of `core.v1.ReplicationController`. */
export type ReplicationController = Static<typeof ReplicationController>;

/** ReplicationControllers. */
export const replicationControllerKind = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  schema: ReplicationController,
  shortNames: ['rc'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  orphansDependents: {},
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  fieldLabels: { 'status.replicas': (object) => String(object.status?.replicas ?? 0) },
  columns: [
    nameColumn,
    integerColumn('Desired', 'How many pods there shall be.', (set) => set.spec?.replicas ?? 0),
    integerColumn('Current', 'How many pods there are.', (set) => set.status?.replicas ?? 0),
    integerColumn('Ready', 'How many of them are ready.', (set) => set.status?.readyReplicas ?? 0),
    ageColumn,
    ...templateColumns<ReplicationController>((set) => set.spec?.template),
    wide(textColumn('Selector', 'The labels of its pods.', (set) => formatLabels(set.spec?.selector))),
  ],
  applyDefaults(controller) {
    controller.spec ??= {};
    const labels = controller.spec.template?.metadata?.labels;
    if (labels !== undefined) {
      if (Object.keys(controller.spec.selector ?? {}).length === 0) controller.spec.selector = { ...labels };
      if (Object.keys(controller.metadata.labels ?? {}).length === 0) controller.metadata.labels = { ...labels };
    }
    controller.spec.replicas ??= 1;
    if (controller.spec.template?.spec !== undefined) applyPodSpecDefaults(controller.spec.template.spec);
  },
  prepareForCreate(controller) {
    controller.status = { replicas: 0 };
  },
  prepareForUpdate(controller, old) {
    carryOver(controller, old, 'status');
  },
  prepareForStatusUpdate(controller, old) {
    carryOver(controller, old, 'spec');
  },
  validate: ({ spec }) => [
    ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
    ...(Object.keys(spec?.selector ?? {}).length === 0 ? [requiredValue('spec.selector')] : []),
    ...nonNegative('spec.replicas', spec?.replicas),
    ...(spec?.template === undefined
      ? [requiredValue('spec.template')]
      : validateOwnedTemplate(
          spec.template,
          requirementsOfMap(spec.selector),
          'ReplicationController',
          'spec.template',
        )),
  ],
  validateStatusUpdate: ({ status }) => validateReplicaStatus(status),
});
