import { type FilterPlugin, unresolvable } from '../framework.ts';
import { isTolerated } from '#server/reconcile/tolerations.ts';

const CORDON = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** A cordoned node takes only pods that tolerate it. */
export const nodeUnschedulable: FilterPlugin = {
  name: 'NodeUnschedulable',
  prepare({ pod }) {
    if (isTolerated(pod.spec?.tolerations, CORDON)) return undefined;
    return ({ node }) => (node.spec?.unschedulable === true ? unresolvable('node(s) were unschedulable') : undefined);
  },
};
