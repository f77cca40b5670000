import type { Service } from '#api/kinds/core/service.ts';
import type { EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import { formatIPv4, parseIPv4 } from '../network/ipv4.ts';

/** One answer of the cluster's own zone; names without the last dot. */
export type ClusterRecord =
  | { readonly type: 'A'; readonly name: string; readonly address: string }
  | { readonly type: 'CNAME'; readonly name: string; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly name: string;
      readonly target: string;
      readonly port: number;
      readonly address: string;
    }
  | { readonly type: 'PTR'; readonly name: string; readonly target: string };

/**
 * What the cluster knows of a name. `records` is empty for a name that exists without a record of the type asked for (NODATA);
 * `missing` is NXDOMAIN; `foreign` is for another resolver to answer.
 */
export type ClusterAnswer =
  | { readonly kind: 'records'; readonly records: readonly ClusterRecord[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'foreign' };

interface ServiceEntry {
  readonly namespace: string;
  readonly name: string;
  readonly externalName: string | undefined;
  /** Empty for a headless Service. */
  readonly clusterIPs: readonly string[];
  readonly ports: readonly NamedPort[];
  /** Endpoints of a headless Service. */
  readonly endpoints: readonly HeadlessEndpoint[];
}
interface NamedPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}
interface HeadlessEndpoint {
  readonly host: string;
  readonly address: string;
  readonly ports: readonly NamedPort[];
}

const NOTHING: ClusterAnswer = { kind: 'records', records: [] };
const MISSING: ClusterAnswer = { kind: 'missing' };
const FOREIGN: ClusterAnswer = { kind: 'foreign' };
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/**
 * The names of a cluster, after Kubernetes' DNS specification 1.1.0 (github.com/kubernetes/dns, docs/specification.md). Built once per
 * change of Services and slices; a question is a few map look-ups.
 */
export class ClusterZone {
  readonly #domain: string;
  readonly #services = new Map<string, ServiceEntry>();
  readonly #namespaces = new Set<string>(['default', 'kube-system']);
  readonly #pointers = new Map<string, string>();

  constructor(domain: string, services: readonly Service[], slices: readonly EndpointSlice[]) {
    this.#domain = domain;
    const slicesOf = Map.groupBy(
      slices.filter(({ addressType }) => addressType === 'IPv4'),
      ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME_LABEL]}`,
    );
    for (const service of services) {
      const entry = entryOf(service, slicesOf);
      this.#services.set(`${entry.namespace}/${entry.name}`, entry);
      this.#namespaces.add(entry.namespace);
      const fullName = `${entry.name}.${entry.namespace}.svc.${domain}`;
      for (const address of entry.clusterIPs) this.#pointers.set(address, fullName);
      for (const { host, address } of entry.endpoints) this.#pointers.set(address, `${host}.${fullName}`);
    }
  }

  /** Answers a question of class IN. `name` in any case, with or without the last dot; `type` as in `A`, `SRV`. */
  answer(question: string, type: string): ClusterAnswer {
    const name = question.toLowerCase().replace(/\.$/, '');
    if (name.endsWith('.in-addr.arpa')) return this.#reverse(name, type);
    if (name === this.#domain) return NOTHING;
    if (!name.endsWith(`.${this.#domain}`)) return FOREIGN;
    const labels = name.slice(0, -this.#domain.length - 1).split('.');
    const branch = labels.pop();
    const namespace = labels.pop();
    if (branch !== 'svc' && branch !== 'pod') {
      return branch === 'dns-version' && namespace === undefined ? NOTHING : MISSING;
    }
    if (namespace === undefined) return NOTHING;
    if (branch === 'pod') return podAnswer(name, namespace, labels, type);
    const last = labels.pop();
    if (last === undefined) return this.#namespaces.has(namespace) ? NOTHING : MISSING;
    const service = this.#services.get(`${namespace}/${last}`);
    return service === undefined ? MISSING : this.#serviceAnswer(name, service, labels, type);
  }

  #serviceAnswer(name: string, service: ServiceEntry, labels: readonly string[], type: string): ClusterAnswer {
    const { externalName, clusterIPs, endpoints } = service;
    const fullName = `${service.name}.${service.namespace}.svc.${this.#domain}`;
    if (externalName !== undefined) {
      // A CNAME answers whatever type was asked for.
      return labels.length > 0
        ? MISSING
        : { kind: 'records', records: [{ type: 'CNAME', name, target: externalName }] };
    }
    const isHeadless = clusterIPs.length === 0;
    if (labels.length === 0) {
      const addresses = isHeadless ? [...new Set(endpoints.map(({ address }) => address))] : clusterIPs;
      // A headless Service without endpoints has no name: clients then try their next search domain or fail at once (as CoreDNS).
      if (addresses.length === 0) return MISSING;
      if (type === 'SRV') return srv(name, this.#targets(service, fullName));
      return type === 'A' || type === 'ANY' ? addressRecords(name, addresses) : NOTHING;
    }
    if (labels.length === 1) {
      const found = endpoints.filter(({ host }) => host === labels[0]).map(({ address }) => address);
      if (found.length === 0) return MISSING;
      return type === 'A' || type === 'ANY' ? addressRecords(name, found) : NOTHING;
    }
    const [port = '', protocol = ''] = labels;
    if (labels.length > 2 || !port.startsWith('_') || !protocol.startsWith('_')) return MISSING;
    const targets = this.#targets(service, fullName).filter(
      (one) => one.portName === port.slice(1) && one.protocol === protocol.slice(1),
    );
    if (targets.length === 0) return MISSING;
    return type === 'SRV' || type === 'ANY' ? srv(name, targets) : NOTHING;
  }

  #targets(service: ServiceEntry, fullName: string): SrvTarget[] {
    const { clusterIPs, endpoints, ports } = service;
    const target = (host: string, address: string, port: NamedPort): SrvTarget[] =>
      port.name === '' ? [] : [{ host, address, portName: port.name, protocol: port.protocol, port: port.port }];
    return clusterIPs.length > 0
      ? clusterIPs.flatMap((address) => ports.flatMap((port) => target(fullName, address, port)))
      : endpoints.flatMap(({ host, address, ports: own }) =>
          own.flatMap((port) => target(`${host}.${fullName}`, address, port)),
        );
  }

  #reverse(name: string, type: string): ClusterAnswer {
    const address = parseIPv4(name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.'));
    const target = address === undefined ? undefined : this.#pointers.get(formatIPv4(address));
    if (target === undefined) return FOREIGN;
    return type === 'PTR' || type === 'ANY' ? { kind: 'records', records: [{ type: 'PTR', name, target }] } : NOTHING;
  }
}

interface SrvTarget {
  readonly host: string;
  readonly address: string;
  readonly portName: string;
  readonly protocol: string;
  readonly port: number;
}

const srv = (name: string, targets: readonly SrvTarget[]): ClusterAnswer => ({
  kind: 'records',
  records: targets.map(({ host, address, port }) => ({ type: 'SRV', name, target: host, port, address })),
});

const addressRecords = (name: string, addresses: readonly string[]): ClusterAnswer => ({
  kind: 'records',
  records: addresses.map((address) => ({ type: 'A', name, address })),
});

/** `1-2-3-4.namespace.pod`: the address is in the name, whether such a pod is there or not (as CoreDNS' "pods insecure"). */
function podAnswer(name: string, namespace: string, labels: readonly string[], type: string): ClusterAnswer {
  if (namespace === '' || labels.length === 0) return NOTHING;
  const address = parseIPv4((labels[0] ?? '').replaceAll('-', '.'));
  if (labels.length > 1 || address === undefined) return MISSING;
  return type === 'A' || type === 'ANY' ? addressRecords(name, [formatIPv4(address)]) : NOTHING;
}

function entryOf({ metadata, spec }: Service, slicesOf: ReadonlyMap<string, readonly EndpointSlice[]>): ServiceEntry {
  const { namespace = '', name = '' } = metadata;
  const clusterIP = spec?.clusterIP ?? '';
  const isExternalName = spec?.type === 'ExternalName';
  const ports = (spec?.ports ?? []).map((port) => ({
    name: port.name ?? '',
    protocol: (port.protocol ?? 'TCP').toLowerCase(),
    port: port.port,
  }));
  const isHeadless = !isExternalName && parseIPv4(clusterIP) === undefined;
  return {
    namespace,
    name,
    externalName: isExternalName ? (spec?.externalName ?? '').replace(/\.$/, '') : undefined,
    clusterIPs: isExternalName || isHeadless ? [] : [clusterIP],
    ports,
    endpoints: isHeadless
      ? (slicesOf.get(`${namespace}/${name}`) ?? []).flatMap((slice) =>
          headlessEndpoints(slice, spec?.publishNotReadyAddresses === true),
        )
      : [],
  };
}

function headlessEndpoints({ endpoints, ports }: EndpointSlice, publishNotReady: boolean): HeadlessEndpoint[] {
  const named = (ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
    port === undefined ? [] : [{ name, protocol: protocol.toLowerCase(), port }],
  );
  return (endpoints ?? [])
    .filter(({ conditions }) => publishNotReady || (conditions?.ready ?? true))
    .flatMap(({ addresses, hostname }) =>
      addresses
        .filter((address) => parseIPv4(address) !== undefined)
        .map((address) => ({ host: hostname ?? address.replaceAll('.', '-'), address, ports: named })),
    );
}
