import { isDeepStrictEqual } from 'node:util';
import { type Endpoints, endpointsKind } from '#api/kinds/core/endpoints.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { type Service, serviceKind } from '#api/kinds/core/service.ts';
import { type EndpointSlice, endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { createUnlessThere } from '#server/reconcile/create.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { addressAt } from '#server/reconcile/ipv4.ts';
import { type Controller, DONE } from '#server/reconcile/reconciler.ts';
import { SERVICE_NAME } from '#server/reconcile/service-endpoints.ts';

const NAMESPACE = 'default';
const NAME = 'kubernetes';
const SYSTEM_NAMESPACES = [NAMESPACE, 'kube-system', 'kube-public', 'kube-node-lease'];

/** Keeps the system's namespaces and the Service by which pods reach the API: `kubernetes.default` (upstream: pkg/controlplane). */
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
      // Inside a pod a loopback address is the pod itself, and the API refuses such endpoints.
      if (context.config.apiAddress.startsWith('127.')) return DONE;
      await syncEndpoints(context);
      await syncSlice(context);
      return DONE;
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

async function syncEndpoints({ client, config }: ControllerContext): Promise<void> {
  const subsets = [
    {
      addresses: [{ ip: config.apiAddress }],
      ports: [{ name: 'https', port: config.apiPort, protocol: 'TCP' }],
    },
  ];
  const found = client.get(endpointsKind, NAMESPACE, NAME);
  if (found === undefined) {
    const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    const metadata = { namespace: NAMESPACE, name: NAME, labels };
    await createUnlessThere(client, endpointsKind, { kind: 'Endpoints', apiVersion: 'v1', metadata, subsets });
  } else if (!isDeepStrictEqual(found.subsets, subsets)) {
    await client.update(endpointsKind, NAMESPACE, NAME, (copy) => void (copy.subsets = subsets));
  }
}

async function syncSlice({ client, config }: ControllerContext): Promise<void> {
  const endpoints = [{ addresses: [config.apiAddress], conditions: { ready: true } }];
  const ports = [{ name: 'https', protocol: 'TCP', port: config.apiPort }];
  const found = client.get(endpointSliceKind, NAMESPACE, NAME);
  if (found === undefined) {
    const metadata = { namespace: NAMESPACE, name: NAME, labels: { [SERVICE_NAME]: NAME } };
    await createUnlessThere(client, endpointSliceKind, {
      kind: 'EndpointSlice',
      apiVersion: 'discovery.k8s.io/v1',
      metadata,
      addressType: 'IPv4',
      endpoints,
      ports,
    });
  } else if (!isDeepStrictEqual(found.endpoints, endpoints) || !isDeepStrictEqual(found.ports, ports)) {
    await client.update(endpointSliceKind, NAMESPACE, NAME, (copy) => {
      copy.endpoints = endpoints;
      copy.ports = ports;
    });
  }
}
