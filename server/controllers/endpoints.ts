import { isDeepStrictEqual } from 'node:util';
import {
  type EndpointAddress,
  type EndpointPort,
  type EndpointSubset,
  type Endpoints,
  endpointsKind,
} from '#api/kinds/core/endpoints.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { type Service, serviceKind } from '#api/kinds/core/service.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { createUnlessThere } from '#server/reconcile/create.ts';
import { endAll } from '#server/reconcile/informers.ts';
import { isPodReady } from '#server/reconcile/pod-state.ts';
import { type Controller, DONE, keyOf, splitKey } from '#server/reconcile/reconciler.ts';
import {
  HEADLESS,
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

/** Keeps an Endpoints object for each Service that chooses pods (upstream: pkg/controller/endpoint). */
export function endpointsController({ client }: ControllerContext): Controller {
  return {
    workers: 4,
    watch: (queue) =>
      endAll(
        watchServices(client, queue),
        client.watch(endpointsKind, {
          // Left over from a Service that went while nobody looked; those that somebody wrote by hand have no such annotation.
          added: (endpoints) => {
            if (endpoints.metadata.annotations?.[TRIGGER_TIME] !== undefined) queue.add(keyOf(endpoints));
          },
          modified() {},
          deleted: (endpoints) => queue.add(keyOf(endpoints)),
        }),
        client.watch(serviceKind, { added() {}, modified() {}, deleted: (service) => queue.add(keyOf(service)) }),
      ),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const service = client.get(serviceKind, namespace, name);
      // The Endpoints of a Service bear its name; when it goes, they go, whoever wrote them.
      if (service === undefined) return client.delete(endpointsKind, namespace, name).then(() => DONE);
      if (!hasSelector(service) || service.spec?.type === 'ExternalName') return DONE;
      const pods = podsOf(client, service, service.spec?.publishNotReadyAddresses === true);
      const wanted = endpointsOf(service, pods);
      const found = client.get(endpointsKind, namespace, name);
      if (found === undefined) await createUnlessThere(client, endpointsKind, wanted);
      else if (!isSame(found, wanted)) {
        await client.update(endpointsKind, namespace, name, (copy) => {
          if (wanted.metadata.labels === undefined) delete copy.metadata.labels;
          else copy.metadata.labels = wanted.metadata.labels;
          copy.metadata.annotations = { ...copy.metadata.annotations, ...wanted.metadata.annotations };
          if (wanted.subsets === undefined) delete copy.subsets;
          else copy.subsets = wanted.subsets;
        });
      }
      return DONE;
    },
  };
}

const isSame = (found: Endpoints, wanted: Endpoints): boolean =>
  isDeepStrictEqual(found.subsets ?? [], wanted.subsets ?? []) &&
  isDeepStrictEqual(found.metadata.labels ?? {}, wanted.metadata.labels ?? {});

function endpointsOf(service: Service, pods: readonly Pod[]): Endpoints {
  const { namespace = '', name = '' } = service.metadata;
  const { [HEADLESS]: _headless, ...own } = service.metadata.labels ?? {};
  const labels = isHeadless(service) ? { ...own, [HEADLESS]: '' } : own;
  const time = triggerTimeOf(service, pods);
  const subsets = subsetsOf(service, pods);
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: {
      namespace,
      name,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(time === undefined ? {} : { annotations: { [TRIGGER_TIME]: time } }),
    },
    ...(subsets.length === 0 ? {} : { subsets }),
  };
}

/** Addresses with the same ports are one subset; all in a fixed order, so that equal endpoints are equal objects. */
function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const groups = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  for (const pod of pods) {
    const ports = portsOf(service, pod);
    // Without a port nobody can connect, but a headless Service may want just the names.
    if (ports.length === 0 && !(isHeadless(service) && (service.spec?.ports ?? []).length === 0)) continue;
    const id = JSON.stringify(ports);
    const group = groups.get(id) ?? { ports, ready: [], notReady: [] };
    groups.set(id, group);
    const ready = isPodReady(pod) || service.spec?.publishNotReadyAddresses === true;
    (ready ? group.ready : group.notReady).push(addressOf(service, pod));
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length === 0 ? {} : { addresses: ready.sort(byIP) }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.sort(byIP) }),
      ...(ports.length === 0 ? {} : { ports }),
    }));
}

const byIP = (a: EndpointAddress, b: EndpointAddress): number => (a.ip < b.ip ? -1 : 1);

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetPortOf(port, pod);
    if (number === undefined) return [];
    return [
      {
        ...((port.name ?? '') === '' ? {} : { name: port.name ?? '' }),
        port: number,
        protocol: port.protocol ?? 'TCP',
        ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
      },
    ];
  });
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const hostname = hostnameOf(pod, service);
  const nodeName = pod.spec?.nodeName;
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: targetRefOf(pod),
  };
}
