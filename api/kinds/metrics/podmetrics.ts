import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { type Static, described, field, list, object, required, string } from '#api/schema/builders.ts';
import { sumOf, timestamp, usage, usageColumns, window } from './usage.ts';

/** `metrics.v1beta1.ContainerMetrics` (k8s.io/metrics). */
export const ContainerMetrics = object(
  'io.k8s.metrics.pkg.apis.metrics.v1beta1.ContainerMetrics',
  {
    name: required(1, described('The name of the container in its pod.', string())),
    usage: required(2, usage()),
  },
  { description: 'What a container uses.' },
);
/** The JSON form of `metrics.v1beta1.ContainerMetrics`. */
export type ContainerMetrics = Static<typeof ContainerMetrics>;

/** `metrics.v1beta1.PodMetrics` (k8s.io/metrics). */
export const PodMetrics = object(
  'io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: field(1, ObjectMeta),
    timestamp: required(2, timestamp()),
    window: required(3, window()),
    containers: required(4, described('What each container that runs uses.', list(ContainerMetrics))),
  },
  { description: 'What a pod uses, container by container.' },
);
/** The JSON form of `metrics.v1beta1.PodMetrics`. */
export type PodMetrics = Static<typeof PodMetrics> & { metadata: ObjectMeta };

/** What pods use: measured when it is asked for, never stored. */
export const podMetricsKind = defineKind<PodMetrics>({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  schema: PodMetrics,
  verbs: ['get', 'list'],
  columns: usageColumns<PodMetrics>(({ containers }, resource) =>
    sumOf(containers.map((container) => container.usage[resource])),
  ),
});
