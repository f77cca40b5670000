import { type Address, parseIP } from '#api/meta/ip.ts';

/** The text of an address as RFC 5952 has it: lower case, the longest run of zeros (two at least, the first of equals) as `::`. */
export function formatIP({ family, parts }: Address): string {
  if (family === 4) return parts.join('.');
  let best = { start: -1, length: 1 };
  for (let start = 0; start < parts.length; start += 1) {
    let end = start;
    while (parts[end] === 0) end += 1;
    if (end - start > best.length) best = { start, length: end - start };
  }
  const text = (some: readonly number[]): string => some.map((part) => part.toString(16)).join(':');
  return best.start < 0
    ? text(parts)
    : `${text(parts.slice(0, best.start))}::${text(parts.slice(best.start + best.length))}`;
}

/** `::ffff:10.0.0.1`: an IPv4 address that is written as one of IPv6. */
const mappedIPv4 = ({ family, parts }: Address): Address | undefined => {
  if (family === 4 || parts[5] !== 0xffff || parts.slice(0, 5).some((part) => part !== 0)) return undefined;
  const [high = 0, low = 0] = parts.slice(6);
  return { family: 4, parts: [high >> 8, high & 255, low >> 8, low & 255] };
};

const hasLeadingZero = (text: string): boolean => text.split('.').some((part) => /^0\d/.test(part));
const isNonStandard = (address: Address, text: string): boolean =>
  mappedIPv4(address) !== undefined || (address.family === 4 && hasLeadingZero(text));

/** Warnings about an address that readers could take for another one, or compare wrongly (util/validation: GetWarningsForIP). */
export function ipWarnings(text: string, path: string): string[] {
  const address = parseIP(text);
  if (address === undefined) return [];
  const good = formatIP(mappedIPv4(address) ?? address);
  if (isNonStandard(address, text))
    return [
      `${path}: non-standard IP address ${JSON.stringify(text)} will be considered invalid in a future Kubernetes release: use ${JSON.stringify(good)}`,
    ];
  return address.family === 6 && good !== text
    ? [`${path}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(good)})`]
    : [];
}

/** As `ipWarnings`, of a network with its prefix length (util/validation: GetWarningsForCIDR). */
export function cidrWarnings(text: string, path: string): string[] {
  const [ip = '', length = ''] = text.split('/');
  const written = parseIP(ip);
  if (written === undefined || !/^\d+$/.test(length)) return [];
  const mapped = mappedIPv4(written);
  const address = mapped ?? written;
  const bits = Number(length) - (mapped === undefined ? 0 : 96);
  const network = masked(address, bits);
  const good = `${formatIP(network)}/${bits}`;
  const warnings: string[] = [];
  if (network.parts.some((part, index) => part !== address.parts[index])) {
    const single = `${formatIP(address)}/${address.family === 4 ? 32 : 128}`;
    warnings.push(
      `${path}: CIDR value ${JSON.stringify(text)} is ambiguous in this context (should be ${JSON.stringify(good)} or ${JSON.stringify(single)}?)`,
    );
  }
  if (isNonStandard(written, ip) || /^0\d/.test(length))
    warnings.push(
      `${path}: non-standard CIDR value ${JSON.stringify(text)} will be considered invalid in a future Kubernetes release: use ${JSON.stringify(good)}`,
    );
  if (warnings.length === 0 && written.family === 6 && good !== text)
    warnings.push(
      `${path}: IPv6 CIDR value ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(good)})`,
    );
  return warnings;
}

/** The first address of the network of `bits`. */
function masked({ family, parts }: Address, bits: number): Address {
  const width = family === 4 ? 8 : 16;
  return {
    family,
    parts: parts.map((part, index) => {
      const kept = Math.max(0, Math.min(width, bits - index * width));
      return part & ~(2 ** (width - kept) - 1);
    }),
  };
}
