import { compareQuantity } from '#api/meta/quantity.ts';
import type { Container } from '#api/podspec/container.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';

const QOS_RESOURCES = ['cpu', 'memory'] as const;

/**
 * The quality-of-service class of a pod: Guaranteed when every container limits cpu and memory and requests just that,
 * BestEffort when none names either, else Burstable.
 */
export function qosClass(spec: PodSpec | undefined): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers: Container[] = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const set = (list: Readonly<Record<string, string>> | undefined, name: string): string | undefined => {
    const quantity = list?.[name];
    return quantity === undefined || compareQuantity(quantity, '0') <= 0 ? undefined : quantity;
  };
  let named = false;
  let guaranteed = true;
  for (const { resources } of containers)
    for (const name of QOS_RESOURCES) {
      const limit = set(resources?.limits, name);
      const request = set(resources?.requests, name);
      if (limit !== undefined || request !== undefined) named = true;
      if (limit === undefined || compareQuantity(limit, request ?? limit) !== 0) guaranteed = false;
    }
  if (!named) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
