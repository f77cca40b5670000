import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { type Static, field, object, required, string } from '#api/schema/builders.ts';
import { timestamp, usage, usageColumns, window } from './usage.ts';

/** `metrics.v1beta1.NodeMetrics` (k8s.io/metrics). */
export const NodeMetrics = object(
  'io.k8s.metrics.pkg.apis.metrics.v1beta1.NodeMetrics',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: field(1, ObjectMeta),
    timestamp: required(2, timestamp()),
    window: required(3, window()),
    usage: required(4, usage()),
  },
  { description: 'What a node uses.' },
);
/** The JSON form of `metrics.v1beta1.NodeMetrics`. */
export type NodeMetrics = Static<typeof NodeMetrics> & { metadata: ObjectMeta };

/** What nodes use: measured when it is asked for, never stored. */
export const nodeMetricsKind = defineKind<NodeMetrics>({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'NodeMetrics',
  plural: 'nodes',
  scope: 'Cluster',
  schema: NodeMetrics,
  verbs: ['get', 'list'],
  columns: usageColumns<NodeMetrics>((node, resource) => node.usage[resource] ?? '0'),
});
