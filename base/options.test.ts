import { expect, test } from 'bun:test';
import { bytes, cidr, listenAddress, type Option, resolveOptions, seconds, text, UsageError } from './options.ts';

const table = {
  dataDir: { name: 'data-dir', placeholder: 'DIR', description: '', default: '/var/lib/skep', parse: text },
  ttl: { name: 'ttl', placeholder: 'SPAN', description: '', optional: true, parse: seconds },
} satisfies Record<string, Option<unknown>>;
const nothing = { flags: {}, environment: {}, file: {} };

test('resolveOptions() prefers flag, then environment, then file, then default', () => {
  const file = { 'data-dir': '/file' };
  const environment = { SKEP_DATA_DIR: '/environment' };
  expect(resolveOptions(table, nothing).dataDir).toBe('/var/lib/skep');
  expect(resolveOptions(table, { ...nothing, file }).dataDir).toBe('/file');
  expect(resolveOptions(table, { ...nothing, file, environment }).dataDir).toBe('/environment');
  expect(resolveOptions(table, { file, environment, flags: { 'data-dir': '/flag' } }).dataDir).toBe('/flag');
});

test('resolveOptions() leaves an optional setting without a value undefined', () => {
  expect(resolveOptions(table, nothing).ttl).toBeUndefined();
});

test('resolveOptions() names the flag when a value does not parse', () => {
  const flags = { ttl: 'soon' };
  expect(() => resolveOptions(table, { ...nothing, flags })).toThrow(UsageError);
  expect(() => resolveOptions(table, { ...nothing, flags })).toThrow('--ttl soon: want a span such as 24h, 90s or 7d');
});

test.each([
  ['90', 90],
  ['90s', 90],
  ['1h30m', 5400],
  ['7d', 604_800],
])('seconds(%s) is %d', (given, expected) => {
  expect(seconds(given)).toBe(expected);
});

test.each([
  ['4096', 4096],
  ['512kB', 524_288],
  ['256MB', 268_435_456],
  ['2GB', 2_147_483_648],
])('bytes(%s) is %d', (given, expected) => {
  expect(bytes(given)).toBe(expected);
});

test('bytes() refuses what is no size', () => {
  expect(() => bytes('256 megabytes')).toThrow('want a size such as 256MB or 2GB');
});

test('listenAddress() takes IPv4, IPv6 and names, and refuses a port beyond 65535', () => {
  expect(listenAddress('0.0.0.0:6443')).toEqual({ host: '0.0.0.0', port: 6443 });
  expect(listenAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
  expect(() => listenAddress('localhost:70000')).toThrow('want ADDRESS:PORT');
});

test('cidr() refuses what is no IPv4 network', () => {
  expect(cidr('10.42.0.0/16')).toBe('10.42.0.0/16');
  expect(() => cidr('10.42.0.300/16')).toThrow('want an IPv4 network');
});
