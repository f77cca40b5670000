import { type FieldError, invalid } from './field-error.ts';
import { type Address, IP_MESSAGE, parseIP } from './ip.ts';

/** What is said of a text that is no network. */
export const CIDR_MESSAGE = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** A network: its address (bits beyond the prefix may be set) and the length of the prefix. */
export interface Network {
  readonly address: Address;
  readonly bits: number;
}

/** Reads a network, `10.0.0.0/8`; undefined when the text is none. */
export function parseCIDR(text: string): Network | undefined {
  const [ip = '', length = '', ...more] = text.split('/');
  const address = parseIP(ip);
  if (address === undefined || more.length > 0 || !/^\d+$/.test(length)) return undefined;
  const bits = Number(length);
  return bits <= (address.family === 4 ? 32 : 128) ? { address, bits } : undefined;
}

/** Does the network hold the first address of another. */
export function contains({ address, bits }: Network, inner: Network): boolean {
  if (address.family !== inner.address.family) return false;
  const [own, other] = [valueOf(address), valueOf(inner.address)];
  const rest = BigInt((address.family === 4 ? 32 : 128) - bits);
  return own >> rest === other >> rest;
}

/** The address without the bits beyond the prefix. */
function masked({ address, bits }: Network): Address {
  const width = address.family === 4 ? 8 : 16;
  const parts = address.parts.map((part, index) => {
    const kept = Math.min(Math.max(bits - index * width, 0), width);
    return part & (((1 << kept) - 1) << (width - kept));
  });
  return { family: address.family, parts };
}

const valueOf = ({ family, parts }: Address): bigint =>
  parts.reduce((sum, part) => (sum << (family === 4 ? 8n : 16n)) | BigInt(part), 0n);

/** The one way to write an address (RFC 5952 for IPv6): lower case, no leading zeros, the longest run of zeros as `::`. */
export function canonicalIP({ family, parts }: Address): string {
  if (family === 4) return parts.join('.');
  const words = parts.map((part) => part.toString(16));
  let best = { from: 0, length: 1 };
  for (let from = 0; from < words.length; from++) {
    let length = 0;
    while (words[from + length] === '0') length++;
    if (length > best.length) best = { from, length };
  }
  if (best.length < 2) return words.join(':');
  return `${words.slice(0, best.from).join(':')}::${words.slice(best.from + best.length).join(':')}`;
}

const isMapped = ({ family, parts }: Address): boolean =>
  family === 6 && parts.slice(0, 5).every((part) => part === 0) && parts[5] === 0xffff;
const hasLeadingZero = (text: string): boolean => !text.includes(':') && /(^|[./])0\d/.test(text);

/** Why a text is not an address in its one form (apimachinery: IsValidIP). */
export function strictIP(text: string): string[] {
  const address = parseIP(text);
  if (address === undefined) return [IP_MESSAGE];
  if (hasLeadingZero(text)) return ['must not have leading 0s'];
  if (isMapped(address)) return ['must not be an IPv4-mapped IPv6 address'];
  const canonical = canonicalIP(address);
  return text === canonical ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

/** The faults of a network that has to be in its one form (apimachinery: IsValidCIDR). */
export function strictCIDR(text: string, path: string): FieldError[] {
  const network = parseCIDR(text);
  if (network === undefined) return [invalid(path, text, CIDR_MESSAGE)];
  if (hasLeadingZero(text) || /\/0\d/.test(text))
    return [invalid(path, text, 'must not have leading 0s in IP or prefix length')];
  if (isMapped(network.address)) return [invalid(path, text, 'must not have an IPv4-mapped IPv6 address')];
  const base = masked(network);
  if (valueOf(base) !== valueOf(network.address))
    return [invalid(path, text, 'must not have bits set beyond the prefix length')];
  const canonical = `${canonicalIP(base)}/${network.bits}`;
  return text === canonical ? [] : [invalid(path, text, `must be in canonical form (${JSON.stringify(canonical)})`)];
}
