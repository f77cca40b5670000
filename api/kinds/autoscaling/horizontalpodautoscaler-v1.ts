import {
  type Static,
  described,
  field,
  int32,
  int64,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { type KubeObject, defineKind } from '#api/kind.ts';
import { autoscalerColumns } from '#api/kinds/autoscaling/horizontalpodautoscaler-columns.ts';
import { fromV1, toV1 } from '#api/kinds/autoscaling/horizontalpodautoscaler-conversion.ts';
import {
  type HorizontalPodAutoscaler as HorizontalPodAutoscalerV2,
  horizontalPodAutoscalerKind,
} from '#api/kinds/autoscaling/horizontalpodautoscaler.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `autoscaling.v1.CrossVersionObjectReference`. */
export const CrossVersionObjectReference = object(
  'autoscaling.v1.CrossVersionObjectReference',
  {
    kind: required(1, described('Its kind.', string())),
    apiVersion: field(3, described('Its API version.', string())),
    name: required(2, described('Its name.', string())),
  },
  { mapType: 'atomic', description: 'Names an object of the same namespace.' },
);
/** The JSON form of `autoscaling.v1.CrossVersionObjectReference`. */
export type CrossVersionObjectReference = Static<typeof CrossVersionObjectReference>;

/** `autoscaling.v1.HorizontalPodAutoscalerSpec`. */
export const HorizontalPodAutoscalerSpec = object(
  'autoscaling.v1.HorizontalPodAutoscalerSpec',
  {
    scaleTargetRef: required(1, described('What is scaled; it has to have a /scale.', CrossVersionObjectReference)),
    minReplicas: field(2, described('The fewest pods. Default 1.', pointer(int32()))),
    maxReplicas: required(3, described('The most pods.', int32())),
    targetCPUUtilizationPercentage: field(
      4,
      described('The CPU use to keep to, in percent of what the pods request. Default 80.', pointer(int32())),
    ),
  },
  { description: 'What is scaled, by what, and how far.' },
);
/** The JSON form of `autoscaling.v1.HorizontalPodAutoscalerSpec`. */
export type HorizontalPodAutoscalerSpec = Static<typeof HorizontalPodAutoscalerSpec>;

/** `autoscaling.v1.HorizontalPodAutoscalerStatus`. */
export const HorizontalPodAutoscalerStatus = object(
  'autoscaling.v1.HorizontalPodAutoscalerStatus',
  {
    observedGeneration: field(1, described('The metadata.generation that this status is about.', pointer(int64()))),
    lastScaleTime: field(2, described('When it changed the number of pods last.', time())),
    currentReplicas: required(3, described('How many pods there were when it looked last.', int32())),
    desiredReplicas: required(4, described('How many it wants.', int32())),
    currentCPUUtilizationPercentage: field(
      5,
      described('The CPU use of all pods together, in percent of what they request.', pointer(int32())),
    ),
  },
  { description: 'What the autoscaler has seen and done.' },
);
/** The JSON form of `autoscaling.v1.HorizontalPodAutoscalerStatus`. */
export type HorizontalPodAutoscalerStatus = Static<typeof HorizontalPodAutoscalerStatus>;

/** `autoscaling.v1.HorizontalPodAutoscaler`. */
export const HorizontalPodAutoscaler = object(
  'autoscaling.v1.HorizontalPodAutoscaler',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('What is scaled, and how.', HorizontalPodAutoscalerSpec)),
    status: field(3, described('What came of it. Read-only.', value(HorizontalPodAutoscalerStatus))),
  },
  { description: 'Changes the number of pods of a workload by what they have to do.' },
);
/** The JSON form of `autoscaling.v1.HorizontalPodAutoscaler`. */
export type HorizontalPodAutoscaler = Static<typeof HorizontalPodAutoscaler>;

/** HorizontalPodAutoscalers of autoscaling/v1, stored as v2. */
export const horizontalPodAutoscalerV1Kind = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  schema: HorizontalPodAutoscaler,
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  columns: autoscalerColumns.map((column) => ({
    ...column,
    cell: (autoscaler, now) => column.cell(fromV1(autoscaler), now),
  })),
  applyDefaults({ spec }) {
    spec.minReplicas ??= 1;
  },
  storedAs: {
    kind: horizontalPodAutoscalerKind,
    toStored: (autoscalers) => autoscalers.map(fromV1),
    fromStored: (stored: readonly KubeObject[]) => stored.map((one) => toV1(one as HorizontalPodAutoscalerV2)),
  },
});
