import type { Environment } from '@marcbachmann/cel-js';
import { type Address, parseIP } from '../../meta/ip.ts';
import { define, refuse } from './define.ts';

/** An address as one number, with its number of bits. */
class IPAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
  constructor(family: 4 | 6, value: bigint) {
    this.family = family;
    this.value = value;
  }
  get bits(): number {
    return this.family === 4 ? 32 : 128;
  }
  equals(other: unknown): boolean {
    return other instanceof IPAddress && other.family === this.family && other.value === this.value;
  }
  /** As Go prints it. */
  toString(): string {
    if (this.family === 4) return [24n, 16n, 8n, 0n].map((shift) => (this.value >> shift) & 255n).join('.');
    const groups = Array.from({ length: 8 }, (_, index) => (this.value >> BigInt(112 - 16 * index)) & 0xffffn);
    const text = groups.map((group) => group.toString(16)).join(':');
    const runs = text.match(/(?:\b0(?::|$)){2,}/g) ?? [];
    const longest = runs.toSorted((a, b) => b.length - a.length)[0];
    return longest === undefined ? text : text.replace(new RegExp(`(^|:)${longest.replace(/:$/, '')}(:|$)`), '::');
  }
}

/** A network: its address as it was written, and the length of its prefix. */
class Network {
  readonly address: IPAddress;
  readonly prefix: number;
  constructor(address: IPAddress, prefix: number) {
    this.address = address;
    this.prefix = prefix;
  }
  masked(): IPAddress {
    const rest = BigInt(this.address.bits - this.prefix);
    return new IPAddress(this.address.family, (this.address.value >> rest) << rest);
  }
  contains(other: IPAddress): boolean {
    return (
      other.family === this.address.family && new Network(other, this.prefix).masked().value === this.masked().value
    );
  }
  equals(other: unknown): boolean {
    return other instanceof Network && other.prefix === this.prefix && this.address.equals(other.address);
  }
  toString(): string {
    return `${this.address.toString()}/${this.prefix}`;
  }
}

const numberOf = ({ family, parts }: Address): bigint =>
  parts.reduce((total, part) => (total << (family === 4 ? 8n : 16n)) | BigInt(part), 0n);

/** Strictly: no leading zeros, no zone, no IPv4 inside IPv6. */
function readIP(text: string): IPAddress | undefined {
  if (/(?:^|\.)0\d/.test(text) || (text.includes(':') && text.includes('.'))) return undefined;
  const address = parseIP(text);
  return address === undefined ? undefined : new IPAddress(address.family, numberOf(address));
}

function readNetwork(text: string): Network | undefined {
  const [ip = '', bits = '', ...more] = text.split('/');
  const address = readIP(ip);
  if (address === undefined || more.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(bits)) return undefined;
  return Number(bits) <= address.bits ? new Network(address, Number(bits)) : undefined;
}

function ip(text: string): IPAddress {
  const address = readIP(text);
  if (address === undefined)
    throw refuse(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  return address;
}

function cidr(text: string): Network {
  const network = readNetwork(text);
  if (network === undefined) throw refuse('network address parse error during conversion from string: invalid CIDR');
  return network;
}

const within = (range: string) => {
  const network = cidr(range);
  return (address: IPAddress): boolean => network.contains(address);
};

const LOOPBACK = [within('127.0.0.0/8'), within('::1/128')];
const LINK_LOCAL_MULTICAST = [within('224.0.0.0/24'), within('ff02::/16')];
const MULTICAST = [within('224.0.0.0/4'), within('ff00::/8')];
const LINK_LOCAL = [within('169.254.0.0/16'), within('fe80::/10')];
const isAny = (tests: readonly ((address: IPAddress) => boolean)[], address: IPAddress): boolean =>
  tests.some((test) => test(address));

const isGlobalUnicast = (address: IPAddress): boolean =>
  address.value !== 0n &&
  !(address.family === 4 && address.value === 0xffffffffn) &&
  !isAny([...LOOPBACK, ...MULTICAST, ...LINK_LOCAL], address);

/** Kubernetes' IP and CIDR libraries. */
export function addNetworkFunctions(environment: Environment): void {
  class Addresses {}
  environment.registerType('net.IP', { ctor: IPAddress, fields: {} });
  environment.registerType('net.CIDR', { ctor: Network, fields: {} });
  environment.registerType('net.Addresses', { ctor: Addresses, fields: {} });
  environment.registerConstant('ip', 'net.Addresses', new Addresses());
  environment.registerOperator('net.IP == net.IP', (a: IPAddress, b: IPAddress) => a.equals(b));
  environment.registerOperator('net.CIDR == net.CIDR', (a: Network, b: Network) => a.equals(b));
  define(environment, [
    ['ip(string): net.IP', ip],
    ['isIP(string): bool', (text: string) => readIP(text) !== undefined],
    ['net.Addresses.isCanonical(string): bool', (_: unknown, text: string) => ip(text).toString() === text],
    ['string(net.IP): string', String],
    ['net.IP.family(): int', ({ family }: IPAddress) => BigInt(family)],
    ['net.IP.isUnspecified(): bool', ({ value }: IPAddress) => value === 0n],
    ['net.IP.isLoopback(): bool', (address: IPAddress) => isAny(LOOPBACK, address)],
    ['net.IP.isLinkLocalMulticast(): bool', (address: IPAddress) => isAny(LINK_LOCAL_MULTICAST, address)],
    ['net.IP.isLinkLocalUnicast(): bool', (address: IPAddress) => isAny(LINK_LOCAL, address)],
    ['net.IP.isGlobalUnicast(): bool', isGlobalUnicast],
    ['cidr(string): net.CIDR', cidr],
    ['isCIDR(string): bool', (text: string) => readNetwork(text) !== undefined],
    ['string(net.CIDR): string', String],
    ['net.CIDR.containsIP(net.IP): bool', (network: Network, address: IPAddress) => network.contains(address)],
    ['net.CIDR.containsIP(string): bool', (network: Network, text: string) => network.contains(ip(text))],
    ['net.CIDR.containsCIDR(net.CIDR): bool', holds],
    ['net.CIDR.containsCIDR(string): bool', (network: Network, text: string) => holds(network, cidr(text))],
    ['net.CIDR.ip(): net.IP', ({ address }: Network) => address],
    ['net.CIDR.masked(): net.CIDR', (network: Network) => new Network(network.masked(), network.prefix)],
    ['net.CIDR.prefixLength(): int', ({ prefix }: Network) => BigInt(prefix)],
  ]);
}

const holds = (network: Network, other: Network): boolean =>
  other.prefix >= network.prefix && network.contains(other.masked());
