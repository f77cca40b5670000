import { expect, test } from 'bun:test';
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  envVarName,
  labelValue,
  maskTrailingDash,
  portName,
  qualifiedName,
} from './names.ts';

const LONG = 'x'.repeat(254);

test.each([
  ['dns1123Label', dns1123Label, ['a', 'a-1', '0'], ['A', 'a.b', '-a', 'a-', '', 'x'.repeat(64)]],
  ['dns1123Subdomain', dns1123Subdomain, ['a', 'a.b-c.d'], ['a..b', '.a', 'A', LONG]],
  ['dns1035Label', dns1035Label, ['a1'], ['1a', 'a.b']],
  ['qualifiedName', qualifiedName, ['a', 'A_b.c', 'x.io/Y'], ['', '/a', 'x.io/', 'a/b/c', 'X_/a', 'a b']],
  ['labelValue', labelValue, ['', 'a', 'A.b_c'], ['-a', 'a b', 'x'.repeat(64)]],
  ['envVarName', envVarName, ['A', '_a.b-c'], ['1a', 'a b', '.', '..', '..a']],
  ['portName', portName, ['http', 'a-1'], ['Http', '80', 'a--b', '-a', 'x'.repeat(16)]],
] as const)('%s accepts and refuses', (_name, check, right, wrong) => {
  for (const value of right) expect(check(value)).toEqual([]);
  for (const value of wrong) expect(check(value)).not.toEqual([]);
});

test('the texts are those that tools match on', () => {
  expect(dns1035Label('1bad')).toEqual([
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ]);
  expect(dns1123Label('x'.repeat(64))).toEqual(['must be no more than 63 characters']);
});

test('maskTrailingDash() makes a generateName prefix a name', () => {
  expect(maskTrailingDash('web-')).toBe('wea');
  expect(maskTrailingDash('web')).toBe('web');
});
