/** A range of IPv4 addresses, as numbers. */
export interface AddressRange {
  readonly text: string;
  readonly first: number;
  readonly size: number;
}

/** The range of a CIDR such as `10.43.0.0/16`. Throws when it is none. */
export function parseRange(cidr: string): AddressRange {
  const [address = '', bits = ''] = cidr.split('/');
  const prefix = Number(bits);
  const number = parseAddress(address);
  if (number === undefined || !/^\d+$/.test(bits) || prefix > 30)
    throw new Error(
      `Cannot use ${JSON.stringify(cidr)} as an address range: it is no IPv4 CIDR of 4 addresses or more`,
    );
  const size = 2 ** (32 - prefix);
  return { text: cidr, first: number - (number % size), size };
}

/** The number of an IPv4 address; undefined when the text is none. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}

/** The address of a number. */
export const formatAddress = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
