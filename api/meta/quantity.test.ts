import { expect, test } from 'bun:test';
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  milliValue,
  quantityValue,
  subtractQuantity,
} from './quantity.ts';

test.each([
  ['0', '0'],
  ['0.1', '100m'],
  ['1.5', '1500m'],
  ['1000m', '1'],
  ['1000', '1k'],
  ['1500', '1500'],
  ['1e3', '1e3'],
  ['12E6', '12e6'],
  ['1.5Gi', '1536Mi'],
  ['1024Mi', '1Gi'],
  ['1024', '1024'],
  ['0.5Ki', '512'],
  ['1.1Ki', '1127'],
  ['-1', '-1'],
  ['+2', '2'],
  ['.5', '500m'],
  ['5.', '5'],
  ['0.1n', '1n'],
  ['1E', '1E'],
  ['99999999E', '9223372036854775807'],
  ['9007199254740993', '9007199254740993'],
])('canonicalQuantity(%s) is %s', (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical);
});

test.each(['', '.', 'x', '1x', '1 Gi', '1kk', '1ki', '1e', '--1', '1e9999999'])(
  'canonicalQuantity(%p) is undefined: it is no quantity',
  (text) => {
    expect(canonicalQuantity(text)).toBeUndefined();
  },
);

test('quantities of different suffixes are compared, added and counted by value', () => {
  expect(compareQuantity('1Gi', '1024Mi')).toBe(0);
  expect(compareQuantity('100m', '0.2')).toBe(-1);
  expect(addQuantity('500m', '1')).toBe('1500m');
  expect(addQuantity('1Gi', '512Mi')).toBe('1536Mi');
  expect(subtractQuantity('2Gi', '1Gi')).toBe('1Gi');
  expect(milliValue('1.5')).toBe(1500);
  expect(quantityValue('100m')).toBe(1);
});
