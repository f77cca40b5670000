import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { PodState } from './pod-state.ts';

/** Why the node itself ends a pod: its status has phase Failed with this. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
}

/** Judges pods that may not run here or have run for too long, and tells so; else says in how many milliseconds the deadline comes. */
export function judge({ context, pod, record }: PodState, startTime: string): Verdict | number {
  const { events, clock, state, nodeName } = context;
  const refused = record.containers.size === 0 ? rejection(pod, state.get('nodes', nodeName)) : undefined;
  if (refused !== undefined) {
    events.warning(pod, refused.reason, refused.message);
    return refused;
  }
  const seconds = pod.spec?.activeDeadlineSeconds;
  if (seconds === undefined) return Infinity;
  const left = Date.parse(startTime) + seconds * 1000 - clock.now();
  if (left > 0) return left;
  const message = 'Pod was active on the node longer than the specified deadline';
  events.normal(pod, 'DeadlineExceeded', message);
  return { reason: 'DeadlineExceeded', message };
}

/** Why this node will not run a pod that was bound to it (kubelet: predicate admission); undefined when it will. */
function rejection(pod: Pod, node: Node | undefined): Verdict | undefined {
  if (node === undefined) return undefined;
  const labels = node.metadata.labels ?? {};
  const mismatch = Object.entries(pod.spec?.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value);
  return mismatch ? { reason: 'NodeAffinity', message: 'Pod Predicate NodeAffinity failed' } : undefined;
}
