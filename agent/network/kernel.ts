import { mustRun, type RunCommand } from './command.ts';
import { BRIDGE, ROUTE_PROTOCOL, VXLAN } from './names.ts';

/** A network device. `mtu` in bytes; `kind` as `ip link` calls it, '' for hardware. */
export interface Link {
  readonly name: string;
  readonly kind: string;
  readonly up: boolean;
  readonly mtu: number;
  readonly mac: string;
  readonly vxlan?: { readonly id: number; readonly port: number; readonly local: string; readonly device: string };
}

/** An address on a device. */
export interface Address {
  readonly device: string;
  readonly address: string;
  readonly prefix: number;
}

/** A route as `ip route` prints it. `destination` always with its length: `10.42.1.0/24`. */
export interface Route {
  readonly destination: string;
  readonly device: string;
  readonly gateway?: string;
  readonly onlink?: boolean;
}

/** A peer of the VXLAN device: where its gateway address lives (`ip neigh`), and behind which host (`bridge fdb`). */
export interface VxlanPeer {
  readonly gateway: string;
  readonly mac: string;
  readonly host: string;
}

/** What the kernel has now, as far as Skep's network is concerned. `routes` are those of ROUTE_PROTOCOL only. */
export interface KernelState {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly neighbours: readonly { readonly gateway: string; readonly mac: string }[];
  readonly forwarding: readonly { readonly mac: string; readonly host: string }[];
}

interface LinkJson {
  readonly ifname?: string;
  readonly flags?: readonly string[];
  readonly mtu?: number;
  readonly address?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: {
      readonly id?: number;
      readonly port?: number;
      readonly local?: string;
      readonly link?: string;
    };
  };
}
interface AddressJson {
  readonly ifname?: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}
interface RouteJson {
  readonly dst?: string;
  readonly dev?: string;
  readonly gateway?: string;
  readonly flags?: readonly string[];
}
interface NeighbourJson {
  readonly dst?: string;
  readonly lladdr?: string;
  readonly mac?: string;
}

/** Reads the kernel's state in this network namespace. */
export async function readKernel(run: RunCommand): Promise<KernelState> {
  const ip = async <T>(...words: string[]): Promise<readonly T[]> =>
    list(await mustRun(run, ['ip', '-json', ...words]));
  const [linkRows, addressRows, routeRows] = await Promise.all([
    ip<LinkJson>('-details', 'link', 'show'),
    ip<AddressJson>('-4', 'address', 'show'),
    ip<RouteJson>('-4', 'route', 'show', 'proto', String(ROUTE_PROTOCOL)),
  ]);
  const links = linkRows.flatMap(linkOf);
  const hasVxlan = links.some(({ name }) => name === VXLAN);
  const [neighbours, forwarding] = hasVxlan
    ? await Promise.all([
        ip<NeighbourJson>('-4', 'neigh', 'show', 'dev', VXLAN),
        mustRun(run, ['bridge', '-json', 'fdb', 'show', 'dev', VXLAN]).then((text) => list<NeighbourJson>(text)),
      ])
    : [[], []];
  return {
    links,
    addresses: addressRows.flatMap(({ ifname = '', addr_info: infos = [] }) =>
      infos.flatMap(({ local, prefixlen }) =>
        local === undefined || prefixlen === undefined ? [] : [{ device: ifname, address: local, prefix: prefixlen }],
      ),
    ),
    routes: routeRows.flatMap(({ dst, dev, gateway, flags = [] }) =>
      dst === undefined || dev === undefined
        ? []
        : [
            {
              destination: dst.includes('/') ? dst : `${dst}/32`,
              device: dev,
              ...(gateway === undefined ? {} : { gateway }),
              ...(flags.includes('onlink') ? { onlink: true } : {}),
            },
          ],
    ),
    neighbours: neighbours.flatMap(({ dst, lladdr }) =>
      dst === undefined || lladdr === undefined ? [] : [{ gateway: dst, mac: lladdr }],
    ),
    forwarding: forwarding.flatMap(({ dst, mac }) =>
      dst === undefined || mac === undefined ? [] : [{ mac, host: dst }],
    ),
  };
}

/** Is `name` one of the devices that Skep makes. */
export const isOurs = (name: string): boolean => name === BRIDGE || name === VXLAN;

// ip prints nothing, not an empty list, when there is nothing to list.
const list = <T>(text: string): readonly T[] => (text.trim() === '' ? [] : (JSON.parse(text) as readonly T[]));

function linkOf({ ifname, flags = [], mtu = 0, address = '', linkinfo }: LinkJson): Link[] {
  if (ifname === undefined) return [];
  const data = linkinfo?.info_data;
  return [
    {
      name: ifname,
      kind: linkinfo?.info_kind ?? '',
      up: flags.includes('UP'),
      mtu,
      mac: address,
      ...(linkinfo?.info_kind === 'vxlan'
        ? {
            vxlan: {
              id: data?.id ?? 0,
              port: data?.port ?? 0,
              local: data?.local ?? '',
              device: data?.link ?? '',
            },
          }
        : {}),
    },
  ];
}
