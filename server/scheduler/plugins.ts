import type { FilterPlugin, ScorePlugin } from './framework.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { interPodAffinity, interPodAffinityScore } from './plugins/inter-pod-affinity.ts';
import { nodeAffinity, nodeAffinityScore } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { balancedAllocation, leastAllocated, nodeResourcesFit } from './plugins/node-resources-fit.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import { podTopologySpread, podTopologySpreadScore } from './plugins/pod-topology-spread.ts';
import { taintToleration, taintTolerationScore } from './plugins/taint-toleration.ts';

/** The filters in the order in which they are asked (upstream's default order): the first that rejects a node is the one that is told. */
export const FILTERS: readonly FilterPlugin[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  podTopologySpread,
  interPodAffinity,
];

/** The scores, whose weighted sum decides. */
export const SCORES: readonly ScorePlugin[] = [
  taintTolerationScore,
  nodeAffinityScore,
  podTopologySpreadScore,
  interPodAffinityScore,
  leastAllocated,
  balancedAllocation,
  imageLocality,
];
