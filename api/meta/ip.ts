/** What is said of a text that is no IP address. */
export const IP_MESSAGE = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** An address as numbers: 4 bytes of IPv4, 8 groups of IPv6. */
export type Address = { readonly family: 4 | 6; readonly parts: readonly number[] };

/** Reads an IP address; undefined when the text is none. Leading zeros in IPv4 are accepted, as in older Go. */
export function parseIP(text: string): Address | undefined {
  if (!text.includes(':')) {
    const parts = text.split('.');
    const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
    return parts.length === 4 && bytes.every((byte) => byte < 256) ? { family: 4, parts: bytes } : undefined;
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = [groups(halves[0] ?? ''), groups(halves[1] ?? '')];
  if (head === undefined || tail === undefined) return undefined;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined;
  return { family: 6, parts: [...head, ...Array.from({ length: gap }, () => 0), ...tail] };
}

function groups(text: string): number[] | undefined {
  if (text === '') return [];
  const out: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const [a = 0, b = 0, c = 0, d = 0] = parseIP(part)?.parts ?? [];
      if (parseIP(part) === undefined) return undefined;
      out.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) out.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return out;
}

/** Is the text an IP address of either family. */
export const isIP = (text: string): boolean => parseIP(text) !== undefined;

/** Is the text a network with its prefix length, `10.0.0.0/8`. */
export function isCIDR(text: string): boolean {
  const [ip = '', bits = '', ...more] = text.split('/');
  const address = parseIP(ip);
  if (address === undefined || more.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return Number(bits) <= (address.family === 4 ? 32 : 128);
}

/** Why an address cannot be one of an endpoint or an external IP: it means something else to every host. */
export function specialAddress(text: string): string[] {
  const address = parseIP(text);
  if (address === undefined) return ['must be a valid IP address'];
  const { family, parts } = address;
  const [first = 0, second = 0] = parts;
  const out: string[] = [];
  if (parts.every((part) => part === 0)) out.push(`may not be unspecified (${text})`);
  if (family === 4 ? first === 127 : parts.slice(0, 7).every((part) => part === 0) && parts[7] === 1)
    out.push('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (family === 4 ? first === 169 && second === 254 : (first & 0xffc0) === 0xfe80)
    out.push('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  if (family === 4 ? first === 224 && second === 0 && parts[2] === 0 : (first & 0xff0f) === 0xff02)
    out.push('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  return out;
}
