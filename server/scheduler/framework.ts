import type { Pod } from '#api/kinds/core/pod.ts';
import type { NodeInfo, PodInfo, Snapshot } from './snapshot.ts';

/** Why a node does not take a pod. */
export interface Rejection {
  /** Upstream's own texts; `kubectl describe` counts nodes by them. */
  readonly reasons: readonly string[];
  /** Could the removal of other pods help. Upstream: Unschedulable, as against UnschedulableAndUnresolvable. */
  readonly preemptable: boolean;
}

/** A rejection that the removal of pods could lift. */
export const unschedulable = (...reasons: readonly string[]): Rejection => ({ reasons, preemptable: true });
/** A rejection that stands whatever pods go. */
export const unresolvable = (...reasons: readonly string[]): Rejection => ({ reasons, preemptable: false });

/** Takes or rejects one node; undefined = takes it. */
export type NodeFilter = (node: NodeInfo) => Rejection | undefined;

/** Decides which nodes could take a pod. */
export interface FilterPlugin {
  readonly name: string;
  /** Looks at the pod once: undefined = this plugin has no say, a text = no node can take it, else the test of each node. */
  prepare(pod: PodInfo, snapshot: Snapshot): NodeFilter | string | undefined;
}

/** Decides which of several nodes is best. */
export interface ScorePlugin {
  readonly name: string;
  /** How much its scores count. */
  readonly weight: number;
  /** Looks at the pod and the nodes that could take it; undefined = no say. The scores are from 0 to 100, higher is better. */
  prepare(pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): ((node: NodeInfo) => number) | undefined;
}

/** The highest score of a plugin. */
export const MAX_SCORE = 100;

/** Scores from raw values: the largest becomes 100, or 0 when `reverse` says that less is better. */
export function byLargest(
  nodes: readonly NodeInfo[],
  raw: (node: NodeInfo) => number,
  reverse = false,
): (node: NodeInfo) => number {
  const values = new Map(nodes.map((node) => [node, raw(node)]));
  const largest = Math.max(0, ...values.values());
  return (node) => {
    if (largest === 0) return reverse ? MAX_SCORE : 0;
    const score = ((values.get(node) ?? 0) * MAX_SCORE) / largest;
    return reverse ? MAX_SCORE - score : score;
  };
}

/** `namespace/name` of a pod. */
export const podKey = (pod: Pod): string => `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`;
