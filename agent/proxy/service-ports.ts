import type { Service } from '#api/kinds/core/service.ts';
import type { Endpoint, EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import { parseIPv4 } from '../network/ipv4.ts';

/** The transport protocols of a Service, as nft writes them. */
export type Protocol = 'tcp' | 'udp' | 'sctp';

/** Where a connection can end. */
export interface Backend {
  readonly address: string;
  readonly port: number;
  /** It runs on this node. */
  readonly local: boolean;
}

/** One port of one Service with everything the ruleset needs, resolved and checked. */
export interface ServicePortView {
  /** `namespace/name/protocol/port`: unique, and safe in a chain's name. */
  readonly id: string;
  readonly clusterIP: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  readonly sourceRanges: readonly string[];
  /** Seconds for which a client keeps its endpoint; undefined without session affinity. */
  readonly affinitySeconds: number | undefined;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  /** What takes new connections anywhere in the cluster. */
  readonly backends: readonly Backend[];
  /** What takes new connections on this node. */
  readonly localBackends: readonly Backend[];
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
/** core.v1 ClientIPConfig's default, three hours. */
const DEFAULT_AFFINITY_SECONDS = 10_800;

/**
 * Joins Services with their EndpointSlices. Headless and ExternalName Services have no packets to direct and are left out; so is whatever
 * would not be safe inside a ruleset (a name that is no DNS label, an address that is no IPv4 address).
 */
export function servicePorts(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePortView[] {
  const slicesOf = Map.groupBy(
    slices.filter(({ addressType }) => addressType === 'IPv4'),
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME_LABEL]}`,
  );
  return services
    .flatMap((service) =>
      portsOf(service, slicesOf.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [], nodeName),
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function portsOf(
  { metadata, spec, status }: Service,
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePortView[] {
  const { namespace = '', name = '' } = metadata;
  const clusterIP = spec?.clusterIP ?? '';
  if (spec === undefined || spec.type === 'ExternalName' || !isIPv4(clusterIP)) return [];
  if (!NAME.test(namespace) || !NAME.test(name)) return [];
  const isExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  return (spec.ports ?? []).flatMap((servicePort): ServicePortView[] => {
    const protocol = PROTOCOLS[servicePort.protocol ?? 'TCP'];
    if (protocol === undefined || !isPort(servicePort.port)) return [];
    const candidates = slices.flatMap((slice) =>
      (slice.ports ?? [])
        .filter(
          (port) => (port.name ?? '') === (servicePort.name ?? '') && PROTOCOLS[port.protocol ?? 'TCP'] === protocol,
        )
        .flatMap(({ port }) => (slice.endpoints ?? []).flatMap((endpoint) => candidate(endpoint, port, nodeName))),
    );
    return [
      {
        id: `${namespace}/${name}/${protocol}/${servicePort.port}`,
        clusterIP,
        protocol,
        port: servicePort.port,
        nodePort: isExternal && isPort(servicePort.nodePort) ? servicePort.nodePort : undefined,
        externalIPs: (spec.externalIPs ?? []).filter(isIPv4),
        loadBalancerIPs:
          spec.type !== 'LoadBalancer'
            ? []
            : (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '', ipMode }) =>
                isIPv4(ip) && ipMode !== 'Proxy' ? [ip] : [],
              ),
        sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter(isRange),
        affinitySeconds:
          spec.sessionAffinity === 'ClientIP'
            ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS)
            : undefined,
        internalLocal: spec.internalTrafficPolicy === 'Local',
        externalLocal: spec.externalTrafficPolicy === 'Local',
        backends: usable(candidates),
        localBackends: usable(candidates.filter(({ local }) => local)),
      },
    ];
  });
}

interface Candidate extends Backend {
  readonly ready: boolean;
  readonly servingTerminating: boolean;
}

function candidate(
  { addresses, conditions, nodeName: node }: Endpoint,
  port: number | undefined,
  nodeName: string,
): Candidate[] {
  // Every address of an endpoint is the same pod; the first one stands for it.
  const [address = ''] = addresses;
  if (!isIPv4(address) || !isPort(port)) return [];
  // An absent `ready` means ready, an absent `serving` follows it (discovery/v1 EndpointConditions).
  const ready = conditions?.ready ?? true;
  const servingTerminating = (conditions?.serving ?? ready) && conditions?.terminating === true;
  return [{ address, port, local: node === nodeName, ready, servingTerminating }];
}

/** The ready ones; where none is ready, those that end but still serve (KEP-1669). */
function usable(candidates: readonly Candidate[]): Backend[] {
  const ready = candidates.filter((one) => one.ready);
  const chosen = ready.length > 0 ? ready : candidates.filter((one) => one.servingTerminating);
  const unique = new Map(chosen.map(({ address, port, local }) => [`${address}:${port}`, { address, port, local }]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend);
}

const isIPv4 = (text: string): boolean => parseIPv4(text) !== undefined;
const isPort = (port: number | undefined): port is number =>
  port !== undefined && Number.isInteger(port) && port > 0 && port < 65_536;
const isRange = (text: string): boolean => {
  const [address = '', prefix = ''] = text.split('/');
  return isIPv4(address) && /^([0-9]|[12][0-9]|3[0-2])$/.test(prefix);
};
