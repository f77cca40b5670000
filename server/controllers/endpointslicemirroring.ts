import { type EndpointAddress, type Endpoints, endpointsKind } from '#api/kinds/core/endpoints.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { type Endpoint, endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { namespaceGoes } from '#server/reconcile/pod-control.ts';
import { type Controller, DONE, keyOf, splitKey } from '#server/reconcile/reconciler.ts';
import { MANAGED_BY, SERVICE_NAME, TRIGGER_TIME, hasSelector } from '#server/reconcile/service-endpoints.ts';
import { type EndpointGroup, slicesOf, syncSlices } from '#server/reconcile/slices.ts';

const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
/** Annotations that say something of the Endpoints only. */
const NOT_MIRRORED = new Set([
  TRIGGER_TIME,
  'kubectl.kubernetes.io/last-applied-configuration',
  'control-plane.alpha.kubernetes.io/leader',
]);

/** Copies Endpoints that people write for Services without a selector into EndpointSlices (upstream: pkg/controller/endpointslicemirroring). */
export function endpointSliceMirroringController({ client }: ControllerContext): Controller {
  return {
    workers: 2,
    watch: (queue) =>
      endAll(
        watchEach(client, endpointsKind, (endpoints) => queue.add(keyOf(endpoints))),
        watchEach(client, serviceKind, (service) => {
          if (!hasSelector(service)) queue.add(keyOf(service));
        }),
        client.watch(endpointSliceKind, {
          added() {},
          modified() {},
          deleted: ({ metadata: { labels, namespace = '' } }) => {
            if (labels?.[MANAGED_BY] === MANAGER) queue.add(`${namespace}/${labels[SERVICE_NAME] ?? ''}`);
          },
        }),
      ),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const endpoints = client.get(endpointsKind, namespace, name);
      const service = client.get(serviceKind, namespace, name);
      // The slices of deleted Endpoints go with their owner.
      if (endpoints === undefined || endpoints.metadata.deletionTimestamp !== undefined) return DONE;
      const mirrored = service !== undefined && !hasSelector(service) && endpoints.metadata.labels?.[SKIP] !== 'true';
      if (!mirrored) {
        for (const { metadata } of slicesOf(client, { owner: endpoints, serviceName: name, managedBy: MANAGER })) {
          await client.delete(endpointSliceKind, namespace, metadata.name ?? '');
        }
        return DONE;
      }
      const annotations = Object.entries(endpoints.metadata.annotations ?? {}).filter(
        ([one]) => !NOT_MIRRORED.has(one),
      );
      try {
        await syncSlices(client, {
          owner: endpoints,
          serviceName: name,
          managedBy: MANAGER,
          labels: endpoints.metadata.labels ?? {},
          annotations: Object.fromEntries(annotations),
          groups: groupsOf(endpoints),
        });
      } catch (error) {
        if (!namespaceGoes(error)) throw error;
      }
      return DONE;
    },
  };
}

function groupsOf(endpoints: Endpoints): EndpointGroup[] {
  return (endpoints.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const all = [
      ...addresses.map((address) => endpointOf(address, true)),
      ...notReadyAddresses.map((address) => endpointOf(address, false)),
    ];
    const slicePorts = ports.map(({ name = '', protocol = 'TCP', port, appProtocol }) => ({
      name,
      protocol,
      port,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }));
    return ['IPv4', 'IPv6'].flatMap((addressType) => {
      const ofFamily = all.filter(({ addresses: [ip = ''] }) => ip.includes(':') === (addressType === 'IPv6'));
      return ofFamily.length === 0 ? [] : [{ addressType, ports: slicePorts, endpoints: ofFamily }];
    });
  });
}

const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname === undefined ? {} : { hostname }),
  ...(nodeName === undefined ? {} : { nodeName }),
  ...(targetRef === undefined ? {} : { targetRef }),
});
