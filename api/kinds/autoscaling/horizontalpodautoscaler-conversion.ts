import type { KubeObject } from '#api/kind.ts';
import type { TSchema } from '#api/schema/builders.ts';
import { decodeSchema } from '#api/schema/decode.ts';
import { DecodeError } from '#api/schema/decode-scalars.ts';
import {
  type HPAScalingRules,
  type HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HorizontalPodAutoscalerConditions,
} from '#api/kinds/autoscaling/horizontalpodautoscaler.ts';
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1 } from '#api/kinds/autoscaling/horizontalpodautoscaler-v1.ts';
import type { MetricSpec, MetricStatus } from '#api/kinds/autoscaling/metrics.ts';
import { specFromV1, specToV1, statusFromV1, statusToV1 } from '#api/kinds/autoscaling/metrics-conversion.ts';
import {
  type MetricSpecV1,
  MetricSpecsV1,
  type MetricStatusV1,
  MetricStatusesV1,
} from '#api/kinds/autoscaling/metrics-v1.ts';

/** What v1 has no fields for it bears in annotations, so that a client of v1 can change an object of v2 without loss. */
const ANNOTATIONS = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const;
/** Dropped with the others; nothing puts them there. */
const TOLERANCES = [
  'autoscaling.alpha.kubernetes.io/scale-down-tolerance',
  'autoscaling.alpha.kubernetes.io/scale-up-tolerance',
];
const DEFAULT_CPU = 80;

/** What v1 has a field for. */
const isCpuUtilization = ({ type, resource }: MetricSpec): boolean =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;
const cpuUtilization = (averageUtilization: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

function withoutOurs(annotations: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const ours = new Set<string>([...Object.values(ANNOTATIONS), ...TOLERANCES]);
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([name]) => !ours.has(name)));
}

function withAnnotations<T extends KubeObject['metadata']>(metadata: T, annotations: Record<string, string>): T {
  const { annotations: _, ...rest } = metadata;
  return (Object.keys(annotations).length === 0 ? rest : { ...rest, annotations }) as T;
}

/** From the stored autoscaling/v2. */
export function toV1(autoscaler: HorizontalPodAutoscaler): HorizontalPodAutoscalerV1 {
  const { metadata, spec, status } = autoscaler;
  const metrics = spec.metrics ?? [];
  const cpu = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization;
  const current = (status?.currentMetrics ?? []).findLast(
    ({ type, resource }) =>
      type === 'Resource' && resource?.name === 'cpu' && resource.current.averageUtilization !== undefined,
  )?.resource?.current.averageUtilization;
  const { observedGeneration, lastScaleTime, currentReplicas = 0, desiredReplicas = 0 } = status ?? {};
  return {
    kind: autoscaler.kind,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(metadata, annotationsOf(autoscaler)),
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      ...(spec.minReplicas === undefined ? {} : { minReplicas: spec.minReplicas }),
      maxReplicas: spec.maxReplicas,
      ...(cpu === undefined ? {} : { targetCPUUtilizationPercentage: cpu }),
    },
    status: {
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
      currentReplicas,
      desiredReplicas,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  };
}

function annotationsOf({ metadata, spec, status }: HorizontalPodAutoscaler): Record<string, string> {
  const annotations = withoutOurs(metadata.annotations);
  const others = (spec.metrics ?? []).filter((metric) => !isCpuUtilization(metric));
  const currentMetrics = status?.currentMetrics ?? [];
  const conditions = status?.conditions ?? [];
  if (others.length > 0) annotations[ANNOTATIONS.metrics] = JSON.stringify(others.map(specToV1));
  if (currentMetrics.length > 0)
    annotations[ANNOTATIONS.currentMetrics] = JSON.stringify(currentMetrics.map(statusToV1));
  if (spec.behavior !== undefined) annotations[ANNOTATIONS.behavior] = behaviorText(spec.behavior);
  if (conditions.length > 0) annotations[ANNOTATIONS.conditions] = JSON.stringify(conditions);
  return annotations;
}

/** The annotation has the names of Go's fields, not of JSON's. */
const behaviorText = ({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): string =>
  JSON.stringify({ ScaleUp: rulesInGo(scaleUp), ScaleDown: rulesInGo(scaleDown) });

const rulesInGo = (rules: HPAScalingRules | undefined): object | null =>
  rules === undefined
    ? null
    : {
        StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
        SelectPolicy: rules.selectPolicy ?? null,
        Policies:
          rules.policies?.map(({ type, value, periodSeconds }) => ({
            Type: type,
            Value: value,
            PeriodSeconds: periodSeconds,
          })) ?? null,
        Tolerance: rules.tolerance ?? null,
      };

/** To what is stored. An annotation that cannot be read counts for nothing. */
export function fromV1(autoscaler: HorizontalPodAutoscalerV1): HorizontalPodAutoscaler {
  const { metadata, spec, status } = autoscaler;
  const read = <T>(name: keyof typeof ANNOTATIONS, schema: TSchema): T | undefined =>
    readAnnotation<T>(metadata.annotations?.[ANNOTATIONS[name]], schema, name === 'behavior');
  const cpu = spec.targetCPUUtilizationPercentage;
  const metrics = (read<readonly MetricSpecV1[]>('metrics', MetricSpecsV1) ?? []).map(specFromV1);
  if (cpu !== undefined) metrics.push(cpuUtilization(cpu));
  const behavior = read<HorizontalPodAutoscalerBehavior>('behavior', HorizontalPodAutoscalerBehavior);
  const conditions = read<HorizontalPodAutoscalerConditions>('conditions', HorizontalPodAutoscalerConditions);
  const { observedGeneration, lastScaleTime, currentReplicas = 0, desiredReplicas = 0 } = status ?? {};
  return {
    kind: autoscaler.kind,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(metadata, withoutOurs(metadata.annotations)),
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      ...(spec.minReplicas === undefined ? {} : { minReplicas: spec.minReplicas }),
      maxReplicas: spec.maxReplicas,
      metrics: metrics.length === 0 ? [cpuUtilization(DEFAULT_CPU)] : metrics,
      ...(behavior?.scaleUp === undefined && behavior?.scaleDown === undefined ? {} : { behavior }),
    },
    status: {
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
      ...(currentReplicas === 0 ? {} : { currentReplicas }),
      desiredReplicas,
      currentMetrics: currentMetricsOf(
        status?.currentCPUUtilizationPercentage,
        read<readonly MetricStatusV1[]>('currentMetrics', MetricStatusesV1),
      ),
      ...(conditions === undefined || conditions.length === 0 ? {} : { conditions }),
    },
  };
}

/** The annotation knows more than the field. */
function currentMetricsOf(cpu: number | undefined, annotated: readonly MetricStatusV1[] | undefined): MetricStatus[] {
  if (annotated !== undefined) return annotated.map(statusFromV1);
  return cpu === undefined
    ? []
    : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }];
}

function readAnnotation<T>(text: string | undefined, schema: TSchema, inGo: boolean): T | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text, inGo ? lowerFirst : undefined);
    return decodeSchema<T>(schema, value).value;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** A reviver that writes the first letter of every name small. */
const lowerFirst = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key.charAt(0).toLowerCase() + key.slice(1), one]))
    : value;
