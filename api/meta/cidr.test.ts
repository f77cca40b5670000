import { expect, test } from 'bun:test';
import { canonicalIP, contains, parseCIDR, strictCIDR, strictIP } from './cidr.ts';
import { type Address, parseIP } from './ip.ts';

const address = (text: string): Address => parseIP(text) ?? { family: 4, parts: [] };

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['fe80:0:0:0:0:0:0:1', 'fe80::1'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
])('canonicalIP writes %s as %s', (text, canonical) => {
  expect(canonicalIP(address(text))).toBe(canonical);
});

test.each([
  ['10.0.0.1', []],
  ['10.0.0.256', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ['10.00.0.1', ['must not have leading 0s']],
  ['::ffff:10.0.0.1', ['must not be an IPv4-mapped IPv6 address']],
  ['FE80::1', ['must be in canonical form ("fe80::1")']],
])('strictIP says of %s: %j', (text, faults) => {
  expect(strictIP(text)).toEqual(faults);
});

test.each([
  ['10.43.0.0/16', undefined],
  ['10.43.0.1/16', 'must not have bits set beyond the prefix length'],
  ['10.43.0.0/016', 'must not have leading 0s in IP or prefix length'],
  ['::ffff:10.0.0.0/120', 'must not have an IPv4-mapped IPv6 address'],
  ['2001:db8:0::/64', 'must be in canonical form ("2001:db8::/64")'],
  ['10.43.0.0', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
])('strictCIDR says of %s: %p', (text, fault) => {
  expect(strictCIDR(text, 'f').map(({ detail }) => detail)).toEqual(
    fault === undefined ? [] : [`Invalid value: ${JSON.stringify(text)}: ${fault}`],
  );
});

test('contains compares as many bits as the outer network has', () => {
  const within = (outer: string, inner: string): boolean => {
    const [a, b] = [parseCIDR(outer), parseCIDR(inner)];
    return a !== undefined && b !== undefined && contains(a, b);
  };
  expect(within('10.0.0.0/8', '10.200.0.0/16')).toBe(true);
  expect(within('10.0.0.0/8', '11.0.0.0/16')).toBe(false);
  expect(within('2001:db8::/32', '2001:db8:1::/48')).toBe(true);
  expect(within('2001:db8::/32', '10.0.0.0/16')).toBe(false);
});
