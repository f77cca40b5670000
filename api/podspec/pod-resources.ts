import { type ResourceList, addResourceLists, maxResourceLists } from '#api/meta/resource-list.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import type { PodSpec } from './pod-spec.ts';

/** Resources that a pod may name for itself, beside its containers (component-helpers: IsSupportedPodLevelResource). */
const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/**
 * What the containers of a pod request, or are limited to, in all: containers and sidecars together, or an init container with the sidecars
 * started before it, by resource whichever is more; what the pod says for itself goes before that (component-helpers: PodRequests, PodLimits).
 */
export function podResources(spec: PodSpec, side: 'requests' | 'limits'): Record<string, string> {
  let total: Record<string, string> = {};
  for (const { resources } of spec.containers ?? []) total = addResourceLists(total, resources?.[side] ?? {});
  let sidecars: Record<string, string> = {};
  let most: Record<string, string> = {};
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    const own = resources?.[side] ?? {};
    const among = addResourceLists(sidecars, own);
    if (restartPolicy === 'Always') {
      total = addResourceLists(total, own);
      sidecars = among;
    }
    most = maxResourceLists(most, among);
  }
  total = maxResourceLists(total, most);
  for (const [name, amount] of Object.entries(spec.resources?.[side] ?? {})) if (isPodLevel(name)) total[name] = amount;
  return total;
}

/** As `podResources`, with the pod's overhead; a limit only grows where there is one. */
export function podResourcesWithOverhead(spec: PodSpec, side: 'requests' | 'limits'): Record<string, string> {
  const total = podResources(spec, side);
  const overhead: ResourceList = spec.overhead ?? {};
  if (side === 'requests') return addResourceLists(total, overhead);
  const limited = Object.entries(overhead).filter(([name]) => compareQuantity(total[name], '0') > 0);
  return addResourceLists(total, Object.fromEntries(limited));
}

/** Does the pod name resources for itself. */
export const hasPodLevelResources = (spec: PodSpec): boolean =>
  [spec.resources?.requests, spec.resources?.limits].some((list) => Object.keys(list ?? {}).some(isPodLevel));
