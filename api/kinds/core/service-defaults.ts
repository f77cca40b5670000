import { needsClusterIP } from '#api/kinds/core/service-allocation.ts';
import type { Service } from '#api/kinds/core/service.ts';

/** How long a client sticks to its endpoint: three hours (upstream: DefaultClientIPServiceAffinitySeconds). */
export const DEFAULT_AFFINITY_SECONDS = 10_800;

/** The defaults of a Service (upstream: SetDefaults_Service). */
export function applyServiceDefaults(service: Service): void {
  service.spec ??= {};
  service.status ??= {};
  service.status.loadBalancer ??= {};
  const { spec } = service;
  spec.sessionAffinity ||= 'None';
  spec.type ||= 'ClusterIP';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= DEFAULT_AFFINITY_SECONDS;
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (!port.targetPort) port.targetPort = port.port;
  }
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  if (['ClusterIP', 'NodePort', 'LoadBalancer'].includes(spec.type)) spec.internalTrafficPolicy ??= 'Cluster';
}

/** What a new Service has beside its defaults: its address families, and clusterIP and clusterIPs in line with each other. */
export function prepareService(service: Service): void {
  service.status = { loadBalancer: {} };
  completeAddresses(service);
}

/** The address families of a cluster that has IPv4 alone; the addresses themselves are for the allocator. */
export function completeAddresses({ spec }: Service): void {
  if (spec === undefined || !needsClusterIP(spec)) return;
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  const headless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= headless ? 'RequireDualStack' : 'SingleStack';
  if (!spec.ipFamilies?.length) spec.ipFamilies = headless ? ['IPv4', 'IPv6'] : ['IPv4'];
}
