import { expect, test } from 'bun:test';
import { isCIDR, isIP, specialAddress } from './ip.ts';

test('isIP() knows both families', () => {
  for (const text of ['10.9.8.7', '::1', '2001:db8::ffff', '::ffff:10.0.0.1', '1:2:3:4:5:6:7:8', '::'])
    expect(isIP(text)).toBe(true);
  for (const text of [
    '',
    'x',
    '1.2.3',
    '1.2.3.256',
    '1:2',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '1:2:3:4:5:6:7::8:9',
  ])
    expect(isIP(text)).toBe(false);
});

test('isCIDR() needs a prefix length of the family', () => {
  expect(['10.0.0.0/8', 'fd00::/64'].map(isCIDR)).toEqual([true, true]);
  expect(['10.0.0.0', '10.0.0.0/33', 'x/8', '10.0.0.0/8/1'].map(isCIDR)).toEqual([false, false, false, false]);
});

test('specialAddress() refuses addresses that are different on every host', () => {
  expect(specialAddress('10.0.0.1')).toEqual([]);
  for (const text of ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '0.0.0.0', '224.0.0.1'])
    expect(specialAddress(text)).toHaveLength(1);
});
