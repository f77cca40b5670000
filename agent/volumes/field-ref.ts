import type { Pod } from '#api/kinds/core/pod.ts';
import { parseQuantity } from '#api/meta/quantity.ts';
import type { ResourceFieldSelector } from '#api/podspec/env.ts';

/** What a pod may ask about the place where it runs. Addresses are IPv4 first. */
export interface PodPlace {
  readonly nodeName: string;
  readonly hostIPs: readonly string[];
  /** Empty until the sandbox has its network. */
  readonly podIPs: readonly string[];
  /** What a container without a limit may use at most: allocatable of the node, as quantities. */
  readonly allocatable: Readonly<Record<string, string>>;
}

const KEYED = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** The value of a fieldRef path, e.g. `metadata.labels['app']`, or undefined when there is no such field. */
export function podField(pod: Pod, fieldPath: string, place: PodPlace): string | undefined {
  const keyed = KEYED.exec(fieldPath);
  if (keyed !== null) {
    const map = keyed[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[keyed[2] ?? ''] ?? '';
  }
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return place.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return place.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return place.hostIPs.join(',');
    case 'status.podIP':
      return place.podIPs[0] ?? '';
    case 'status.podIPs':
      return place.podIPs.join(',');
    default:
      return undefined;
  }
}

/** A map as a downward API file shows it: `key="value"` a line, by key. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/** The value of a resourceFieldRef in units of its divisor, rounded up; undefined when the container or the resource is unknown. */
export function resourceField(
  pod: Pod,
  selector: ResourceFieldSelector,
  defaultContainer: string | undefined,
  place: PodPlace,
): string | undefined {
  const name =
    selector.containerName === undefined || selector.containerName === '' ? defaultContainer : selector.containerName;
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const container = containers.find((candidate) => candidate.name === name);
  const match = /^(limits|requests)\.(.+)$/.exec(selector.resource);
  if (container === undefined || match === null) return undefined;
  const [, kind, resource = ''] = match;
  const own = kind === 'limits' ? container.resources?.limits : container.resources?.requests;
  const amount = own?.[resource] ?? (kind === 'limits' ? place.allocatable[resource] : undefined) ?? '0';
  const nano = parseQuantity(amount)?.nano ?? 0n;
  const divisor = parseQuantity(selector.divisor ?? '1')?.nano ?? 0n;
  const unit = divisor === 0n ? 1_000_000_000n : divisor;
  return String((nano + unit - 1n) / unit);
}
