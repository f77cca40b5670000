import type { Pod } from '#api/kinds/core/pod.ts';
import { isPodReady, readySinceMs } from './pod-state.ts';

/** The annotation by which people say which pods to delete first: lower goes first. */
export const POD_DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * `pods` in the order in which a controller gives them up (upstream: ActivePodsWithRanks): unassigned, pending, not ready, cheap by annotation,
 * doubled up on a node, ready for a short time, often restarted, young. `related` are all pods of the same owner, which rank the nodes.
 */
export function inDeletionOrder(pods: readonly Pod[], related: readonly Pod[], nowMs: number): Pod[] {
  const perNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? '';
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod): number => perNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return [...pods].sort((a, b) => compare(a, b, rank(b) - rank(a), nowMs));
}

function compare(a: Pod, b: Pod, byRank: number, nowMs: number): number {
  const assigned = Number(isAssigned(a)) - Number(isAssigned(b));
  if (assigned !== 0) return assigned;
  const phase = phaseOf(a) - phaseOf(b);
  if (phase !== 0) return phase;
  const ready = Number(isPodReady(a)) - Number(isPodReady(b));
  if (ready !== 0) return ready;
  const cost = costOf(a) - costOf(b);
  if (cost !== 0) return cost;
  if (byRank !== 0) return byRank;
  return (
    byAge(readySinceMs(a), readySinceMs(b), a, b, nowMs) ??
    (restartsOf(b) - restartsOf(a) || (byAge(createdMs(a), createdMs(b), a, b, nowMs) ?? 0))
  );
}

/**
 * Younger first, but ages are compared by their order of magnitude (KEP-2185): among pods that are about as old, the uid decides, so that
 * a scale-down is spread over them. Undefined when the times say nothing.
 */
function byAge(a: number | undefined, b: number | undefined, podA: Pod, podB: Pod, nowMs: number): number | undefined {
  if (a === b) return undefined;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  const difference = magnitude(nowMs - a) - magnitude(nowMs - b);
  return difference !== 0 ? difference : (podA.metadata.uid ?? '') < (podB.metadata.uid ?? '') ? -1 : 1;
}

const magnitude = (ageMs: number): number => (ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1);
const isAssigned = (pod: Pod): boolean => (pod.spec?.nodeName ?? '') !== '';
const phaseOf = (pod: Pod): number => PHASE_ORDER[pod.status?.phase ?? 'Pending'] ?? 0;
const createdMs = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
const restartsOf = (pod: Pod): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));

function costOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[POD_DELETION_COST] ?? '';
  return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}
