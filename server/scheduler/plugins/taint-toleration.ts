import { type FilterPlugin, type ScorePlugin, byLargest, unresolvable } from '../framework.ts';
import { isTolerated, taintsOf } from '#server/reconcile/tolerations.ts';

/** A node with a taint NoSchedule or NoExecute takes only pods that tolerate it. */
export const taintToleration: FilterPlugin = {
  name: 'TaintToleration',
  prepare({ pod }) {
    return ({ node }) => {
      const taint = taintsOf(node).find(
        (one) => one.effect !== 'PreferNoSchedule' && !isTolerated(pod.spec?.tolerations, one),
      );
      if (taint === undefined) return undefined;
      return unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
    };
  },
};

/** The fewer untolerated PreferNoSchedule taints, the better. */
export const taintTolerationScore: ScorePlugin = {
  name: 'TaintToleration',
  weight: 3,
  prepare({ pod }, nodes) {
    const soft = (pod.spec?.tolerations ?? []).filter(
      ({ effect = '' }) => effect === '' || effect === 'PreferNoSchedule',
    );
    const untolerated = nodes.map(
      ({ node }) =>
        (node.spec?.taints ?? []).filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(soft, taint))
          .length,
    );
    if (untolerated.every((count) => count === 0)) return undefined;
    const counts = new Map(nodes.map((node, at) => [node, untolerated[at] ?? 0]));
    return byLargest(nodes, (node) => counts.get(node) ?? 0, true);
  },
};
