/** An IPv4 network: `10.42.1.0/24`. `base` is the network address as a number. */
export interface Cidr {
  readonly base: number;
  readonly prefix: number;
}

/** The number of a dotted address, or undefined when it is none. Leading zeros are refused: readers disagree on their base. */
export function parseIPv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** The dotted form of an address. */
export const formatIPv4 = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');

/** Reads `a.b.c.d/n`; host bits are dropped. Throws when the text is no IPv4 network. */
export function parseCidr(text: string): Cidr {
  const [address = '', length = ''] = text.split('/');
  const value = parseIPv4(address);
  const prefix = Number(length);
  if (value === undefined || !/^\d{1,2}$/.test(length) || prefix > 32) {
    throw new Error(`Cannot read a network: ${JSON.stringify(text)} is not of the form 10.42.0.0/16`);
  }
  return { base: (value & maskOf(prefix)) >>> 0, prefix };
}

/** `10.42.1.0/24`. */
export const formatCidr = ({ base, prefix }: Cidr): string => `${formatIPv4(base)}/${prefix}`;

/** Whether an address is inside a network. */
export const contains = ({ base, prefix }: Cidr, address: number): boolean => (address & maskOf(prefix)) >>> 0 === base;

/** The address `index` places after a network's own: 0 is the network, 1 its gateway by habit. */
export const addressAt = ({ base }: Cidr, index: number): string => formatIPv4(base + index);

const maskOf = (prefix: number): number => (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0);
