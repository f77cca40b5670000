import type { Pod } from '#api/kinds/core/pod.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';
import type { TopologySpreadConstraint } from '#api/podspec/pod-spec.ts';
import { controllerOf } from '#server/reconcile/owner-references.ts';
import { type FilterPlugin, type ScorePlugin, byLargest, unresolvable, unschedulable } from '../framework.ts';
import { nodeAffinityMatches } from '#server/reconcile/node-selector.ts';
import type { NodeInfo } from '../snapshot.ts';
import { isTolerated, taintsOf } from '#server/reconcile/tolerations.ts';

const MISMATCH = "node(s) didn't match pod topology spread constraints";

/** Hard spread constraints: no domain may have more than `maxSkew` matching pods beyond the emptiest one. */
export const podTopologySpread: FilterPlugin = {
  name: 'PodTopologySpread',
  prepare({ pod }, { nodes }) {
    const hard = constraintsOf(pod, 'DoNotSchedule');
    if (hard.length === 0) return undefined;
    const counted = hard.map((constraint) => ({ constraint, ...countDomains(pod, constraint, hard, nodes) }));
    return (info) => {
      for (const { constraint, counts, selfMatches } of counted) {
        const domain = domainOf(info, constraint);
        if (domain === undefined) return unresolvable(`${MISMATCH} (missing required label)`);
        const enough = counts.size >= (constraint.minDomains ?? 1);
        const least = enough ? Math.min(...counts.values()) : 0;
        const skew = (counts.get(domain) ?? 0) + (selfMatches ? 1 : 0) - least;
        if (skew > constraint.maxSkew) return unschedulable(MISMATCH);
      }
      return undefined;
    };
  },
};

/** Soft spread constraints; without any, pods of one controller are spread over the nodes. */
export const podTopologySpreadScore: ScorePlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  prepare({ pod }, feasible, { nodes }) {
    if ((pod.spec?.topologySpreadConstraints ?? []).length === 0) return bySiblings(pod, feasible);
    const soft = constraintsOf(pod, 'ScheduleAnyway');
    if (soft.length === 0) return undefined;
    const counted = soft.map((constraint) => ({ constraint, ...countDomains(pod, constraint, soft, nodes) }));
    return byLargest(
      feasible,
      (info) =>
        counted.reduce((sum, { constraint, counts }) => {
          const domain = domainOf(info, constraint);
          // A node without the label is as bad as the fullest domain.
          return sum + (domain === undefined ? Math.max(0, ...counts.values()) + 1 : (counts.get(domain) ?? 0));
        }, 0),
      true,
    );
  },
};

function bySiblings(pod: Pod, feasible: readonly NodeInfo[]): ((node: NodeInfo) => number) | undefined {
  const owner = controllerOf(pod)?.uid;
  if (owner === undefined || feasible.length < 2) return undefined;
  return byLargest(
    feasible,
    ({ pods }) =>
      [...pods.values()].filter((other) => isCounted(other.pod) && controllerOf(other.pod)?.uid === owner).length,
    true,
  );
}

/** The pod's constraints of one sort, with the labels named in matchLabelKeys added to their selectors. */
function constraintsOf(pod: Pod, sort: string): TopologySpreadConstraint[] {
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === sort)
    .map((constraint) => {
      const own = (constraint.matchLabelKeys ?? []).flatMap((key) => {
        const value = pod.metadata.labels?.[key];
        return value === undefined ? [] : [[key, value] as const];
      });
      if (own.length === 0) return constraint;
      const matchLabels = { ...constraint.labelSelector?.matchLabels, ...Object.fromEntries(own) };
      return { ...constraint, labelSelector: { ...constraint.labelSelector, matchLabels } };
    });
}

const domainOf = ({ node }: NodeInfo, { topologyKey }: TopologySpreadConstraint): string | undefined =>
  node.metadata.labels?.[topologyKey];
const isCounted = (pod: Pod): boolean => pod.metadata.deletionTimestamp === undefined;

function countDomains(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  all: readonly TopologySpreadConstraint[],
  nodes: readonly NodeInfo[],
): { readonly counts: Map<string, number>; readonly selfMatches: boolean } {
  const matches = labelSelectorMatcher(constraint.labelSelector);
  const counts = new Map<string, number>();
  for (const info of nodes) {
    const domain = domainOf(info, constraint);
    if (domain === undefined || !isEligible(pod, constraint, all, info)) continue;
    let count = counts.get(domain) ?? 0;
    for (const { pod: other } of info.pods.values()) {
      const same = other.metadata.namespace === pod.metadata.namespace;
      if (same && isCounted(other) && matches(other.metadata.labels)) count += 1;
    }
    counts.set(domain, count);
  }
  return { counts, selfMatches: matches(pod.metadata.labels) };
}

/** Does a node count as part of its domain: it has every key, and the constraint's policies do not leave it out. */
function isEligible(
  pod: Pod,
  { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' }: TopologySpreadConstraint,
  all: readonly TopologySpreadConstraint[],
  info: NodeInfo,
): boolean {
  if (all.some((one) => domainOf(info, one) === undefined)) return false;
  if (nodeAffinityPolicy === 'Honor' && !nodeAffinityMatches(pod, info.node)) return false;
  if (nodeTaintsPolicy !== 'Honor') return true;
  return taintsOf(info.node).every(
    (taint) => taint.effect === 'PreferNoSchedule' || isTolerated(pod.spec?.tolerations, taint),
  );
}
