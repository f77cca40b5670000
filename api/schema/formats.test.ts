import { describe, expect, test } from 'bun:test';
import { fitsFormat, goPattern } from './formats.ts';

describe('fitsFormat()', () => {
  test.each([
    ['date-time', '2026-11-21T07:00:00Z', '2026-11-31T07:00:00Z'],
    ['date', '2026-11-21', '21.11.2026'],
    ['duration', '1h30m', 'soon'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123e4567'],
    ['ipv4', '10.43.0.1', '10.43.0.256'],
    ['ipv6', 'fd00::1', 'fd00::1::2'],
    ['cidr', '10.42.0.0/16', '10.42.0.0/33'],
    ['hostname', 'node-1.example.com', '-node'],
    ['email', 'a@b.org', 'a.b.org'],
    ['uri', 'https://example.com/x', 'x y'],
    ['byte', 'eA==', 'eA='],
    ['mac', '02:42:ac:11:00:02', '02:42'],
  ])('%s takes %j, not %j', (format, right, wrong) => {
    expect([fitsFormat(format, right), fitsFormat(format, wrong)]).toEqual([true, false]);
  });

  test('lets everything through for formats that Kubernetes does not know', () => {
    expect(fitsFormat('made-up', 'x')).toBe(true);
  });
});

describe('goPattern()', () => {
  test('reads what RE2 and JavaScript write differently', () => {
    expect(goPattern('(?i)^abc$')?.test('ABC')).toBe(true);
    expect(goPattern('\\A(?P<word>[[:alpha:]]+)\\z')?.exec('abc')?.groups).toEqual({ word: 'abc' });
    expect(goPattern('(')).toBeUndefined();
  });
});
