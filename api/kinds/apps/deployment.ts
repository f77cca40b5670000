import {
  type Static,
  boolean,
  described,
  field,
  int32,
  int64,
  intOrString,
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
import { ageColumn, nameColumn, templateColumns, textColumn, wide } from '#api/kinds/columns.ts';
import { formatLabelSelector } from '#api/meta/selectors.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { templateWarnings } from '#api/kinds/apps/template-warnings.ts';
import { applyPodSpecDefaults } from '#api/podspec/defaults.ts';
import {
  validateDeployment,
  validateDeploymentStatus,
  validateSelectorUpdate,
} from '#api/kinds/apps/workload-validation.ts';

/** `apps.v1.RollingUpdateDeployment`. */
export const RollingUpdateDeployment = object(
  'apps.v1.RollingUpdateDeployment',
  {
    maxUnavailable: field(
      1,
      described(
        'How many pods fewer than wanted may be available meanwhile, as a number or percentage. Default 25%.',
        intOrString(),
      ),
    ),
    maxSurge: field(
      2,
      described(
        'How many pods more than wanted may run meanwhile, as a number or percentage. Default 25%.',
        intOrString(),
      ),
    ),
  },
  { description: 'The steps of a rolling update.' },
);
/** The JSON form of `apps.v1.RollingUpdateDeployment`. */
export type RollingUpdateDeployment = Static<typeof RollingUpdateDeployment>;

/** `apps.v1.DeploymentStrategy`. */
export const DeploymentStrategy = object(
  'apps.v1.DeploymentStrategy',
  {
    type: field(1, described('RollingUpdate (default): step by step. Recreate: all old ones first.', string())),
    rollingUpdate: field(2, described('The steps of a RollingUpdate.', RollingUpdateDeployment)),
  },
  { description: 'How old pods are replaced by new ones.' },
);
/** The JSON form of `apps.v1.DeploymentStrategy`. */
export type DeploymentStrategy = Static<typeof DeploymentStrategy>;

/** `apps.v1.DeploymentCondition`. */
export const DeploymentCondition = object('apps.v1.DeploymentCondition', {
  type: required(1, string()),
  status: required(2, string()),
  reason: field(4, string()),
  message: field(5, string()),
  lastUpdateTime: field(6, time()),
  lastTransitionTime: field(7, time()),
});
/** The JSON form of `apps.v1.DeploymentCondition`. */
export type DeploymentCondition = Static<typeof DeploymentCondition>;

/** `apps.v1.DeploymentSpec`. */
export const DeploymentSpec = object(
  'apps.v1.DeploymentSpec',
  {
    replicas: field(1, described('The number of pods. Default 1.', pointer(int32()))),
    selector: required(
      2,
      described(
        'Which pods belong to the Deployment; matches the labels of the template and never changes.',
        pointer(LabelSelector),
      ),
    ),
    template: required(3, described('The pods to make.', PodTemplateSpec)),
    strategy: field(4, described('How old pods are replaced by new ones.', value(DeploymentStrategy)), 'retainKeys'),
    minReadySeconds: field(5, described('Seconds that a pod must be ready to count as available. Default 0.', int32())),
    revisionHistoryLimit: field(
      6,
      described('How many old ReplicaSets are kept for a way back. Default 10.', pointer(int32())),
    ),
    paused: field(7, described('Changes of the template wait while this is true.', boolean())),
    progressDeadlineSeconds: field(
      9,
      described('Seconds without progress after which a rollout counts as failed. Default 600.', pointer(int32())),
    ),
  },
  { description: 'What a Deployment keeps running, and how it brings in changes.' },
);
/** The JSON form of `apps.v1.DeploymentSpec`. */
export type DeploymentSpec = Static<typeof DeploymentSpec>;

/** `apps.v1.DeploymentStatus`. */
export const DeploymentStatus = object('apps.v1.DeploymentStatus', {
  observedGeneration: field(1, int64()),
  replicas: field(2, int32()),
  updatedReplicas: field(3, int32()),
  availableReplicas: field(4, int32()),
  unavailableReplicas: field(5, int32()),
  conditions: field(6, listMap(DeploymentCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' })),
  readyReplicas: field(7, int32()),
  collisionCount: field(8, pointer(int32())),
  terminatingReplicas: field(9, pointer(int32())),
});
/** The JSON form of `apps.v1.DeploymentStatus`. */
export type DeploymentStatus = Static<typeof DeploymentStatus>;

/** `apps.v1.Deployment`. */
export const Deployment = object(
  'apps.v1.Deployment',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('What should run.', value(DeploymentSpec))),
    status: field(3, described('How far that has come. Read-only.', value(DeploymentStatus))),
  },
  { description: 'Keeps a number of equal pods running and replaces them step by step when their template changes.' },
);
/** The JSON form of `apps.v1.Deployment`. */
export type Deployment = Static<typeof Deployment>;

/** Deployments. */
export const deploymentKind = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  schema: Deployment,
  shortNames: ['deploy'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  columns: [
    nameColumn,
    textColumn(
      'Ready',
      'Pods that are ready, of those that shall be.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ),
    textColumn('Up-to-date', 'Pods of the latest template.', ({ status }) => status?.updatedReplicas ?? 0),
    textColumn('Available', 'Pods ready for minReadySeconds.', ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...templateColumns<Deployment>((deployment) => deployment.spec?.template),
    wide(
      textColumn('Selector', 'The labels of its pods.', (deployment) => formatLabelSelector(deployment.spec?.selector)),
    ),
  ],
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    if (spec.template?.spec !== undefined) applyPodSpecDefaults(spec.template.spec);
  },
  prepareForCreate(deployment) {
    deployment.status = {};
  },
  prepareForUpdate(deployment, old) {
    carryOver(deployment, old, 'status');
  },
  prepareForStatusUpdate(deployment, old) {
    carryOver(deployment, old, 'spec');
  },
  validate: validateDeployment,
  validateUpdate: validateSelectorUpdate,
  validateStatusUpdate: validateDeploymentStatus,
  warnings: (deployment, old) => templateWarnings(deployment, old, deployment.spec?.template),
});
