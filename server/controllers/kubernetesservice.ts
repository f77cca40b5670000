import { isDeepStrictEqual } from 'node:util';
import { type Endpoints, endpointsKind } from '#api/kinds/core/endpoints.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { type Service, serviceKind } from '#api/kinds/core/service.ts';
import { type EndpointSlice, endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { createUnlessThere } from '#server/reconcile/create.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { addressAt } from '#server/reconcile/ipv4.ts';
import { type Controller, DONE, againAfter } from '#server/reconcile/reconciler.ts';
import { SERVICE_NAME } from '#server/reconcile/service-endpoints.ts';
import type { Client } from '#server/store/client.ts';
import { type AddressesOfPort, addressesByPort } from './kubernetesservice/api-addresses.ts';

const NAMESPACE = 'default';
const NAME = 'kubernetes';
const SYSTEM_NAMESPACES = [NAMESPACE, 'kube-system', 'kube-public', 'kube-node-lease'];

/** Who serves the API is asked so often; it is a query only when there are several servers. Upstream's leases count for 15 s. */
const SERVERS_EVERY_MS = 3_000;

/** Keeps the system's namespaces and the Service by which pods reach the API: `kubernetes.default` (upstream: pkg/controlplane), with all servers that live as its endpoints. */
export function kubernetesServiceController(context: ControllerContext): Controller {
  const { client } = context;
  const isOurs = (name: string | undefined, namespace: string | undefined): boolean =>
    name === NAME && namespace === NAMESPACE;
  return {
    workers: 1,
    watch: (queue) => {
      const note = ({ metadata }: Service | Endpoints | EndpointSlice): void => {
        if (isOurs(metadata.name, metadata.namespace)) queue.add(NAME);
      };
      queue.add(NAME);
      return endAll(
        watchEach(client, serviceKind, note),
        watchEach(client, endpointsKind, note),
        watchEach(client, endpointSliceKind, note),
        client.watch(namespaceKind, {
          added() {},
          modified() {},
          deleted: ({ metadata }) => {
            if (SYSTEM_NAMESPACES.includes(metadata.name ?? '')) queue.add(NAME);
          },
        }),
      );
    },
    async reconcile() {
      for (const name of SYSTEM_NAMESPACES) {
        if (client.get(namespaceKind, '', name) !== undefined) continue;
        await createUnlessThere(client, namespaceKind, { kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
      }
      await syncService(context);
      const { otherServers, config } = context;
      // When it cannot be told who lives, what is published stays.
      const others = otherServers === undefined ? [] : await otherServers().catch(() => undefined);
      const own = { ip: config.apiAddress, port: config.apiPort };
      if (others !== undefined) await publish(client, addressesByPort(own, others));
      if (otherServers === undefined) return DONE;
      return againAfter(SERVERS_EVERY_MS);
    },
  };
}

async function syncService({ client, config }: ControllerContext): Promise<void> {
  if (client.get(serviceKind, NAMESPACE, NAME) !== undefined) return;
  const clusterIP = addressAt(config.serviceCIDR, 1);
  await createUnlessThere(client, serviceKind, {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { namespace: NAMESPACE, name: NAME, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      sessionAffinity: 'None',
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: config.apiPort }],
    },
  });
}

/** Upstream writes one EndpointSlice for one port; servers may listen on several here, and a slice has one set of ports. */
async function publish(client: Client, servers: readonly AddressesOfPort[]): Promise<void> {
  // Nobody can be reached: what is there is no worse.
  if (servers.length === 0) return;
  await syncEndpoints(client, servers);
  const names = servers.map(({ port }, index) => (index === 0 ? NAME : `${NAME}-${port}`));
  for (const [index, server] of servers.entries()) await syncSlice(client, names[index] ?? NAME, server);
  for (const { metadata } of client.list(endpointSliceKind, NAMESPACE)) {
    const { name = '' } = metadata;
    if (!/^kubernetes-\d+$/.test(name) || metadata.labels?.[SERVICE_NAME] !== NAME || names.includes(name)) continue;
    await client.delete(endpointSliceKind, NAMESPACE, name);
  }
}

async function syncEndpoints(client: Client, servers: readonly AddressesOfPort[]): Promise<void> {
  const subsets = servers.map(({ port, ips }) => ({
    addresses: ips.map((ip) => ({ ip })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }));
  const found = client.get(endpointsKind, NAMESPACE, NAME);
  if (found === undefined) {
    const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    const metadata = { namespace: NAMESPACE, name: NAME, labels };
    await createUnlessThere(client, endpointsKind, { kind: 'Endpoints', apiVersion: 'v1', metadata, subsets });
  } else if (!isDeepStrictEqual(found.subsets, subsets)) {
    await client.update(endpointsKind, NAMESPACE, NAME, (copy) => void (copy.subsets = subsets));
  }
}

async function syncSlice(client: Client, name: string, { port, ips }: AddressesOfPort): Promise<void> {
  const endpoints = ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } }));
  const ports = [{ name: 'https', protocol: 'TCP', port }];
  const found = client.get(endpointSliceKind, NAMESPACE, name);
  if (found === undefined) {
    const metadata = { namespace: NAMESPACE, name, labels: { [SERVICE_NAME]: NAME } };
    await createUnlessThere(client, endpointSliceKind, {
      kind: 'EndpointSlice',
      apiVersion: 'discovery.k8s.io/v1',
      metadata,
      addressType: 'IPv4',
      endpoints,
      ports,
    });
  } else if (!isDeepStrictEqual(found.endpoints, endpoints) || !isDeepStrictEqual(found.ports, ports)) {
    await client.update(endpointSliceKind, NAMESPACE, name, (copy) => {
      copy.endpoints = endpoints;
      copy.ports = ports;
    });
  }
}
