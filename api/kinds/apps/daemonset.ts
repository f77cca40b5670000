import {
  type Static,
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
import { LabelSelector } from '#api/meta/label-selector.ts';
import { defineKind } from '#api/kind.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import {
  ageColumn,
  formatLabels,
  integerColumn,
  nameColumn,
  templateColumns,
  textColumn,
  wide,
} from '#api/kinds/columns.ts';
import {
  validateDaemonSet,
  validateDaemonSetStatus,
  validateDaemonSetUpdate,
} from '#api/kinds/apps/daemonset-validation.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { formatLabelSelector } from '#api/meta/selectors.ts';
import { templateWarnings } from '#api/kinds/apps/template-warnings.ts';
import { applyPodSpecDefaults } from '#api/podspec/defaults.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PodTemplateSpec } from '#api/podspec/pod-spec.ts';

/** `apps.v1.RollingUpdateDaemonSet`. */
export const RollingUpdateDaemonSet = object(
  'apps.v1.RollingUpdateDaemonSet',
  {
    maxUnavailable: field(
      1,
      described(
        'On how many nodes the pod may be missing meanwhile, as a number or percentage. Default 1.',
        intOrString(),
      ),
    ),
    maxSurge: field(
      2,
      described(
        'On how many nodes an old and a new pod may run together, as a number or percentage. Default 0.',
        intOrString(),
      ),
    ),
  },
  { description: 'How a rolling update goes on.' },
);
/** The JSON form of `apps.v1.RollingUpdateDaemonSet`. */
export type RollingUpdateDaemonSet = Static<typeof RollingUpdateDaemonSet>;

/** `apps.v1.DaemonSetUpdateStrategy`. */
export const DaemonSetUpdateStrategy = object(
  'apps.v1.DaemonSetUpdateStrategy',
  {
    type: field(
      1,
      described('RollingUpdate (default): node after node. OnDelete: only when somebody deletes them.', string()),
    ),
    rollingUpdate: field(2, described('How a RollingUpdate goes on.', RollingUpdateDaemonSet)),
  },
  { description: 'How pods of an old template are replaced by those of a new one.' },
);
/** The JSON form of `apps.v1.DaemonSetUpdateStrategy`. */
export type DaemonSetUpdateStrategy = Static<typeof DaemonSetUpdateStrategy>;

/** `apps.v1.DaemonSetCondition`. */
export const DaemonSetCondition = object(
  'apps.v1.DaemonSetCondition',
  {
    type: required(1, described('What the condition is about.', string())),
    status: required(2, described('True, False or Unknown.', string())),
    lastTransitionTime: field(3, described('When the status changed last.', time())),
    reason: field(4, described('Why, in one word for programs.', string())),
    message: field(5, described('Why, in words for people.', string())),
  },
  { description: 'One fact about a DaemonSet, and since when it holds.' },
);
/** The JSON form of `apps.v1.DaemonSetCondition`. */
export type DaemonSetCondition = Static<typeof DaemonSetCondition>;

/** `apps.v1.DaemonSetSpec`. */
export const DaemonSetSpec = object(
  'apps.v1.DaemonSetSpec',
  {
    selector: required(
      1,
      described(
        'Which pods belong to the DaemonSet; matches the labels of the template and never changes.',
        pointer(LabelSelector),
      ),
    ),
    template: required(
      2,
      described(
        'The pod to make on every node that its node selector, affinity and tolerations allow.',
        PodTemplateSpec,
      ),
    ),
    updateStrategy: field(3, described('How pods of an old template are replaced.', value(DaemonSetUpdateStrategy))),
    minReadySeconds: field(4, described('Seconds that a pod must be ready to count as available. Default 0.', int32())),
    revisionHistoryLimit: field(
      6,
      described('How many old ControllerRevisions are kept for a way back. Default 10.', pointer(int32())),
    ),
  },
  { description: 'What a DaemonSet keeps running on every node.' },
);
/** The JSON form of `apps.v1.DaemonSetSpec`. */
export type DaemonSetSpec = Static<typeof DaemonSetSpec>;

/** `apps.v1.DaemonSetStatus`. */
export const DaemonSetStatus = object(
  'apps.v1.DaemonSetStatus',
  {
    currentNumberScheduled: required(1, described('How many nodes have the pod and shall have it.', int32())),
    numberMisscheduled: required(2, described('How many nodes have the pod and shall not have it.', int32())),
    desiredNumberScheduled: required(3, described('How many nodes shall have the pod.', int32())),
    numberReady: required(4, described('On how many nodes the pod is ready.', int32())),
    observedGeneration: field(5, described('The metadata.generation that this status is about.', int64())),
    updatedNumberScheduled: field(6, described('How many nodes have a pod of the latest template.', int32())),
    numberAvailable: field(7, described('On how many nodes the pod has been ready for minReadySeconds.', int32())),
    numberUnavailable: field(
      8,
      described('On how many nodes it is missing or has not been ready for so long.', int32()),
    ),
    collisionCount: field(
      9,
      described('How often the name of a ControllerRevision was taken already.', pointer(int32())),
    ),
    conditions: field(
      10,
      described(
        'What is known of the DaemonSet, one fact each.',
        listMap(DaemonSetCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'How far a DaemonSet has come.' },
);
/** The JSON form of `apps.v1.DaemonSetStatus`. */
export type DaemonSetStatus = Static<typeof DaemonSetStatus>;

/** `apps.v1.DaemonSet`. */
export const DaemonSet = object(
  'apps.v1.DaemonSet',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('What should run.', value(DaemonSetSpec))),
    status: field(3, described('How far that has come. Read-only.', value(DaemonSetStatus))),
  },
  { description: 'Keeps one pod running on every node, or on some of them.' },
);
/** The JSON form of `apps.v1.DaemonSet`. */
export type DaemonSet = Static<typeof DaemonSet>;

/** Counts the changes of the template. A field of older versions, which apps/v1 shows as an annotation. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

/** DaemonSets. */
export const daemonSetKind = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  schema: DaemonSet,
  shortNames: ['ds'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    integerColumn('Desired', 'Nodes that shall have the pod.', ({ status }) => status?.desiredNumberScheduled ?? 0),
    integerColumn('Current', 'Nodes that have it.', ({ status }) => status?.currentNumberScheduled ?? 0),
    integerColumn('Ready', 'Nodes where it is ready.', ({ status }) => status?.numberReady ?? 0),
    integerColumn(
      'Up-to-date',
      'Nodes with a pod of the latest template.',
      ({ status }) => status?.updatedNumberScheduled ?? 0,
    ),
    integerColumn(
      'Available',
      'Nodes where it has been ready for minReadySeconds.',
      ({ status }) => status?.numberAvailable ?? 0,
    ),
    textColumn('Node Selector', 'The labels of nodes that shall have it.', ({ spec }) =>
      formatLabels(spec?.template.spec?.nodeSelector),
    ),
    ageColumn,
    ...templateColumns<DaemonSet>((set) => set.spec?.template),
    wide(textColumn('Selector', 'The labels of its pods.', (set) => formatLabelSelector(set.spec?.selector))),
  ],
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    const strategy = (spec.updateStrategy ??= {});
    strategy.type ||= 'RollingUpdate';
    if (strategy.type === 'RollingUpdate') {
      strategy.rollingUpdate ??= {};
      strategy.rollingUpdate.maxUnavailable ??= 1;
      strategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    if (spec.template.spec !== undefined) applyPodSpecDefaults(spec.template.spec);
  },
  prepareForCreate(set) {
    set.status = { ...NOTHING_SCHEDULED };
    setTemplateGeneration(set, Math.max(1, templateGeneration(set)));
  },
  prepareForUpdate(set, old) {
    carryOver(set, old, 'status');
    const changed = !deepEqual(set.spec?.template, old.spec?.template);
    setTemplateGeneration(set, templateGeneration(old) + (changed ? 1 : 0));
  },
  prepareForStatusUpdate(set, old) {
    carryOver(set, old, 'spec');
  },
  validate: validateDaemonSet,
  validateUpdate: validateDaemonSetUpdate,
  validateStatusUpdate: validateDaemonSetStatus,
  warnings: (set, old) => templateWarnings(set, old, set.spec?.template),
});

const NOTHING_SCHEDULED = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
};

function templateGeneration({ metadata }: DaemonSet): number {
  const text = metadata.annotations?.[TEMPLATE_GENERATION] ?? '';
  return /^-?\d+$/.test(text) ? Number(text) : 0;
}

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}
