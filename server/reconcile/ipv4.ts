/** An IPv4 network: its first address as a number, and how many bits of it are fixed. */
export interface Network {
  readonly first: number;
  readonly bits: number;
}

/** Reads `10.42.0.0/16`. Throws when it is no IPv4 network. */
export function parseNetwork(cidr: string): Network {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)?.slice(1).map(Number);
  const [a = 256, b = 256, c = 256, d = 256, bits = 33] = parts ?? [];
  if (Math.max(a, b, c, d) > 255 || bits > 32)
    throw new Error(`Cannot read the network: ${JSON.stringify(cidr)} is no IPv4 CIDR`);
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % size), bits };
}

/** The address of a number. */
export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');

/** The address at `offset` of a network. */
export const addressAt = (cidr: string, offset: number): string => formatAddress(parseNetwork(cidr).first + offset);

/** The networks of `bits` bits in `cidr`, in order; none when they are larger than it. */
export function* subnets(cidr: string, bits: number): Generator<string> {
  const { first, bits: outer } = parseNetwork(cidr);
  const count = bits < outer ? 0 : 2 ** (bits - outer);
  for (let at = 0; at < count; at += 1) yield `${formatAddress(first + at * 2 ** (32 - bits))}/${bits}`;
}
