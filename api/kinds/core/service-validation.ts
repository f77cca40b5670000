import {
  type FieldError,
  duplicate,
  eachInvalid,
  forbidden,
  goStrings,
  invalid,
  invalidShown,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { IP_MESSAGE, isCIDR, isIP, specialAddress } from '#api/meta/ip.ts';
import { dns1123Label, dns1123Subdomain, portNumber, qualifiedName } from '#api/meta/names.ts';
import { validateLabels } from '#api/meta/object-meta-validation.ts';
import { PROTOCOLS } from '#api/podspec/validate-port.ts';
import { validatePortRef } from '#api/podspec/validate-probe.ts';
import type { Service, ServicePort, ServiceSpec } from './service.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const KUBELET_PORT = 10_250;
const MAX_AFFINITY_SECONDS = 86_400;
const LOAD_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'";

const isHeadless = (spec: ServiceSpec): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';
const isExternal = (spec: ServiceSpec): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';

/** The faults of a Service by itself, in upstream's order (core validation: ValidateService). */
export function validateService({ spec = {} }: Service): FieldError[] {
  const ports = spec.ports ?? [];
  const errors: FieldError[] = [];
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') errors.push(requiredValue('spec.ports'));
  errors.push(...validateType(spec));
  const names = new Set<string>();
  for (const [index, port] of ports.entries())
    errors.push(...validatePort(port, ports.length > 1, names, `spec.ports[${index}]`));
  errors.push(...validateLabels(spec.selector, 'spec.selector'));
  errors.push(...validateAffinity(spec));
  errors.push(...validateFamilies(spec));
  errors.push(...validateClusterIPs(spec));
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    const here = `spec.externalIPs[${index}]`;
    errors.push(...eachInvalid(here, ip, isIP(ip) ? specialAddress(ip) : [IP_MESSAGE]));
  }
  if (!TYPES.includes(spec.type ?? '')) errors.push(notSupported('spec.type', spec.type ?? '', TYPES));
  errors.push(...validateNodePorts(spec, ports));
  errors.push(...validateLoadBalancer(spec));
  errors.push(...validateTraffic(spec));
  return errors;
}

function validateType(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.type === 'LoadBalancer')
    for (const [index, { port }] of (spec.ports ?? []).entries())
      if (port === KUBELET_PORT)
        errors.push(
          invalid(
            `spec.ports[${index}].port`,
            port,
            `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`,
          ),
        );
  if (isExternal(spec) && isHeadless(spec))
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  if (spec.type === 'ExternalName') {
    for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const)
      if (spec[field] !== undefined && spec[field].length > 0)
        errors.push(forbidden(`spec.${field}`, 'may not be set for ExternalName services'));
    const name = (spec.externalName ?? '').replace(/\.$/, '');
    if (name === '') errors.push(requiredValue('spec.externalName'));
    else errors.push(...eachInvalid('spec.externalName', name, dns1123Subdomain(name)));
  }
  return errors;
}

function validatePort(port: ServicePort, needsName: boolean, names: Set<string>, path: string): FieldError[] {
  const { name = '', protocol = '', appProtocol } = port;
  const errors: FieldError[] = [];
  if (name !== '') {
    errors.push(...eachInvalid(`${path}.name`, name, dns1123Label(name)));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
  } else if (needsName) errors.push(requiredValue(`${path}.name`));
  errors.push(...eachInvalid(`${path}.port`, port.port ?? 0, portNumber(port.port ?? 0)));
  if (protocol === '') errors.push(requiredValue(`${path}.protocol`));
  else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS));
  errors.push(...validatePortRef(port.targetPort, `${path}.targetPort`));
  if (appProtocol !== undefined)
    errors.push(...eachInvalid(`${path}.appProtocol`, appProtocol, qualifiedName(appProtocol)));
  return errors;
}

function validateAffinity({ sessionAffinity = '', sessionAffinityConfig: config }: ServiceSpec): FieldError[] {
  if (sessionAffinity === '') return [requiredValue('spec.sessionAffinity')];
  const path = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None')
    return config === undefined ? [] : [forbidden(path, 'must not be set when session affinity is None')];
  if (sessionAffinity !== 'ClientIP')
    return [notSupported('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None'])];
  const seconds = config?.clientIP?.timeoutSeconds;
  if (seconds === undefined) return [requiredValue(path, 'when session affinity type is ClientIP')];
  return seconds > 0 && seconds <= MAX_AFFINITY_SECONDS
    ? []
    : [
        invalid(
          `${path}.clientIP.timeoutSeconds`,
          seconds,
          `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`,
        ),
      ];
}

/** The cluster has IPv4 alone. Only a headless service without selector, whose endpoints someone else writes, may be of both families. */
function validateFamilies(spec: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const free = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0;
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  const errors: FieldError[] = [];
  const policy = spec.ipFamilyPolicy;
  if (policy !== undefined && !policies.includes(policy))
    errors.push(notSupported('spec.ipFamilyPolicy', policy, policies));
  if (policy === 'RequireDualStack' && !free)
    errors.push(invalid('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services'));
  const families = spec.ipFamilies ?? [];
  for (const [index, family] of families.entries()) {
    const here = `spec.ipFamilies[${index}]`;
    if (family !== 'IPv4' && family !== 'IPv6') errors.push(notSupported(here, family, ['IPv4', 'IPv6']));
    else if (families.indexOf(family) < index) errors.push(duplicate(here, family));
    else if (family === 'IPv6' && !free) errors.push(invalid(here, family, 'not configured on this cluster'));
  }
  return errors;
}

function validateClusterIPs({ clusterIP = '', clusterIPs = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP)
    errors.push(invalidShown('spec.clusterIPs', goStrings(clusterIPs), 'element [0] must match clusterIP'));
  for (const [index, ip] of clusterIPs.entries()) {
    const here = `spec.clusterIPs[${index}]`;
    if (ip === 'None') {
      if (index > 0 || clusterIPs.length > 1) errors.push(invalid(here, ip, "'None' must be the first and only value"));
    } else if (!isIP(ip)) errors.push(invalid(here, ip, IP_MESSAGE));
  }
  if (clusterIPs.length > 2)
    errors.push(invalidShown('spec.clusterIPs', goStrings(clusterIPs), 'may only hold up to 2 values'));
  return errors;
}

function validateNodePorts(spec: ServiceSpec, ports: readonly ServicePort[]): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.type === 'ClusterIP')
    for (const [index, { nodePort }] of ports.entries())
      if (nodePort)
        errors.push(forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
  const nodePorts = new Set<string>();
  const pairs = new Set<string>();
  for (const [index, { protocol, port, nodePort }] of ports.entries()) {
    const here = `spec.ports[${index}]`;
    if (nodePort) {
      if (nodePorts.has(`${protocol}/${nodePort}`)) errors.push(duplicate(`${here}.nodePort`, nodePort));
      nodePorts.add(`${protocol}/${nodePort}`);
    }
    if (pairs.has(`${protocol}/${port}`)) errors.push(duplicate(here, { port, protocol }));
    pairs.add(`${protocol}/${port}`);
  }
  return errors;
}

function validateLoadBalancer(spec: ServiceSpec): FieldError[] {
  const balanced = spec.type === 'LoadBalancer';
  const errors: FieldError[] = [];
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) {
    // Upstream writes this one path with a capital.
    const path = 'spec.LoadBalancerSourceRanges';
    if (!balanced) errors.push(forbidden(path, LOAD_BALANCER_ONLY));
    if (!ranges.every((range) => isCIDR(range.trim())))
      errors.push(
        invalid(
          path,
          `[${ranges.join(' ')}]`,
          'must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24 ',
        ),
      );
  }
  const allocates = spec.allocateLoadBalancerNodePorts;
  if (balanced && allocates === undefined) errors.push(requiredValue('spec.allocateLoadBalancerNodePorts'));
  if (!balanced && allocates !== undefined)
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', LOAD_BALANCER_ONLY));
  const name = spec.loadBalancerClass;
  if (name !== undefined)
    errors.push(
      ...(balanced
        ? eachInvalid('spec.loadBalancerClass', name, qualifiedName(name))
        : [forbidden('spec.loadBalancerClass', LOAD_BALANCER_ONLY)]),
    );
  return errors;
}

function validateTraffic(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const policies = ['Cluster', 'Local'];
  const { externalTrafficPolicy: external = '', internalTrafficPolicy: internal, healthCheckNodePort = 0 } = spec;
  if (isExternal(spec)) {
    if (!policies.includes(external)) errors.push(notSupported('spec.externalTrafficPolicy', external, policies));
  } else if (external !== '')
    errors.push(
      invalid('spec.externalTrafficPolicy', external, "may only be set when `type` is 'NodePort' or 'LoadBalancer'"),
    );
  if (healthCheckNodePort !== 0 && !(spec.type === 'LoadBalancer' && external === 'Local'))
    errors.push(
      invalid(
        'spec.healthCheckNodePort',
        healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
  if (internal !== undefined && !policies.includes(internal))
    errors.push(notSupported('spec.internalTrafficPolicy', internal, policies));
  return errors;
}

/** The faults of a change of a Service: its addresses stay, unless it had or gets none. */
export function validateServiceUpdate({ spec = {} }: Service, { spec: before = {} }: Service): FieldError[] {
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return [];
  if (isHeadless(spec) && isHeadless(before)) return [];
  const [now, then] = [spec.clusterIPs ?? [], before.clusterIPs ?? []];
  const errors: FieldError[] = [];
  if (then.length > 0 && now.length === 0)
    return [invalidShown('spec.clusterIPs[0]', goStrings(now), 'primary clusterIP can not be unset')];
  for (const [index, ip] of then.entries())
    if (now[index] !== ip)
      errors.push(invalidShown(`spec.clusterIPs[${index}]`, goStrings(now), 'may not change once set'));
  if (
    spec.type === 'LoadBalancer' &&
    before.type === 'LoadBalancer' &&
    spec.loadBalancerClass !== before.loadBalancerClass
  )
    errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'));
  return errors;
}

/** The faults of what a load balancer says of itself. */
export const validateServiceStatus = ({ status }: Service): FieldError[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
    const here = `status.loadBalancer.ingress[${index}]`;
    const errors: FieldError[] = [];
    if (ip && !isIP(ip)) errors.push(invalid(`${here}.ip`, ip, 'must be a valid IP address'));
    if (hostname) {
      errors.push(...eachInvalid(`${here}.hostname`, hostname, dns1123Subdomain(hostname)));
      if (isIP(hostname)) errors.push(invalid(`${here}.hostname`, hostname, 'must be a DNS name, not an IP address'));
    }
    return errors;
  });
