import type { Pod } from '#api/kinds/core/pod.ts';
import { milliValue, quantityValue } from '#api/meta/quantity.ts';

/** Amounts by resource name: cpu in thousandths of a core, everything else in its own unit (bytes, pieces). */
export type Resources = Map<string, number>;

/** Reads a map of quantities. */
export const resourcesOf = (quantities: Readonly<Record<string, string>> | undefined): Resources =>
  new Map(
    Object.entries(quantities ?? {}).map(([name, text]) => [
      name,
      name === 'cpu' ? milliValue(text) : quantityValue(text),
    ]),
  );

/** Adds `more` to `total`, `factor` times. */
export function addResources(total: Resources, more: Resources, factor = 1): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount * factor);
}

function raise(total: Resources, least: Resources): void {
  for (const [name, amount] of least) total.set(name, Math.max(total.get(name) ?? 0, amount));
}

/** A container's requests; what it is given when it says nothing counts for scores only. */
type Reader = (requests: Readonly<Record<string, string>> | undefined) => Resources;

/**
 * What a pod takes of a node (component-helpers: PodRequests): its containers and sidecars together, or any init container
 * with the sidecars started before it, whichever is more; and its overhead.
 */
export function podRequests(pod: Pod, read: Reader = resourcesOf): Resources {
  const spec = pod.spec;
  const total: Resources = new Map();
  for (const container of spec?.containers ?? []) addResources(total, read(container.resources?.requests));
  const sidecars: Resources = new Map();
  const most: Resources = new Map();
  for (const container of spec?.initContainers ?? []) {
    const own = read(container.resources?.requests);
    if (container.restartPolicy === 'Always') {
      addResources(total, own);
      addResources(sidecars, own);
      raise(most, sidecars);
    } else {
      addResources(own, sidecars);
      raise(most, own);
    }
  }
  raise(total, most);
  for (const [name, amount] of resourcesOf(spec?.resources?.requests)) total.set(name, amount);
  addResources(total, resourcesOf(spec?.overhead));
  return total;
}

/** What a container without requests is taken for when nodes are scored (upstream: DefaultMilliCPURequest, DefaultMemoryRequest). */
const DEFAULTS: ReadonlyMap<string, number> = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
]);

/** As `podRequests`, with a default for containers that request no cpu or memory, so that they too count in scores. */
export const podRequestsForScore = (pod: Pod): Resources =>
  podRequests(pod, (requests) => new Map([...DEFAULTS, ...resourcesOf(requests)]));
