import type { FitFailure } from './fit-error.ts';
import type { FilterPlugin, NodeFilter, Rejection, ScorePlugin } from './framework.ts';
import type { NodeInfo, PodInfo, Snapshot } from './snapshot.ts';

/** The plugins that decide. */
export interface Plugins {
  readonly filters: readonly FilterPlugin[];
  readonly scores: readonly ScorePlugin[];
}

/** Chooses the node for a pod, or tells why none takes it. Pure: it takes the time of the plugins and waits for nothing. */
export function decide(pod: PodInfo, snapshot: Snapshot, plugins: Plugins): { readonly node: string } | FitFailure {
  const failure = {
    nodeCount: snapshot.nodes.length,
    neverPreempts: pod.pod.spec?.preemptionPolicy === 'Never',
    rejections: [],
  };
  const filters: NodeFilter[] = [];
  for (const plugin of plugins.filters) {
    const prepared = plugin.prepare(pod, snapshot);
    if (typeof prepared === 'string') return { ...failure, ofPod: prepared };
    if (prepared !== undefined) filters.push(prepared);
  }
  const rejections: Rejection[] = [];
  const feasible = snapshot.nodes.filter((node) => {
    for (const filter of filters) {
      const rejection = filter(node);
      if (rejection === undefined) continue;
      rejections.push(rejection);
      return false;
    }
    return true;
  });
  const [first] = feasible;
  if (first === undefined) return { ...failure, rejections };
  return { node: feasible.length === 1 ? first.name : best(pod, feasible, snapshot, plugins.scores).name };
}

/** The highest weighted sum; of several the node with the fewest pods, then the first by name. */
function best(
  pod: PodInfo,
  feasible: readonly NodeInfo[],
  snapshot: Snapshot,
  plugins: readonly ScorePlugin[],
): NodeInfo {
  const totals = new Map(feasible.map((node) => [node, 0]));
  for (const plugin of plugins) {
    const score = plugin.prepare(pod, feasible, snapshot);
    if (score === undefined) continue;
    for (const [node, total] of totals) totals.set(node, total + Math.floor(score(node)) * plugin.weight);
  }
  const [winner] = [...totals].reduce((a, b) => (isBetter(b, a) ? b : a));
  return winner;
}

const isBetter = ([a, scoreA]: [NodeInfo, number], [b, scoreB]: [NodeInfo, number]): boolean => {
  if (scoreA !== scoreB) return scoreA > scoreB;
  return a.pods.size !== b.pods.size ? a.pods.size < b.pods.size : a.name < b.name;
};
