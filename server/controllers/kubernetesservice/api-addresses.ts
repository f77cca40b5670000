import { isIPv4 } from 'node:net';

/** An API server as clients in pods reach it. */
export interface ApiAddress {
  readonly ip: string;
  readonly port: number;
}

/** Addresses of one port, in the order in which upstream writes them (by their text). */
export interface AddressesOfPort {
  readonly port: number;
  readonly ips: readonly string[];
}

/**
 * This server (`own`) and the `others` (HOST:PORT), by port, the lowest first. Not those that are no IPv4 address, nor loopback ones: inside a
 * pod that is the pod itself, and the API refuses such endpoints.
 */
export function addressesByPort(own: ApiAddress, others: readonly string[]): readonly AddressesOfPort[] {
  const all = [own, ...others.map(parse)].filter(({ ip }) => isIPv4(ip) && !ip.startsWith('127.'));
  return [...Map.groupBy(all, ({ port }) => port)]
    .map(([port, servers]) => ({ port, ips: [...new Set(servers.map(({ ip }) => ip))].sort() }))
    .sort((a, b) => a.port - b.port);
}

function parse(address: string): ApiAddress {
  const colon = address.lastIndexOf(':');
  return { ip: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
