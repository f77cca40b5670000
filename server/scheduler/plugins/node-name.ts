import { type FilterPlugin, unresolvable } from '../framework.ts';

/** A pod that names its node fits no other. */
export const nodeName: FilterPlugin = {
  name: 'NodeName',
  prepare({ pod }) {
    const wanted = pod.spec?.nodeName ?? '';
    if (wanted === '') return undefined;
    return (node) => (node.name === wanted ? undefined : unresolvable("node(s) didn't match the requested node name"));
  },
};
