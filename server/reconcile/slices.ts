import { isDeepStrictEqual } from 'node:util';
import {
  type Endpoint,
  type EndpointPort,
  type EndpointSlice,
  endpointSliceKind,
} from '#api/kinds/discovery/endpointslice.ts';
import type { KubeObject } from '#api/kind.ts';
import type { Client } from '#server/store/client.ts';
import { orUndefined } from './claim.ts';
import { controllerReference } from './owner-references.ts';
import { MANAGED_BY, SERVICE_NAME } from './service-endpoints.ts';

/** A slice holds no more endpoints than this (upstream: --max-endpoints-per-slice). */
const MAX_ENDPOINTS = 100;

/** Endpoints that share address family and ports. */
export interface EndpointGroup {
  readonly addressType: string;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Whose slices they are, and what they are to say. */
export interface SlicesWanted {
  readonly owner: KubeObject;
  readonly serviceName: string;
  readonly managedBy: string;
  /** All labels but the two that say whose they are. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly groups: readonly EndpointGroup[];
}

/**
 * Writes EndpointSlices so that together they hold the wanted endpoints, changing as few of them as can be: an endpoint stays in its slice,
 * new ones fill the fullest slice with room, and only then a new slice is made (upstream: the endpointslice reconciler).
 */
export async function syncSlices(client: Client, wanted: SlicesWanted): Promise<void> {
  const existing = slicesOf(client, wanted);
  const plans = merged(wanted.groups).flatMap((group) => plan(group, existing));
  const used = new Set(plans.map(({ slice }) => slice));
  const spare = existing.filter((slice) => !used.has(slice));
  const writes = plans.map(({ slice, group, endpoints }) =>
    slice === undefined ? create(client, wanted, group, endpoints) : update(client, wanted, slice, endpoints),
  );
  await Promise.all([...writes, ...spare.map((slice) => remove(client, slice))]);
}

/** One group for each address family and ports. */
function merged(groups: readonly EndpointGroup[]): EndpointGroup[] {
  const byPorts = new Map<string, EndpointGroup>();
  for (const group of groups) {
    const id = JSON.stringify([group.addressType, group.ports]);
    byPorts.set(id, { ...group, endpoints: [...(byPorts.get(id)?.endpoints ?? []), ...group.endpoints] });
  }
  return [...byPorts.values()];
}

/** The slices of a Service that one controller keeps. */
export const slicesOf = (
  client: Client,
  { owner, serviceName, managedBy }: Pick<SlicesWanted, 'owner' | 'serviceName' | 'managedBy'>,
): EndpointSlice[] =>
  client
    .list(endpointSliceKind, owner.metadata.namespace ?? '')
    .filter(
      ({ metadata }) =>
        metadata.deletionTimestamp === undefined &&
        metadata.labels?.[SERVICE_NAME] === serviceName &&
        metadata.labels[MANAGED_BY] === managedBy,
    );

interface Plan {
  readonly slice: EndpointSlice | undefined;
  readonly group: EndpointGroup;
  readonly endpoints: Endpoint[];
}

function plan(group: EndpointGroup, existing: readonly EndpointSlice[]): Plan[] {
  const mine = existing.filter(
    (slice) => slice.addressType === group.addressType && isDeepStrictEqual(slice.ports ?? [], group.ports),
  );
  const left = new Map(group.endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const plans: Plan[] = mine.map((slice) => {
    const kept = (slice.endpoints ?? []).flatMap((endpoint) => {
      const now = left.get(identityOf(endpoint));
      left.delete(identityOf(endpoint));
      return now === undefined ? [] : [now];
    });
    return { slice, group, endpoints: kept };
  });
  const fresh = [...left.values()];
  for (const { endpoints } of plans.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) {
    endpoints.push(...fresh.splice(0, MAX_ENDPOINTS - endpoints.length));
  }
  while (fresh.length > 0) plans.push({ slice: undefined, group, endpoints: fresh.splice(0, MAX_ENDPOINTS) });
  const full = plans.filter(({ endpoints }) => endpoints.length > 0);
  if (full.length > 0 || group.endpoints.length > 0) return full;
  // A Service without endpoints keeps one empty slice, by which its watchers know that it has none.
  return [plans[0] ?? { slice: undefined, group, endpoints: [] }];
}

const identityOf = ({ addresses, targetRef }: Endpoint): string => targetRef?.uid ?? addresses.join(',');

const labelsOf = ({ labels, managedBy, serviceName }: SlicesWanted): Record<string, string> => ({
  ...labels,
  [MANAGED_BY]: managedBy,
  [SERVICE_NAME]: serviceName,
});

async function create(
  client: Client,
  wanted: SlicesWanted,
  group: EndpointGroup,
  endpoints: Endpoint[],
): Promise<void> {
  await client.create(endpointSliceKind, {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      namespace: wanted.owner.metadata.namespace ?? '',
      generateName: `${wanted.serviceName}-`,
      labels: labelsOf(wanted),
      ...(Object.keys(wanted.annotations).length === 0 ? {} : { annotations: { ...wanted.annotations } }),
      ownerReferences: [controllerReference(wanted.owner)],
    },
    addressType: group.addressType,
    endpoints,
    ports: [...group.ports],
  });
}

async function update(
  client: Client,
  wanted: SlicesWanted,
  slice: EndpointSlice,
  endpoints: Endpoint[],
): Promise<void> {
  const labels = labelsOf(wanted);
  if (isDeepStrictEqual(slice.endpoints ?? [], endpoints) && isDeepStrictEqual(slice.metadata.labels, labels)) return;
  await orUndefined(
    client.update(endpointSliceKind, slice.metadata.namespace ?? '', slice.metadata.name ?? '', (copy) => {
      copy.endpoints = endpoints;
      copy.metadata.labels = labels;
      copy.metadata.annotations = { ...copy.metadata.annotations, ...wanted.annotations };
      return undefined;
    }),
  );
}

const remove = (client: Client, { metadata }: EndpointSlice): Promise<void> =>
  client.delete(endpointSliceKind, metadata.namespace ?? '', metadata.name ?? '');
