import {
  type Static,
  described,
  field,
  int32,
  int64,
  list,
  listMap,
  object,
  pointer,
  quantity,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { CrossVersionObjectReference, MetricSpec, MetricStatus } from '#api/kinds/autoscaling/metrics.ts';
import { defineKind } from '#api/kind.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { autoscalerColumns } from '#api/kinds/autoscaling/horizontalpodautoscaler-columns.ts';
import {
  validateAutoscaler,
  validateAutoscalerStatus,
} from '#api/kinds/autoscaling/horizontalpodautoscaler-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `autoscaling.v2.HPAScalingPolicy`. */
export const HPAScalingPolicy = object(
  'autoscaling.v2.HPAScalingPolicy',
  {
    type: required(1, described('Pods: a number of them. Percent: a part of those that there are.', string())),
    value: required(2, described('How many; more than 0.', int32())),
    periodSeconds: required(3, described('Within how many seconds; 1 to 1800.', int32())),
  },
  { description: 'How many pods may come or go within a time.' },
);
/** The JSON form of `autoscaling.v2.HPAScalingPolicy`. */
export type HPAScalingPolicy = Static<typeof HPAScalingPolicy>;

/** `autoscaling.v2.HPAScalingRules`. */
export const HPAScalingRules = object(
  'autoscaling.v2.HPAScalingRules',
  {
    selectPolicy: field(
      1,
      described(
        'Which policy counts: Max (default) the one that allows most, Min the one that allows least, Disabled none: no change this way.',
        pointer(string()),
      ),
    ),
    policies: field(2, described('The policies.', list(HPAScalingPolicy))),
    stabilizationWindowSeconds: field(
      3,
      described(
        'Seconds over which what was wanted is looked back at before the number changes; 0 to 3600.',
        pointer(int32()),
      ),
    ),
    tolerance: field(
      4,
      described(
        'How far a metric may be off before anything is done. Not in use here, and dropped.',
        pointer(quantity()),
      ),
    ),
  },
  { description: 'How fast the number of pods changes in one direction.' },
);
/** The JSON form of `autoscaling.v2.HPAScalingRules`. */
export type HPAScalingRules = Static<typeof HPAScalingRules>;

/** `autoscaling.v2.HorizontalPodAutoscalerBehavior`. */
export const HorizontalPodAutoscalerBehavior = object(
  'autoscaling.v2.HorizontalPodAutoscalerBehavior',
  {
    scaleUp: field(
      1,
      described('Up; by default 4 pods or 100 % in 15 s, whichever is more, at once.', HPAScalingRules),
    ),
    scaleDown: field(2, described('Down; by default to minReplicas, after 5 minutes.', HPAScalingRules)),
  },
  { description: 'How fast the number of pods goes up and down.' },
);
/** The JSON form of `autoscaling.v2.HorizontalPodAutoscalerBehavior`. */
export type HorizontalPodAutoscalerBehavior = Static<typeof HorizontalPodAutoscalerBehavior>;

/** `autoscaling.v2.HorizontalPodAutoscalerCondition`. */
export const HorizontalPodAutoscalerCondition = object(
  'autoscaling.v2.HorizontalPodAutoscalerCondition',
  {
    type: required(1, described('What the condition is about.', string())),
    status: required(2, described('True, False or Unknown.', string())),
    lastTransitionTime: field(3, described('When the status changed last.', time())),
    reason: field(4, described('Why, in one word for programs.', string())),
    message: field(5, described('Why, in words for people.', string())),
  },
  { description: 'One fact about a HorizontalPodAutoscaler, and since when it holds.' },
);
/** The JSON form of `autoscaling.v2.HorizontalPodAutoscalerCondition`. */
export type HorizontalPodAutoscalerCondition = Static<typeof HorizontalPodAutoscalerCondition>;

/** A list of them. */
export const HorizontalPodAutoscalerConditions = listMap(HorizontalPodAutoscalerCondition, {
  keys: ['type'],
  mergeKey: 'type',
  patchStrategy: 'merge',
});
/** The JSON form of it. */
export type HorizontalPodAutoscalerConditions = Static<typeof HorizontalPodAutoscalerConditions>;

/** `autoscaling.v2.HorizontalPodAutoscalerSpec`. */
export const HorizontalPodAutoscalerSpec = object(
  'autoscaling.v2.HorizontalPodAutoscalerSpec',
  {
    scaleTargetRef: required(1, described('What is scaled; it has to have a /scale.', CrossVersionObjectReference)),
    minReplicas: field(2, described('The fewest pods. Default 1.', pointer(int32()))),
    maxReplicas: required(3, described('The most pods.', int32())),
    metrics: field(
      4,
      described(
        'What the number of pods goes by; the metric that wants most wins. Default: 80 % CPU.',
        list(MetricSpec),
      ),
    ),
    behavior: field(5, described('How fast the number goes up and down.', HorizontalPodAutoscalerBehavior)),
  },
  { description: 'What is scaled, by what, and how far.' },
);
/** The JSON form of `autoscaling.v2.HorizontalPodAutoscalerSpec`. */
export type HorizontalPodAutoscalerSpec = Static<typeof HorizontalPodAutoscalerSpec>;

/** `autoscaling.v2.HorizontalPodAutoscalerStatus`. */
export const HorizontalPodAutoscalerStatus = object(
  'autoscaling.v2.HorizontalPodAutoscalerStatus',
  {
    observedGeneration: field(1, described('The metadata.generation that this status is about.', pointer(int64()))),
    lastScaleTime: field(2, described('When it changed the number of pods last.', time())),
    currentReplicas: field(3, described('How many pods there were when it looked last.', int32())),
    desiredReplicas: required(4, described('How many it wants.', int32())),
    currentMetrics: field(5, described('The metrics as they were seen last.', list(MetricStatus))),
    conditions: field(6, HorizontalPodAutoscalerConditions),
  },
  { description: 'What the autoscaler has seen and done.' },
);
/** The JSON form of `autoscaling.v2.HorizontalPodAutoscalerStatus`. */
export type HorizontalPodAutoscalerStatus = Static<typeof HorizontalPodAutoscalerStatus>;

/** `autoscaling.v2.HorizontalPodAutoscaler`. */
export const HorizontalPodAutoscaler = object(
  'autoscaling.v2.HorizontalPodAutoscaler',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('What is scaled, and how.', HorizontalPodAutoscalerSpec)),
    status: field(3, described('What came of it. Read-only.', value(HorizontalPodAutoscalerStatus))),
  },
  { description: 'Changes the number of pods of a workload by what they have to do.' },
);
/** The JSON form of `autoscaling.v2.HorizontalPodAutoscaler`. */
export type HorizontalPodAutoscaler = Static<typeof HorizontalPodAutoscaler>;

/** HorizontalPodAutoscalers, as they are stored. */
export const horizontalPodAutoscalerKind = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  schema: HorizontalPodAutoscaler,
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  columns: autoscalerColumns,
  applyDefaults({ spec }) {
    spec.minReplicas ??= 1;
    if ((spec.metrics ?? []).length === 0)
      spec.metrics = [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ];
    const { behavior } = spec;
    if (behavior === undefined) return;
    behavior.scaleUp = { ...structuredClone(SCALE_UP), ...behavior.scaleUp };
    behavior.scaleDown = { ...structuredClone(SCALE_DOWN), ...behavior.scaleDown };
  },
  prepareForCreate(autoscaler) {
    autoscaler.status = { ...NO_STATUS };
    dropTolerances(autoscaler, undefined);
  },
  prepareForUpdate(autoscaler, old) {
    carryOver(autoscaler, old, 'status');
    dropTolerances(autoscaler, old);
  },
  prepareForStatusUpdate(autoscaler, old) {
    autoscaler.spec = old.spec;
    autoscaler.status = { ...NO_STATUS, ...autoscaler.status };
    if ((autoscaler.status.currentMetrics ?? []).length === 0)
      autoscaler.status.currentMetrics = NO_STATUS.currentMetrics;
  },
  validateCreate: (autoscaler) => validateAutoscaler(autoscaler),
  validateUpdate: validateAutoscaler,
  validateStatusUpdate: validateAutoscalerStatus,
});

/** Go has no omitempty here: an autoscaler that has seen no metrics says null. */
const NO_STATUS = { currentMetrics: null as unknown as MetricStatus[], desiredReplicas: 0 };

/** What one direction is like when behavior says nothing of it (upstream: pkg/apis/autoscaling/v2/defaults.go). */
const SCALE_UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const SCALE_DOWN: HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

/** The gate HPAConfigurableTolerance is off, as upstream's is by default; one that was set while it was on stays. */
function dropTolerances({ spec }: HorizontalPodAutoscaler, old: HorizontalPodAutoscaler | undefined): void {
  const rulesOf = (behavior: HorizontalPodAutoscalerBehavior | undefined): HPAScalingRules[] =>
    [behavior?.scaleUp, behavior?.scaleDown].filter((rules) => rules !== undefined);
  if (rulesOf(old?.spec.behavior).some(({ tolerance }) => tolerance !== undefined)) return;
  for (const rules of rulesOf(spec.behavior)) delete rules.tolerance;
}
