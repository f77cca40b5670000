import type { Service } from '#api/kinds/core/service.ts';
import type { EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import { parseIPv4 } from '../network/ipv4.ts';
import { TABLE } from '../network/names.ts';
import { type NftChain, type NftSet, type NftTable, replaceTable } from './nft-table.ts';
import { type Backend, type Protocol, type ServicePortView, servicePorts } from './service-ports.ts';

/** A port of a pod on this node that the host answers for. `hostIP` '' or absent: every address of the host. */
export interface HostPort {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly hostPort: number;
  readonly hostIP?: string;
  readonly podIP: string;
  readonly containerPort: number;
}

/** What changes while a node runs. */
export interface ProxyState {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly hostPorts?: readonly HostPort[];
}

/** What stays: this node's place in the cluster. Networks as `10.42.0.0/16`. */
export interface ProxyPlace {
  readonly nodeName: string;
  readonly podCIDR: string;
  readonly clusterCIDR: string;
  readonly serviceCIDR: string;
  /** The address at which the node's DNS answers; no Service takes its port 53. */
  readonly dnsAddress?: string;
  /** The port on which the DNS listens at that address. Default 53; another one when some program of the host holds 53 for itself. */
  readonly dnsPort?: number;
  /** Does the kernel show packets between ports of a bridge to nftables (net.bridge.bridge-nf-call-iptables). Default true. */
  readonly bridgeNetfilter?: boolean;
}

/** kube-proxy's own masquerade mark, so that hosts which set firewall marks know the bit. */
const MARK = '0x4000';
const ADDRESS_KEY = 'type ipv4_addr . inet_proto . inet_service';
/** How long a connection to an endpoint that went away is refused instead of left to time out. */
const GONE_SECONDS = 60;

/** The set of endpoints that went away lately; elements expire by themselves. */
export const GONE_SET = 'gone';

/** The whole ruleset as one transaction for `nft -f`. */
export const ruleset = (place: ProxyPlace, state: ProxyState): string => replaceTable(proxyTable(place, state));

/** `address . protocol . port` of every backend in use, host ports' pods among them. */
export const backendKeys = (place: ProxyPlace, { services, slices, hostPorts = [] }: ProxyState): ReadonlySet<string> =>
  new Set([
    ...servicePorts(services, slices, place.nodeName).flatMap(({ protocol, backends, localBackends }) =>
      [...backends, ...localBackends].map(({ address, port }) => `${address} . ${protocol} . ${port}`),
    ),
    ...hostPorts.map(({ podIP, protocol, containerPort }) => `${podIP} . ${protocol.toLowerCase()} . ${containerPort}`),
  ]);

/**
 * The table. A packet's way: `dispatch` (from prerouting and output) looks (address, protocol, port) up in `services`, or (protocol, port) in
 * `nodeports` when the address is the host's; the chain found rewrites the destination to one endpoint; `postrouting` gives the source an
 * address that brings the answer back through this node where it must; the filter chains refuse what no endpoint takes.
 */
export function proxyTable(place: ProxyPlace, { services, slices, hostPorts = [] }: ProxyState): NftTable {
  const builder = new TableBuilder();
  for (const port of servicePorts(services, slices, place.nodeName)) addService(builder, place, port);
  for (const hostPort of hostPorts) addHostPort(builder, hostPort);
  const definition = (kind: 'set' | 'map', type: string, elements: ReadonlyMap<string, string>): NftSet => ({
    kind,
    definition: `${type} ;`,
    elements,
  });
  return {
    name: TABLE,
    sets: new Map([
      ['services', definition('map', `${ADDRESS_KEY} : verdict`, builder.services)],
      ['nodeports', definition('map', 'type inet_proto . inet_service : verdict', builder.nodePorts)],
      ['hostports', definition('map', 'type inet_proto . inet_service : ipv4_addr . inet_service', builder.hostPorts)],
      ['hostports-at', definition('map', `${ADDRESS_KEY} : ipv4_addr . inet_service`, builder.hostPortsAt)],
      ['hairpin', definition('set', 'type ipv4_addr . ipv4_addr', builder.hairpin)],
      ['refused', definition('set', ADDRESS_KEY, builder.refused)],
      ['refused-nodeports', definition('set', 'type inet_proto . inet_service', builder.refusedNodePorts)],
      [GONE_SET, definition('set', `${ADDRESS_KEY} ; flags timeout ; timeout ${GONE_SECONDS}s`, new Map())],
      ...builder.affinity,
    ]),
    chains: new Map([...builder.chains, ...baseChains(place)]),
  };
}

class TableBuilder {
  readonly services = new Map<string, string>();
  readonly nodePorts = new Map<string, string>();
  readonly hostPorts = new Map<string, string>();
  readonly hostPortsAt = new Map<string, string>();
  readonly hairpin = new Map<string, string>();
  readonly refused = new Map<string, string>();
  readonly refusedNodePorts = new Map<string, string>();
  readonly affinity = new Map<string, NftSet>();
  readonly chains = new Map<string, NftChain>();

  chain(name: string, rules: readonly string[]): string {
    this.chains.set(name, { rules });
    return `goto ${name}`;
  }
}

function addService(builder: TableBuilder, place: ProxyPlace, view: ServicePortView): void {
  const { id, clusterIP, protocol, port, nodePort } = view;
  const key = (address: string): string => `${address} . ${protocol} . ${port}`;
  const external = [...view.externalIPs, ...view.loadBalancerIPs];
  if (view.backends.length === 0) {
    if (!isDns(place, view)) builder.refused.set(key(clusterIP), '');
    for (const address of external) builder.refused.set(key(address), '');
    if (nodePort !== undefined) builder.refusedNodePorts.set(`${protocol} . ${nodePort}`, '');
    return;
  }
  for (const { address, local } of view.backends) if (local) builder.hairpin.set(`${address} . ${address}`, '');

  const toAny = builder.chain(`svc/${id}`, choose(builder, view, view.backends));
  const needsLocal = view.internalLocal || view.externalLocal;
  const toLocal =
    needsLocal && view.localBackends.length > 0
      ? builder.chain(`local/${id}`, choose(builder, view, view.localBackends))
      : 'drop';
  if (!isDns(place, view)) builder.services.set(key(clusterIP), view.internalLocal ? toLocal : toAny);
  if (nodePort === undefined && external.length === 0) return;

  const toExternal = builder.chain(
    `ext/${id}`,
    view.externalLocal
      ? [
          // What comes from a pod of this node needs no endpoint on it. (From a pod elsewhere it comes with that node's address.)
          `ip saddr ${place.podCIDR} ${toAny}`,
          `fib saddr type local meta mark set meta mark or ${MARK} ${toAny}`,
          toLocal,
        ]
      : [`meta mark set meta mark or ${MARK}`, toAny],
  );
  if (nodePort !== undefined) builder.nodePorts.set(`${protocol} . ${nodePort}`, toExternal);
  for (const address of view.externalIPs) builder.services.set(key(address), toExternal);
  if (view.loadBalancerIPs.length === 0) return;
  const toLoadBalancer =
    view.sourceRanges.length === 0
      ? toExternal
      : // A rule for each range, for a set of ranges that overlap is refused by nft, and the whole transaction with it.
        builder.chain(`lb/${id}`, [...view.sourceRanges.map((range) => `ip saddr ${range} ${toExternal}`), 'drop']);
  for (const address of view.loadBalancerIPs) builder.services.set(key(address), toLoadBalancer);
}

/** A Service at the address and port where the node's own DNS answers. */
const isDns = ({ dnsAddress }: ProxyPlace, { clusterIP, port, protocol }: ServicePortView): boolean =>
  clusterIP === dnsAddress && port === 53 && protocol !== 'sctp';

/** The rules that pick one backend: at random, or the one that this client had within the affinity's time. */
function choose(builder: TableBuilder, view: ServicePortView, backends: readonly Backend[]): string[] {
  const { id, protocol, affinitySeconds } = view;
  const [only] = backends;
  if (affinitySeconds === undefined) {
    if (backends.length === 1 && only !== undefined) return [dnat(protocol, only)];
    const places = backends.map(({ address, port }, index) => `${index} : ${address} . ${port}`);
    return [`meta l4proto ${protocol} dnat ip to numgen random mod ${backends.length} map { ${places.join(', ')} }`];
  }
  const sticky = backends.map((backend) => {
    const place = `${id}/${backend.address}/${backend.port}`;
    // The time is part of the name: a set's own timeout cannot be changed in place.
    const set = `affinity/${affinitySeconds}/${place}`;
    builder.affinity.set(set, {
      kind: 'set',
      definition: `type ipv4_addr ; flags dynamic,timeout ; timeout ${affinitySeconds}s ; size 65535 ;`,
      elements: new Map(),
    });
    return { set, verdict: builder.chain(`ep/${place}`, [`update @${set} { ip saddr }`, dnat(protocol, backend)]) };
  });
  return [
    ...sticky.map(({ set, verdict }) => `ip saddr @${set} ${verdict}`),
    `numgen random mod ${backends.length} vmap { ${sticky.map(({ verdict }, index) => `${index} : ${verdict}`).join(', ')} }`,
  ];
}

const dnat = (protocol: Protocol, { address, port }: Backend): string =>
  `meta l4proto ${protocol} dnat ip to ${address}:${port}`;

function addHostPort(builder: TableBuilder, { protocol, hostPort, hostIP = '', podIP, containerPort }: HostPort): void {
  if (parseIPv4(podIP) === undefined) return;
  const key = `${protocol.toLowerCase()} . ${hostPort}`;
  const target = `${podIP} . ${containerPort}`;
  const address = parseIPv4(hostIP);
  if (address === undefined || address === 0) builder.hostPorts.set(key, target);
  else builder.hostPortsAt.set(`${hostIP} . ${key}`, target);
  builder.hairpin.set(`${podIP} . ${podIP}`, '');
}

function baseChains(place: ProxyPlace): [string, NftChain][] {
  const { clusterCIDR, serviceCIDR, podCIDR, dnsAddress, dnsPort = 53 } = place;
  const ports = 'meta l4proto . th dport';
  const toHost = 'ip daddr != 127.0.0.0/8 fib daddr type local';
  const refuseNew = [
    `ct state new ct status dnat ip daddr . ${ports} @${GONE_SET} goto refuse`,
    `ct state new ip daddr . ${ports} @refused goto refuse`,
    // An address of no Service, or a port that its Service does not have. It must not leave by the default route.
    `ct state new ip daddr ${serviceCIDR} ${dnsAddress === undefined ? '' : `ip daddr != ${dnsAddress} `}goto refuse`,
  ];
  const dns = `ip daddr ${dnsAddress} meta l4proto { tcp, udp } th dport`;
  return [
    ['refuse', { rules: ['meta l4proto tcp reject with tcp reset', 'reject'] }],
    [
      'dispatch',
      {
        rules: [
          ...(dnsAddress === undefined
            ? []
            : [dnsPort === 53 ? `${dns} 53 accept` : `${dns} 53 dnat ip to ${dnsAddress}:${dnsPort}`]),
          `ip daddr . ${ports} vmap @services`,
          `${toHost} ${ports} vmap @nodeports`,
          `${toHost} dnat ip to ip daddr . ${ports} map @hostports-at`,
          `${toHost} dnat ip to ${ports} map @hostports`,
        ],
      },
    ],
    ['nat-prerouting', { hook: 'type nat hook prerouting priority -100 ; policy accept ;', rules: ['jump dispatch'] }],
    ['nat-output', { hook: 'type nat hook output priority -100 ; policy accept ;', rules: ['jump dispatch'] }],
    [
      'nat-postrouting',
      {
        hook: 'type nat hook postrouting priority 100 ; policy accept ;',
        rules: [
          `meta mark & ${MARK} == ${MARK} meta mark set meta mark xor ${MARK} masquerade fully-random`,
          // A client outside the cluster, or this host, that used a ClusterIP.
          `ct original ip daddr ${serviceCIDR} ct status dnat ip saddr != ${clusterCIDR} masquerade fully-random`,
          'ct status dnat ip saddr . ip daddr @hairpin masquerade fully-random',
          // Without br_netfilter the answer between two pods of this bridge would never pass here to be translated back.
          ...(place.bridgeNetfilter === false
            ? [`ct status dnat ip saddr ${podCIDR} ip daddr ${podCIDR} masquerade fully-random`]
            : []),
          `ip saddr ${podCIDR} ip daddr != { ${clusterCIDR}, ${serviceCIDR}, 224.0.0.0/4, 255.255.255.255 } masquerade fully-random`,
        ],
      },
    ],
    [
      'filter-input',
      {
        hook: 'type filter hook input priority 0 ; policy accept ;',
        rules: [
          `ct state new ${toHost} ${ports} @refused-nodeports goto refuse`,
          `ct state new ip daddr . ${ports} @refused goto refuse`,
          ...(dnsAddress === undefined
            ? []
            : [`ct state new ${dns} != { 53${dnsPort === 53 ? '' : `, ${dnsPort}`} } goto refuse`]),
        ],
      },
    ],
    ['filter-forward', { hook: 'type filter hook forward priority 0 ; policy accept ;', rules: refuseNew }],
    ['filter-output', { hook: 'type filter hook output priority 0 ; policy accept ;', rules: refuseNew }],
  ];
}
