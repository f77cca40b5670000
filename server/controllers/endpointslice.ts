import { nodeKind } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { type Service, serviceKind } from '#api/kinds/core/service.ts';
import { type Endpoint, type EndpointPort, endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll } from '#server/reconcile/informers.ts';
import { namespaceGoes } from '#server/reconcile/pod-control.ts';
import { isPodReady } from '#server/reconcile/pod-state.ts';
import { type Controller, DONE, splitKey } from '#server/reconcile/reconciler.ts';
import {
  HEADLESS,
  MANAGED_BY,
  SERVICE_NAME,
  TRIGGER_TIME,
  hasSelector,
  hostnameOf,
  isHeadless,
  podsOf,
  targetPortOf,
  targetRefOf,
  triggerTimeOf,
  watchServices,
} from '#server/reconcile/service-endpoints.ts';
import { type EndpointGroup, syncSlices } from '#server/reconcile/slices.ts';

const MANAGER = 'endpointslice-controller.k8s.io';

/**
 * Keeps the EndpointSlices of each Service that chooses pods (upstream: pkg/controller/endpointslice). The slices of a deleted Service go
 * with their owner.
 */
export function endpointSliceController(context: ControllerContext): Controller {
  const { client } = context;
  return {
    workers: 4,
    watch: (queue) =>
      endAll(
        watchServices(client, queue),
        client.watch(endpointSliceKind, {
          added() {},
          modified() {},
          deleted: ({ metadata }) => {
            const service = metadata.labels?.[SERVICE_NAME];
            if (service !== undefined && metadata.labels?.[MANAGED_BY] === MANAGER) {
              queue.add(`${metadata.namespace ?? ''}/${service}`);
            }
          },
        }),
      ),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const service = client.get(serviceKind, namespace, name);
      if (service === undefined || service.metadata.deletionTimestamp !== undefined) return DONE;
      if (!hasSelector(service) || service.spec?.type === 'ExternalName') return DONE;
      const pods = podsOf(client, service, true);
      const time = triggerTimeOf(service, pods);
      const families = service.spec?.ipFamilies ?? ['IPv4'];
      try {
        await syncSlices(client, {
          owner: service,
          serviceName: name,
          managedBy: MANAGER,
          labels: labelsOf(service),
          annotations: time === undefined ? {} : { [TRIGGER_TIME]: time },
          groups: families.flatMap((family) => groupsOf(context, service, pods, family)),
        });
      } catch (error) {
        if (!namespaceGoes(error)) throw error;
      }
      return DONE;
    },
  };
}

function labelsOf(service: Service): Record<string, string> {
  const {
    [HEADLESS]: _headless,
    [MANAGED_BY]: _manager,
    [SERVICE_NAME]: _name,
    ...own
  } = service.metadata.labels ?? {};
  return isHeadless(service) ? { ...own, [HEADLESS]: '' } : own;
}

/** Pods whose container ports are the same are one group; a Service without pods has one group without endpoints. */
function groupsOf(context: ControllerContext, service: Service, pods: readonly Pod[], family: string): EndpointGroup[] {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    const addresses = (pod.status?.podIPs ?? [{ ip: pod.status?.podIP ?? '' }])
      .map(({ ip }) => ip)
      .filter((ip) => ip.includes(':') === (family === 'IPv6'));
    if (addresses.length === 0) continue;
    const ports = portsOf(service, pod);
    const id = JSON.stringify(ports);
    const group = groups.get(id) ?? { ports, endpoints: [] };
    groups.set(id, group);
    group.endpoints.push(endpointOf(context, service, pod, addresses));
  }
  if (groups.size === 0) return [{ addressType: family, ports: [], endpoints: [] }];
  return [...groups.values()].map(({ ports, endpoints }) => ({ addressType: family, ports, endpoints }));
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetPortOf(port, pod);
    if (number === undefined) return [];
    return [
      {
        name: port.name ?? '',
        protocol: port.protocol ?? 'TCP',
        port: number,
        ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
      },
    ];
  });
}

function endpointOf({ client }: ControllerContext, service: Service, pod: Pod, addresses: string[]): Endpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isPodReady(pod);
  const hostname = hostnameOf(pod, service);
  const nodeName = pod.spec?.nodeName;
  const zone = client.get(nodeKind, '', nodeName ?? '')?.metadata.labels?.['topology.kubernetes.io/zone'];
  return {
    addresses,
    conditions: {
      ready: service.spec?.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: targetRefOf(pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}
