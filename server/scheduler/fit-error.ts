import type { Rejection } from './framework.ts';

/** Why no node took a pod: a text for all nodes, or a rejection for each. */
export interface FitFailure {
  readonly nodeCount: number;
  /** Said of the pod before any node was looked at. */
  readonly ofPod?: string;
  readonly rejections: readonly Rejection[];
  /** The pod's own preemptionPolicy is Never. */
  readonly neverPreempts: boolean;
}

/** Said when there are no nodes at all. */
export const NO_NODES = 'no nodes available to schedule pods';
const NO_VICTIMS = 'No preemption victims found for incoming pod';
const NOT_HELPFUL = 'Preemption is not helpful for scheduling';

/**
 * `0/3 nodes are available: 2 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/3 nodes are available: …`, upstream's text to the letter,
 * its two full stops at the end included (framework.FitError).
 */
export function fitMessage({ nodeCount, ofPod, rejections, neverPreempts }: FitFailure): string {
  if (nodeCount === 0) return NO_NODES;
  const reasons = ofPod ?? histogram(rejections.flatMap(({ reasons: all }) => all));
  const preemption = neverPreempts
    ? 'not eligible due to preemptionPolicy=Never.'
    : available(
        nodeCount,
        // The text for a pod that no node was asked about is upstream's, too.
        ofPod === undefined
          ? histogram(rejections.map(({ preemptable }) => (preemptable ? NO_VICTIMS : NOT_HELPFUL)))
          : `${nodeCount} ${NO_VICTIMS}`,
      );
  return `${available(nodeCount, reasons)} preemption: ${preemption}.`;
}

const available = (nodeCount: number, reasons: string): string => `0/${nodeCount} nodes are available: ${reasons}.`;

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}
