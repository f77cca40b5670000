import {
  type Static,
  described,
  field,
  int32,
  int64,
  intOrString,
  list,
  listMap,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { PersistentVolumeClaim } from '#api/kinds/core/persistentvolumeclaim.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { defineKind } from '#api/kind.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, templateColumns, textColumn } from '#api/kinds/columns.ts';
import {
  validateServiceName,
  validateStatefulSet,
  validateStatefulSetStatus,
  validateStatefulSetUpdate,
} from '#api/kinds/apps/statefulset-validation.ts';
import { labelName } from '#api/meta/object-meta-validation.ts';
import { templateWarnings } from '#api/kinds/apps/template-warnings.ts';
import { applyPodSpecDefaults } from '#api/podspec/defaults.ts';
import { claimSpecWarnings } from '#api/podspec/validate-claim.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PodTemplateSpec } from '#api/podspec/pod-spec.ts';

/** `apps.v1.RollingUpdateStatefulSetStrategy`. */
export const RollingUpdateStatefulSetStrategy = object(
  'apps.v1.RollingUpdateStatefulSetStrategy',
  {
    partition: field(
      1,
      described('Pods with an ordinal below this one are left as they are. Default 0.', pointer(int32())),
    ),
    maxUnavailable: field(
      2,
      described(
        'How many pods may be unavailable at once, as a number or percentage. Not in use here, and dropped.',
        pointer(intOrString()),
      ),
    ),
  },
  { description: 'How a rolling update goes on.' },
);
/** The JSON form of `apps.v1.RollingUpdateStatefulSetStrategy`. */
export type RollingUpdateStatefulSetStrategy = Static<typeof RollingUpdateStatefulSetStrategy>;

/** `apps.v1.StatefulSetUpdateStrategy`. */
export const StatefulSetUpdateStrategy = object(
  'apps.v1.StatefulSetUpdateStrategy',
  {
    type: field(
      1,
      described(
        'RollingUpdate (default): one after the other from the highest ordinal. OnDelete: only when somebody deletes them.',
        string(),
      ),
    ),
    rollingUpdate: field(2, described('How a RollingUpdate goes on.', RollingUpdateStatefulSetStrategy)),
  },
  { description: 'How pods of an old template are replaced by those of a new one.' },
);
/** The JSON form of `apps.v1.StatefulSetUpdateStrategy`. */
export type StatefulSetUpdateStrategy = Static<typeof StatefulSetUpdateStrategy>;

/** `apps.v1.StatefulSetOrdinals`. */
export const StatefulSetOrdinals = object(
  'apps.v1.StatefulSetOrdinals',
  {
    start: field(1, described('The number of the first pod. Default 0.', value(int32()))),
  },
  { description: 'How the pods are numbered.' },
);
/** The JSON form of `apps.v1.StatefulSetOrdinals`. */
export type StatefulSetOrdinals = Static<typeof StatefulSetOrdinals>;

/** `apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy`. */
export const StatefulSetPersistentVolumeClaimRetentionPolicy = object(
  'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy',
  {
    whenDeleted: field(1, described('When the StatefulSet is deleted: Retain (default) or Delete.', string())),
    whenScaled: field(
      2,
      described('When a pod goes because there shall be fewer: Retain (default) or Delete.', string()),
    ),
  },
  { description: 'What becomes of the claims that were made from the templates.' },
);
/** The JSON form of `apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy`. */
export type StatefulSetPersistentVolumeClaimRetentionPolicy = Static<
  typeof StatefulSetPersistentVolumeClaimRetentionPolicy
>;

/** `apps.v1.StatefulSetCondition`. */
export const StatefulSetCondition = object(
  'apps.v1.StatefulSetCondition',
  {
    type: required(1, described('What the condition is about.', string())),
    status: required(2, described('True, False or Unknown.', string())),
    lastTransitionTime: field(3, described('When the status changed last.', time())),
    reason: field(4, described('Why, in one word for programs.', string())),
    message: field(5, described('Why, in words for people.', string())),
  },
  { description: 'One fact about a StatefulSet, and since when it holds.' },
);
/** The JSON form of `apps.v1.StatefulSetCondition`. */
export type StatefulSetCondition = Static<typeof StatefulSetCondition>;

/** `apps.v1.StatefulSetSpec`. */
export const StatefulSetSpec = object(
  'apps.v1.StatefulSetSpec',
  {
    replicas: field(1, described('The number of pods. Default 1.', pointer(int32()))),
    selector: required(
      2,
      described(
        'Which pods belong to the StatefulSet; matches the labels of the template and never changes.',
        pointer(LabelSelector),
      ),
    ),
    template: required(
      3,
      described('The pods to make, named after the StatefulSet and their number.', PodTemplateSpec),
    ),
    volumeClaimTemplates: field(
      4,
      described(
        'Claims that every pod gets one of each; they come before volumes of the same name in the template.',
        list(PersistentVolumeClaim),
      ),
    ),
    serviceName: field(
      5,
      described(
        'The headless Service under which the pods have names in DNS. It has to be there before.',
        value(string()),
      ),
    ),
    podManagementPolicy: field(
      6,
      described(
        'OrderedReady (default): one after the other, each ready before the next. Parallel: all at once.',
        string(),
      ),
    ),
    updateStrategy: field(7, described('How pods of an old template are replaced.', value(StatefulSetUpdateStrategy))),
    revisionHistoryLimit: field(
      8,
      described('How many old ControllerRevisions are kept for a way back. Default 10.', pointer(int32())),
    ),
    minReadySeconds: field(9, described('Seconds that a pod must be ready to count as available. Default 0.', int32())),
    persistentVolumeClaimRetentionPolicy: field(
      10,
      described(
        "What becomes of the pods' claims when the pods go for good.",
        StatefulSetPersistentVolumeClaimRetentionPolicy,
      ),
    ),
    ordinals: field(11, described('How the pods are numbered; without it from 0.', StatefulSetOrdinals)),
  },
  { description: 'What a StatefulSet keeps running.' },
);
/** The JSON form of `apps.v1.StatefulSetSpec`. */
export type StatefulSetSpec = Static<typeof StatefulSetSpec>;

/** `apps.v1.StatefulSetStatus`. */
export const StatefulSetStatus = object(
  'apps.v1.StatefulSetStatus',
  {
    observedGeneration: field(1, described('The metadata.generation that this status is about.', int64())),
    replicas: required(2, described('How many pods there are.', int32())),
    readyReplicas: field(3, described('How many of them are ready.', int32())),
    currentReplicas: field(4, described('How many are of currentRevision.', int32())),
    updatedReplicas: field(5, described('How many are of updateRevision.', int32())),
    currentRevision: field(6, described('The ControllerRevision of pods that are not updated yet.', string())),
    updateRevision: field(7, described('The ControllerRevision of pods that are.', string())),
    collisionCount: field(
      9,
      described('How often the name of a ControllerRevision was taken already.', pointer(int32())),
    ),
    conditions: field(
      10,
      described(
        'What is known of the StatefulSet, one fact each.',
        listMap(StatefulSetCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
    availableReplicas: field(11, described('How many have been ready for minReadySeconds.', value(int32()))),
  },
  { description: 'How far a StatefulSet has come.' },
);
/** The JSON form of `apps.v1.StatefulSetStatus`. */
export type StatefulSetStatus = Static<typeof StatefulSetStatus>;

/** `apps.v1.StatefulSet`. */
export const StatefulSet = object(
  'apps.v1.StatefulSet',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('What should run.', value(StatefulSetSpec))),
    status: field(3, described('How far that has come. Read-only.', value(StatefulSetStatus))),
  },
  { description: 'Keeps pods running that each have a name, a number and volumes of their own.' },
);
/** The JSON form of `apps.v1.StatefulSet`. */
export type StatefulSet = Static<typeof StatefulSet>;

const NEGATIVE_LIMIT =
  'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';

/** StatefulSets. */
export const statefulSetKind = defineKind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  schema: StatefulSet,
  shortNames: ['sts'],
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
    ageColumn,
    ...templateColumns<StatefulSet>((set) => set.spec?.template),
  ],
  validateName: labelName,
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.podManagementPolicy ||= 'OrderedReady';
    applyStrategyDefaults((spec.updateStrategy ??= {}));
    const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
    retention.whenDeleted ||= 'Retain';
    retention.whenScaled ||= 'Retain';
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    if (spec.template.spec !== undefined) applyPodSpecDefaults(spec.template.spec);
    for (const claim of spec.volumeClaimTemplates ?? []) applyClaimDefaults(claim);
  },
  prepareForCreate(set) {
    set.status = { replicas: 0, availableReplicas: 0 };
    delete set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable;
  },
  prepareForUpdate(set, old) {
    carryOver(set, old, 'status');
    // The gate MaxUnavailableStatefulSet is off, as upstream's is by default.
    if (old.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined)
      delete set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable;
  },
  prepareForStatusUpdate(set, old) {
    carryOver(set, old, 'spec');
  },
  validate: validateStatefulSet,
  validateCreate: validateServiceName,
  validateUpdate: validateStatefulSetUpdate,
  validateStatusUpdate: validateStatefulSetStatus,
  warnings: (set, old) => [
    ...templateWarnings(set, old, set.spec?.template),
    ...(set.spec?.volumeClaimTemplates ?? []).flatMap(({ spec }, index) =>
      claimSpecWarnings(spec, `spec.volumeClaimTemplates[${index}]`),
    ),
    ...((set.spec?.revisionHistoryLimit ?? 0) < 0 ? [NEGATIVE_LIMIT] : []),
  ],
});

function applyStrategyDefaults(strategy: StatefulSetUpdateStrategy): void {
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) strategy.rollingUpdate.partition ??= 0;
}

/** A template always says what it is, and has the defaults of a claim. */
function applyClaimDefaults(claim: PersistentVolumeClaim): void {
  claim.kind = 'PersistentVolumeClaim';
  claim.apiVersion = 'v1';
  if (claim.spec !== undefined) claim.spec.volumeMode ??= 'Filesystem';
  claim.status ??= {};
  claim.status.phase ||= 'Pending';
}
