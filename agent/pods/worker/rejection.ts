import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';

/** Why this node will not run a pod that was bound to it (kubelet: predicate admission); undefined when it will. */
export function rejection(pod: Pod, node: Node | undefined): { reason: string; message: string } | undefined {
  if (node === undefined) return undefined;
  const labels = node.metadata.labels ?? {};
  const mismatch = Object.entries(pod.spec?.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value);
  return mismatch ? { reason: 'NodeAffinity', message: 'Pod Predicate NodeAffinity failed' } : undefined;
}
