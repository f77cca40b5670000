import type { Node } from '#api/kinds/core/node.ts';
import { addressAt, type Cidr, contains, formatCidr, parseCidr, parseIPv4 } from './ipv4.ts';
import { type Address, isOurs, type KernelState, type Link, type Route, type VxlanPeer } from './kernel.ts';
import { BRIDGE, ROUTE_PROTOCOL, VXLAN } from './names.ts';

/** How packets reach other nodes: `direct` by their own addresses, `vxlan` always wrapped, `auto` direct where a node is on a network of this one. */
export type Backend = 'auto' | 'direct' | 'vxlan';

/** This node's place in the cluster. */
export interface NetworkPlace {
  readonly nodeName: string;
  readonly nodeIP: string;
  readonly podCIDR: string;
  readonly serviceCIDR: string;
  /** The address at which this node's DNS answers. */
  readonly dnsAddress: string;
  readonly backend?: Backend;
}

/** Commands that bring the kernel from what it has to what it should have; words of `ip` and of `bridge`, to be run in this order. */
export interface NetworkChanges {
  readonly ip: readonly (readonly string[])[];
  readonly bridge: readonly (readonly string[])[];
  /** Nodes that cannot be reached, and why. */
  readonly problems: readonly string[];
}

/** What the kernel should have. */
interface Desired {
  readonly mtu: number;
  readonly vxlan: { readonly local: string; readonly device: string } | undefined;
  readonly routes: readonly Route[];
  readonly peers: readonly VxlanPeer[];
  readonly problems: readonly string[];
}

/** As flannel, so that people's firewalls and k3s hosts know the port. */
const VXLAN_ID = 1;
const VXLAN_PORT = 8472;
const VXLAN_OVERHEAD_BYTES = 50;
const DEFAULT_MTU = 1500;
/** Jumbo frames; loopback says 65536, which no wire carries. */
const MAX_MTU = 9000;

/**
 * Compares what the kernel has with what this node and the other nodes call for. Pure. Everything that carries ROUTE_PROTOCOL, and every
 * entry of the VXLAN device, is ours: what is not wanted of it goes. While the nodes are not known (undefined) nothing goes, so that an agent
 * that starts again does not cut off what runs.
 */
export function planNetwork(
  place: NetworkPlace,
  nodes: readonly Node[] | undefined,
  kernel: KernelState,
): NetworkChanges {
  if (nodes === undefined) {
    const { mtu, routes } = desiredNetwork(place, [], kernel);
    const missing = routes.filter((route) => !kernel.routes.some((one) => sameRoute(one, route)));
    return { ip: [...bridgeChanges(place, mtu, kernel), ...missing.map(setRoute)], bridge: [], problems: [] };
  }
  const desired = desiredNetwork(place, nodes, kernel);
  const vxlan = vxlanChanges(place, desired, kernel);
  return {
    ip: [...bridgeChanges(place, desired.mtu, kernel), ...vxlan.ip, ...routeChanges(desired, kernel), ...vxlan.last],
    bridge: vxlan.bridge,
    problems: desired.problems,
  };
}

/** The MTU of pods: this node's own less what VXLAN adds, so that a node which joins from another network needs no pod restarted. */
export function podMtu(nodeIP: string, kernel: KernelState): number {
  const device = deviceOf(nodeIP, kernel.addresses);
  const mtu = kernel.links.find(({ name }) => name === device)?.mtu ?? DEFAULT_MTU;
  return Math.min(mtu, MAX_MTU) - VXLAN_OVERHEAD_BYTES;
}

/** A MAC that every node works out alike from a node's address, so that none has to be told: locally administered, then `5e`, then the address. */
export const vxlanMac = (nodeIP: string): string =>
  ['02', '5e', ...nodeIP.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');

function desiredNetwork(place: NetworkPlace, nodes: readonly Node[], kernel: KernelState): Desired {
  const { nodeIP, nodeName, backend = 'auto' } = place;
  const device = deviceOf(nodeIP, kernel.addresses);
  const problems: string[] = [];
  const routes: Route[] = [{ destination: formatCidr(parseCidr(place.serviceCIDR)), device: BRIDGE }];
  const peers: VxlanPeer[] = [];
  for (const node of nodes) {
    if (node.metadata.name === nodeName) continue;
    const peer = peerOf(node);
    if (peer === undefined || peer.host === nodeIP) continue;
    const onLink = networkOf(peer.host, kernel.addresses);
    if (backend === 'direct' || (backend === 'auto' && onLink !== undefined)) {
      if (onLink === undefined) problems.push(`${node.metadata.name}: ${peer.host} is on no network of this node`);
      else routes.push({ destination: formatCidr(peer.podCIDR), gateway: peer.host, device: onLink });
      continue;
    }
    if (device === undefined) {
      problems.push(`${node.metadata.name}: this node's own address ${nodeIP} is on no device`);
      continue;
    }
    const gateway = addressAt(peer.podCIDR, 0);
    routes.push({ destination: formatCidr(peer.podCIDR), gateway, device: VXLAN, onlink: true });
    peers.push({ gateway, mac: vxlanMac(peer.host), host: peer.host });
  }
  return {
    mtu: podMtu(nodeIP, kernel),
    vxlan: peers.length > 0 && device !== undefined ? { local: nodeIP, device } : undefined,
    routes,
    peers,
    problems,
  };
}

/** A node's pod network and address; undefined while it has either not, or not in IPv4. */
function peerOf({ spec, status }: Node): { readonly podCIDR: Cidr; readonly host: string } | undefined {
  const host = status?.addresses?.find(
    ({ type, address }) => type === 'InternalIP' && parseIPv4(address) !== undefined,
  );
  if (host === undefined || spec?.podCIDR === undefined) return undefined;
  try {
    return { podCIDR: parseCidr(spec.podCIDR), host: host.address };
  } catch {
    return undefined; // an IPv6 network
  }
}

const deviceOf = (address: string, addresses: readonly Address[]): string | undefined =>
  addresses.find((one) => one.address === address && !isOurs(one.device))?.device;

/** The device whose own network an address is in. */
function networkOf(address: string, addresses: readonly Address[]): string | undefined {
  const value = parseIPv4(address);
  if (value === undefined) return undefined;
  return addresses.find(
    (one) =>
      !isOurs(one.device) &&
      one.device !== 'lo' &&
      one.prefix < 32 &&
      contains(parseCidr(`${one.address}/${one.prefix}`), value),
  )?.device;
}

function bridgeChanges(place: NetworkPlace, mtu: number, kernel: KernelState): string[][] {
  const podCIDR = parseCidr(place.podCIDR);
  const gateway = addressAt(podCIDR, 1);
  const bridge = kernel.links.find(({ name }) => name === BRIDGE);
  const addresses = kernel.addresses.filter(({ device }) => device === BRIDGE);
  const wanted = [
    { address: gateway, prefix: podCIDR.prefix, scope: 'global' },
    // Of host scope, so that it is never the source of a packet that leaves this node.
    { address: place.dnsAddress, prefix: 32, scope: 'host' },
  ];
  const missing = wanted.filter((one) => !addresses.some((has) => sameAddress(has, one)));
  const stale = addresses.filter((has) => !wanted.some((one) => sameAddress(has, one)));
  // An address of its own keeps the bridge from taking that of whichever pod has the lowest one, and changing it as pods come and go.
  const mac = vxlanMac(gateway);
  return [
    ...(bridge === undefined ? [['link', 'add', BRIDGE, 'address', mac, 'type', 'bridge']] : []),
    ...(bridge !== undefined && bridge.mac !== mac ? [['link', 'set', BRIDGE, 'address', mac]] : []),
    ...(bridge?.mtu === mtu ? [] : [['link', 'set', BRIDGE, 'mtu', String(mtu)]]),
    ...(bridge?.up === true ? [] : [['link', 'set', BRIDGE, 'up']]),
    ...stale.map(({ address, prefix }) => ['address', 'delete', `${address}/${prefix}`, 'dev', BRIDGE]),
    ...missing.map(({ address, prefix, scope }) => [
      'address',
      'add',
      `${address}/${prefix}`,
      'dev',
      BRIDGE,
      'scope',
      scope,
    ]),
  ];
}

const sameAddress = (
  a: { readonly address: string; readonly prefix: number },
  b: { readonly address: string; readonly prefix: number },
): boolean => a.address === b.address && a.prefix === b.prefix;

interface VxlanChanges {
  readonly ip: string[][];
  readonly bridge: string[][];
  /** What must come after the routes that used the device are gone. */
  readonly last: string[][];
}

function vxlanChanges(place: NetworkPlace, desired: Desired, kernel: KernelState): VxlanChanges {
  const link = kernel.links.find(({ name }) => name === VXLAN);
  if (desired.vxlan === undefined) {
    return { ip: [], bridge: [], last: link === undefined ? [] : [['link', 'delete', VXLAN]] };
  }
  const { local, device } = desired.vxlan;
  const fits = link !== undefined && isAsWanted(link, desired.vxlan);
  const has = fits ? kernel : { neighbours: [], forwarding: [], addresses: [] };
  const own = { address: addressAt(parseCidr(place.podCIDR), 0), prefix: 32 };
  const addresses = has.addresses.filter((one) => one.device === VXLAN);
  const create = ['link', 'add', VXLAN, 'address', vxlanMac(local), 'mtu', String(desired.mtu), 'type', 'vxlan'];
  const settings = ['id', String(VXLAN_ID), 'local', local, 'dev', device, 'dstport', String(VXLAN_PORT), 'nolearning'];
  const wantsNeighbour = ({ gateway, mac }: { gateway: string; mac: string }): boolean =>
    desired.peers.some((peer) => peer.gateway === gateway && peer.mac === mac);
  const wantsForwarding = ({ mac, host }: { mac: string; host: string }): boolean =>
    desired.peers.some((peer) => peer.mac === mac && peer.host === host);
  const newNeighbours = desired.peers.filter(
    (peer) => !has.neighbours.some((one) => one.gateway === peer.gateway && one.mac === peer.mac),
  );
  const newForwarding = desired.peers.filter(
    (peer) => !has.forwarding.some((one) => one.mac === peer.mac && one.host === peer.host),
  );
  return {
    ip: [
      ...(link !== undefined && !fits ? [['link', 'delete', VXLAN]] : []),
      ...(fits ? [] : [[...create, ...settings]]),
      ...(fits && link.mtu !== desired.mtu ? [['link', 'set', VXLAN, 'mtu', String(desired.mtu)]] : []),
      ...(fits && link.up ? [] : [['link', 'set', VXLAN, 'up']]),
      ...(addresses.some((one) => sameAddress(one, own))
        ? []
        : [['address', 'add', `${own.address}/32`, 'dev', VXLAN]]),
      ...has.neighbours
        .filter((one) => !wantsNeighbour(one))
        .map(({ gateway }) => ['neigh', 'delete', gateway, 'dev', VXLAN]),
      ...newNeighbours.map(({ gateway, mac }) =>
        `neigh replace ${gateway} lladdr ${mac} dev ${VXLAN} nud permanent`.split(' '),
      ),
    ],
    bridge: [
      ...has.forwarding
        .filter((one) => !wantsForwarding(one))
        .map(({ mac, host }) => ['fdb', 'delete', mac, 'dev', VXLAN, 'dst', host]),
      ...newForwarding.map(({ mac, host }) => ['fdb', 'append', mac, 'dev', VXLAN, 'dst', host]),
    ],
    last: [],
  };
}

function isAsWanted(
  { mac, vxlan }: Link,
  { local, device }: { readonly local: string; readonly device: string },
): boolean {
  return (
    mac === vxlanMac(local) &&
    vxlan?.id === VXLAN_ID &&
    vxlan.port === VXLAN_PORT &&
    vxlan.local === local &&
    vxlan.device === device
  );
}

function routeChanges({ routes, vxlan }: Desired, kernel: KernelState): string[][] {
  const link = kernel.links.find(({ name }) => name === VXLAN);
  // A device that is made anew takes its routes with it.
  const isKept = ({ device }: Route): boolean =>
    device !== VXLAN || (vxlan !== undefined && link !== undefined && isAsWanted(link, vxlan));
  const has = kernel.routes.filter(isKept);
  const wanted = new Set(routes.map(({ destination }) => destination));
  return [
    ...has
      .filter(({ destination }) => !wanted.has(destination))
      .map(({ destination, device }) => ['route', 'delete', destination, 'dev', device, ...protocol]),
    ...routes.filter((route) => !has.some((one) => sameRoute(one, route))).map(setRoute),
  ];
}

const setRoute = ({ destination, gateway, device, onlink }: Route): string[] => [
  'route',
  'replace',
  destination,
  ...(gateway === undefined ? [] : ['via', gateway]),
  'dev',
  device,
  ...(onlink === true ? ['onlink'] : []),
  ...protocol,
];

const protocol = ['proto', String(ROUTE_PROTOCOL)];
const sameRoute = (a: Route, b: Route): boolean =>
  a.destination === b.destination &&
  a.device === b.device &&
  a.gateway === b.gateway &&
  (a.onlink ?? false) === (b.onlink ?? false);
