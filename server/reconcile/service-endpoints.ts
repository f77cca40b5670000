import type { Pod } from '#api/kinds/core/pod.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { type Service, type ServicePort, serviceKind } from '#api/kinds/core/service.ts';
import type { Client } from '#server/store/client.ts';
import { endAll, watchEach } from './informers.ts';
import { selectsAll } from './label-selector.ts';
import { isPodTerminal, podCondition } from './pod-state.ts';
import { type KeyQueue, keyOf } from './reconciler.ts';

/** The label that names the Service of an EndpointSlice. */
export const SERVICE_NAME = 'kubernetes.io/service-name';
/** The label that names who keeps an EndpointSlice. */
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
/** The label of endpoints of a Service without an address of its own. */
export const HEADLESS = 'service.kubernetes.io/headless';
/** The annotation with the time of the change that brought the endpoints about. */
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Does a Service choose pods. Without a selector its endpoints are somebody else's to write. */
export const hasSelector = (service: Service): boolean => Object.keys(service.spec?.selector ?? {}).length > 0;

/** Is the Service without an address of its own. */
export const isHeadless = (service: Service): boolean => ['', 'None'].includes(service.spec?.clusterIP ?? '');

/** Notes Services when they change, and when a pod that they choose does. Returns the end of it. */
export function watchServices(client: Client, queue: KeyQueue): () => void {
  return endAll(
    watchEach(client, serviceKind, (service) => queue.add(keyOf(service))),
    watchEach(client, podKind, (pod) => {
      for (const service of client.list(serviceKind, pod.metadata.namespace ?? '')) {
        if (hasSelector(service) && selectsAll(service.spec?.selector, pod.metadata.labels)) queue.add(keyOf(service));
      }
    }),
  );
}

/** The pods of a Service that have an address and have not ended, by name; those that terminate when `terminating` says so. */
export const podsOf = (client: Client, service: Service, terminating: boolean): Pod[] =>
  client
    .list(podKind, service.metadata.namespace ?? '')
    .filter(
      (pod) =>
        selectsAll(service.spec?.selector, pod.metadata.labels) &&
        (pod.status?.podIP ?? '') !== '' &&
        !isPodTerminal(pod) &&
        (terminating || pod.metadata.deletionTimestamp === undefined),
    );

/** The number of the container port that a Service port leads to on this pod; undefined when the pod has no port of that name. */
export function targetPortOf(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  const protocol = port.protocol ?? 'TCP';
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find((one) => one.name === target && (one.protocol ?? 'TCP') === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

/** The host name that DNS gives the pod under this Service, if any. */
export function hostnameOf(pod: Pod, service: Service): string | undefined {
  const { hostname = '', subdomain = '' } = pod.spec ?? {};
  return hostname !== '' && subdomain === service.metadata.name ? hostname : undefined;
}

/** What an endpoint says of the pod behind it. */
export const targetRefOf = (pod: Pod): { kind: string; namespace: string; name: string; uid: string } => ({
  kind: 'Pod',
  namespace: pod.metadata.namespace ?? '',
  name: pod.metadata.name ?? '',
  uid: pod.metadata.uid ?? '',
});

/** The latest of the changes that endpoints follow from: of the Service's making, and of its pods' readiness. */
export function triggerTimeOf(service: Service, pods: readonly Pod[]): string | undefined {
  const times = pods.map((pod) => podCondition(pod, 'Ready')?.lastTransitionTime ?? '');
  return [service.metadata.creationTimestamp ?? '', ...times].sort().at(-1) || undefined;
}
