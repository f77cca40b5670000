import type { Column } from '#api/kind.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import type { HorizontalPodAutoscaler } from '#api/kinds/autoscaling/horizontalpodautoscaler.ts';
import type { MetricSpec, MetricStatus } from '#api/kinds/autoscaling/metrics.ts';

const UNKNOWN = '<unknown>';
/** So many targets are shown, then only how many more there are. */
const MOST_TARGETS = 2;

/** `10/20`, or `10/20 (avg)`: a metric that is not of a resource. */
function amountText(
  source: MetricSpec['object'] | MetricSpec['external'],
  status: MetricStatus['object'] | MetricStatus['external'],
): string {
  if (source?.target.averageValue !== undefined)
    return `${status?.current.averageValue ?? UNKNOWN}/${source.target.averageValue} (avg)`;
  return `${status === undefined ? UNKNOWN : (status.current.value ?? '0')}/${source?.target.value ?? '0'}`;
}

/** `cpu: 10%/50%`. */
function resourceText(
  source: MetricSpec['resource'] | MetricSpec['containerResource'],
  status: MetricStatus['resource'] | MetricStatus['containerResource'],
): string {
  const { name = '', target } = source ?? {};
  if (target?.averageValue !== undefined)
    return `${name}: ${status === undefined ? UNKNOWN : (status.current.averageValue ?? '0')}/${target.averageValue}`;
  const percent = (value: number | undefined, none: string): string => (value === undefined ? none : `${value}%`);
  return `${name}: ${percent(status?.current.averageUtilization, UNKNOWN)}/${percent(target?.averageUtilization, '<auto>')}`;
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'External':
      return amountText(metric.external, status?.external);
    case 'Object':
      return amountText(metric.object, status?.object);
    case 'Pods':
      return `${status?.pods === undefined ? UNKNOWN : (status.pods.current.averageValue ?? '0')}/${metric.pods?.target.averageValue ?? '0'}`;
    case 'Resource':
      return resourceText(metric.resource, status?.resource);
    case 'ContainerResource':
      return resourceText(metric.containerResource, status?.containerResource);
    default:
      return '<unknown type>';
  }
}

function targetsText({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const texts = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index]));
  const shown = texts.slice(0, MOST_TARGETS).join(', ');
  return texts.length > MOST_TARGETS ? `${shown} + ${texts.length - MOST_TARGETS} more...` : shown;
}

/** The columns of `kubectl get hpa`. */
export const autoscalerColumns: readonly Column<HorizontalPodAutoscaler>[] = [
  nameColumn,
  textColumn(
    'Reference',
    'What is scaled.',
    ({ spec: { scaleTargetRef } }) => `${scaleTargetRef.kind}/${scaleTargetRef.name}`,
  ),
  textColumn('Targets', 'What the metrics are, and what they shall be.', targetsText),
  textColumn('MinPods', 'The fewest pods.', ({ spec }) => String(spec.minReplicas ?? '<unset>')),
  textColumn('MaxPods', 'The most pods.', ({ spec }) => spec.maxReplicas),
  textColumn('Replicas', 'How many pods there are.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
];
