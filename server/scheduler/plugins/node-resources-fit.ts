import { type FilterPlugin, MAX_SCORE, type ScorePlugin, unschedulable } from '../framework.ts';
import type { NodeInfo, PodInfo } from '../snapshot.ts';

/** What the pod requests must be free, and one more pod must be allowed. */
export const nodeResourcesFit: FilterPlugin = {
  name: 'NodeResourcesFit',
  prepare({ requests }) {
    const wanted = [...requests].filter(([, amount]) => amount > 0);
    return ({ allocatable, requested, pods }) => {
      const reasons: string[] = [];
      if (pods.size + 1 > (allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
      for (const [name, amount] of wanted) {
        if (amount > (allocatable.get(name) ?? 0) - (requested.get(name) ?? 0)) reasons.push(`Insufficient ${name}`);
      }
      return reasons.length === 0 ? undefined : unschedulable(...reasons);
    };
  },
};

/** The more cpu and memory stay free, the better. */
export const leastAllocated: ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  prepare(pod) {
    return (node) => {
      const [cpu, memory] = fractions(pod, node);
      return (Math.max(0, 1 - cpu) * MAX_SCORE + Math.max(0, 1 - memory) * MAX_SCORE) / 2;
    };
  },
};

/** The more alike the used shares of cpu and memory are, the better. */
export const balancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepare(pod) {
    return (node) => {
      const [cpu, memory] = fractions(pod, node);
      return (1 - Math.abs(Math.min(1, cpu) - Math.min(1, memory)) / 2) * MAX_SCORE;
    };
  },
};

/** The shares of cpu and memory that would be taken with the pod on the node. */
function fractions({ scoreRequests }: PodInfo, { allocatable, scoreRequested }: NodeInfo): [number, number] {
  const share = (name: string): number => {
    const all = allocatable.get(name) ?? 0;
    return all === 0 ? 1 : ((scoreRequested.get(name) ?? 0) + (scoreRequests.get(name) ?? 0)) / all;
  };
  return [share('cpu'), share('memory')];
}
