import type { Node, Taint } from '#api/kinds/core/node.ts';
import type { Toleration } from '#api/podspec/pod-spec.ts';

/** Does a toleration cover a taint (corev1 Toleration.ToleratesTaint). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { effect = '', key = '', operator = 'Equal', value = '' } = toleration;
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return key !== '' && (operator === 'Equal' || operator === '') && value === (taint.value ?? '');
}

/** Does any of several tolerations cover a taint. */
export const isTolerated = (tolerations: readonly Toleration[] | undefined, taint: Taint): boolean =>
  (tolerations ?? []).some((toleration) => tolerates(toleration, taint));

/**
 * The taints of a node, and those that its Ready condition is about to bring: the node lifecycle controller sets them a moment later, and no
 * pod may slip through in between.
 */
export function taintsOf(node: Node): readonly Taint[] {
  const taints = node.spec?.taints ?? [];
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
  if (ready === undefined || ready === 'True') return taints;
  const key = ready === 'False' ? 'node.kubernetes.io/not-ready' : 'node.kubernetes.io/unreachable';
  return taints.some((taint) => taint.key === key) ? taints : [...taints, { key, effect: 'NoSchedule' }];
}
