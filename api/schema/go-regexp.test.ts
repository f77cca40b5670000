import { expect, test } from 'bun:test';
import { GoRegexp } from './go-regexp.ts';

const found = (source: string, text: string): string | undefined => {
  const match = new GoRegexp(source).find(text, 0, () => undefined);
  return match === undefined ? undefined : text.slice(...match);
};

test.each([
  ['a|ab', 'xab', 'a'],
  ['(a|ab)(c|bcd)(d*)', 'abcd', 'abcd'],
  ['a+?', 'aaa', 'a'],
  ['(?U)a+', 'aaa', 'a'],
  ['^[a-z]([-a-z0-9]*[a-z0-9])?(\\.[a-z]([-a-z0-9]*[a-z0-9])?)*$', 'a-b.c1', 'a-b.c1'],
  ['^b', 'ab', undefined],
  ['(?m)^b$', 'a\nb\nc', 'b'],
  ['(?i)straße', 'STRAßE', 'STRAßE'],
  ['a.c', 'a\nc', undefined],
  ['(?s:a.)c', 'a\nc', 'a\nc'],
  ['\\bb\\b', 'ab b', 'b'],
  ['\\Aa\\z', 'a', 'a'],
  ['[[:digit:]\\-x]+', 'ab1-x', '1-x'],
  ['[^a]', 'a😀', '😀'],
  ['\\p{Greek}\\pL', '1βx', 'βx'],
  ['\\x41\\x{1F600}', 'A😀', 'A😀'],
  ['\\Qa.b\\E+', 'a.bba.b', 'a.bb'],
  ['a{2,3}', 'aaaa', 'aaa'],
  ['a{,2}', 'a{,2}', 'a{,2}'],
  ['(?P<x>a)(?<y>b)', 'ab', 'ab'],
  ['(a*)*b', 'aab', 'aab'],
  ['[]a]+', ']a', ']a'],
  ['', 'a', ''],
])('%j finds in %j what Go finds', (source, text, expected) => {
  expect(found(source, text)).toBe(expected);
});

test.each([
  ['(a)\\1', 'invalid escape sequence: `\\1`'],
  ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(?<!a)', 'invalid named capture: `(?<!a)`'],
  ['(a', 'missing closing ): `(a`'],
  ['a)', 'unexpected ): `a)`'],
  ['[a', 'missing closing ]: `[a`'],
  ['a|*', 'missing argument to repetition operator: `*`'],
  ['a**', 'invalid nested repetition operator: `**`'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
  ['\\pQ', 'invalid character class range: `\\pQ`'],
  ['[b-a]', 'invalid character class range: `b-a`'],
  ['a\\', 'trailing backslash at end of expression: ``'],
  ['((a{100}){100}){100}', 'expression too large'],
  ['('.repeat(300), 'expression nests too deeply'],
])('%j is refused', (source, message) => {
  expect(() => new GoRegexp(source)).toThrow(`error parsing regexp: ${message}`);
});

test('finds what JavaScript finds, for expressions made by chance', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const make = (depth: number): string => {
    const atom =
      depth === 0 || random(2) === 0 ? (['a', 'b', '.', '[ab]', '[^a]'][random(5)] ?? 'a') : `(?:${make(depth - 1)})`;
    // Loops of what may be empty are not the same in both.
    const one = atom.startsWith('(')
      ? `${atom}${['', '|b'][random(2)] ?? ''}`
      : `${atom}${['', '*', '+', '?', '*?', '{1,2}'][random(6)] ?? ''}`;
    return random(2) === 0 ? one : `${one}${make(Math.max(depth - 1, 0))}`;
  };
  for (let round = 0; round < 2000; round += 1) {
    const source = make(3);
    const text = Array.from({ length: random(8) }, () => 'abc'[random(3)] ?? '').join('');
    expect([source, text, found(source, text)]).toEqual([source, text, new RegExp(source).exec(text)?.[0]]);
  }
});

test.each(['(a+)+$', '(a|aa)*c', 'a*a*a*a*a*b', '(.*)(.*)(.*)x'])(
  '%j takes steps in proportion to the text',
  (source) => {
    const steps = (length: number): number => {
      let all = 0;
      new GoRegexp(source).find(`${'a'.repeat(length)}!`, 0, (more) => void (all += more));
      return all;
    };
    expect(steps(4000)).toBeLessThan(steps(1000) * 4.1);
  },
);
