import { type FilterPlugin, type ScorePlugin, byLargest, unresolvable } from '../framework.ts';
import { nodeAffinityMatches, termMatches } from '#server/reconcile/node-selector.ts';

/** nodeSelector and required node affinity. */
export const nodeAffinity: FilterPlugin = {
  name: 'NodeAffinity',
  prepare({ pod }) {
    const { nodeSelector, affinity } = pod.spec ?? {};
    if (nodeSelector === undefined && affinity?.nodeAffinity === undefined) return undefined;
    return ({ node }) =>
      nodeAffinityMatches(pod, node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector");
  },
};

/** Preferred node affinity: the weights of the terms that match. */
export const nodeAffinityScore: ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  prepare({ pod }, nodes) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    return byLargest(nodes, ({ node }) =>
      preferred.reduce((sum, { weight, preference }) => sum + (termMatches(preference, node) ? weight : 0), 0),
    );
  },
};
