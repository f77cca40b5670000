import type { Service, ServicePort, ServiceSpec } from '#api/kinds/core/service.ts';

/** A service whose address is a name outside has no addresses in the cluster. */
export const needsClusterIP = (spec: ServiceSpec): boolean => spec.type !== 'ExternalName';
/** Does every port of it get a port on the nodes. */
export const needsNodePorts = (spec: ServiceSpec): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
/** Does it get a port on which nodes say whether they have an endpoint. */
export const needsHealthCheckNodePort = (spec: ServiceSpec): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * An update that does not speak of what the server had allocated keeps it; one that changes the type so that it is no longer
 * needed drops it (upstream: patchAllocatedValues, dropTypeDependentFields). Then clusterIP and clusterIPs are brought in line.
 */
export function carryAllocations(service: Service, old: Service): void {
  const { spec } = service;
  const before = old.spec;
  if (spec === undefined || before === undefined) return;
  keepAllocated(spec, before);
  dropUnneeded(spec, before);
  alignClusterIPs(spec, before);
}

function keepAllocated(spec: ServiceSpec, before: ServiceSpec): void {
  if (needsClusterIP(spec) && needsClusterIP(before)) {
    if (!spec.clusterIP && before.clusterIP !== undefined) spec.clusterIP = before.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === before.clusterIP && before.clusterIPs !== undefined)
      spec.clusterIPs = [...before.clusterIPs];
    if (!spec.ipFamilies?.length && before.ipFamilies !== undefined) spec.ipFamilies = [...before.ipFamilies];
    if (spec.ipFamilyPolicy === undefined && before.ipFamilyPolicy !== undefined)
      spec.ipFamilyPolicy = before.ipFamilyPolicy;
  }
  if (needsNodePorts(spec) && needsNodePorts(before)) {
    const key = (port: ServicePort): string => `${port.protocol}/${port.port}`;
    const known = new Map((before.ports ?? []).map((port) => [key(port), port.nodePort]));
    const used = new Set((spec.ports ?? []).map((port) => port.nodePort));
    for (const port of spec.ports ?? []) {
      const nodePort = known.get(key(port));
      if (!port.nodePort && nodePort && !used.has(nodePort)) port.nodePort = nodePort;
    }
  }
  if (needsHealthCheckNodePort(spec) && needsHealthCheckNodePort(before) && !spec.healthCheckNodePort)
    if (before.healthCheckNodePort !== undefined) spec.healthCheckNodePort = before.healthCheckNodePort;
}

function dropUnneeded(spec: ServiceSpec, before: ServiceSpec): void {
  if (needsClusterIP(before) && !needsClusterIP(spec)) {
    if (spec.clusterIP === before.clusterIP && same(spec.clusterIPs, before.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (same(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy;
    if (spec.internalTrafficPolicy === before.internalTrafficPolicy) delete spec.internalTrafficPolicy;
  }
  const nodePorts = (ports: readonly ServicePort[] | undefined): (number | undefined)[] =>
    (ports ?? []).map((port) => port.nodePort);
  if (needsNodePorts(before) && !needsNodePorts(spec) && same(nodePorts(spec.ports), nodePorts(before.ports)))
    for (const port of spec.ports ?? []) delete port.nodePort;
  if (needsHealthCheckNodePort(before) && !needsHealthCheckNodePort(spec))
    if (spec.healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort;
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts)
      delete spec.allocateLoadBalancerNodePorts;
    if (spec.loadBalancerClass === before.loadBalancerClass) delete spec.loadBalancerClass;
  }
  const external = (one: ServiceSpec): boolean => one.type === 'NodePort' || one.type === 'LoadBalancer';
  if (external(before) && !external(spec) && spec.externalTrafficPolicy === before.externalTrafficPolicy)
    delete spec.externalTrafficPolicy;
}

/** The older field `clusterIP` is the first of `clusterIPs`; a client that knows only one of them changes both. */
function alignClusterIPs(spec: ServiceSpec, before: ServiceSpec): void {
  const first = spec.clusterIPs?.[0];
  if (spec.clusterIP === first) return;
  const changedOld = spec.clusterIP !== before.clusterIP;
  if (changedOld && same(spec.clusterIPs, before.clusterIPs)) {
    if (spec.clusterIP === undefined || spec.clusterIP === '') delete spec.clusterIPs;
    else spec.clusterIPs = [spec.clusterIP];
  }
}
