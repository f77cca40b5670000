import { expect, test } from 'bun:test';
import type { Operation, Outcome, Verb } from './history.ts';
import { findOrder } from './linearizable.ts';
import { contradiction, register } from './register.ts';
import { Random } from './random.ts';

/** `request(verb, [sent, answered], outcome, …)`: the contents are `put/patch`. */
function request(
  verb: Verb,
  [invoked, returned]: readonly [number, number],
  outcome: Outcome,
  { token = '', expected, content }: { token?: string; expected?: string; content?: string } = {},
): Operation {
  const id = `${verb}@${invoked}`;
  return {
    id,
    client: 'c',
    server: 0,
    key: 'k',
    verb,
    token,
    expected,
    invoked,
    returned,
    outcome,
    content,
    revision: undefined,
    stale: false,
  };
}
const create = (at: readonly [number, number], token: string) =>
  request('create', at, 'ok', { token, content: `${token}/` });
const read = (at: readonly [number, number], content: string) =>
  request('get', at, content === '' ? 'missing' : 'ok', content === '' ? {} : { content });
const swap = (at: readonly [number, number], expected: string, token: string) =>
  request('update', at, 'ok', { token, expected, content: `${token}/` });
const isFine = (...operations: Operation[]): boolean => contradiction(operations) === undefined;

test('requests one after the other: each must see what the ones before it did', () => {
  expect(isFine(read([0, 1], ''), create([2, 3], 'a'), read([4, 5], 'a/'), swap([6, 7], 'a/', 'b'))).toBe(true);
  expect(isFine(create([0, 1], 'a'), read([2, 3], ''))).toBe(false);
  expect(isFine(create([0, 1], 'a'), create([2, 3], 'b'))).toBe(false);
  expect(isFine(read([0, 1], 'a/'))).toBe(false);
});

test('requests at the same time may take effect in any order, but in one', () => {
  expect(isFine(create([0, 10], 'a'), read([1, 2], ''), read([3, 4], 'a/'))).toBe(true);
  expect(isFine(create([0, 10], 'a'), read([1, 2], 'a/'), read([3, 4], ''))).toBe(false);
});

test('of two swaps from the same content only one can have been acknowledged', () => {
  const both = [create([0, 1], 'a'), swap([2, 9], 'a/', 'b'), swap([3, 8], 'a/', 'c')] as const;
  expect(isFine(...both)).toBe(false);
  const refused = request('update', [3, 8], 'conflict', { token: 'c', expected: 'a/' });
  expect(isFine(both[0], both[1], refused)).toBe(true);
});

test('a refusal says something of the state: exists, missing and conflict are reads', () => {
  expect(isFine(request('create', [0, 1], 'exists', { token: 'a' }))).toBe(false);
  expect(isFine(create([0, 1], 'a'), request('delete', [2, 3], 'missing'))).toBe(false);
  const conflict = request('update', [2, 3], 'conflict', { token: 'b', expected: 'a/' });
  expect(isFine(create([0, 1], 'a'), conflict)).toBe(false);
  expect(isFine(create([0, 1], 'x'), conflict)).toBe(true);
});

test('a patch changes what is there, and shows it', () => {
  const patch = (content: string) => request('patch', [2, 3], 'ok', { token: 'p', content });
  expect(isFine(create([0, 1], 'a'), patch('a/p'), read([4, 5], 'a/p'))).toBe(true);
  expect(isFine(create([0, 1], 'a'), patch('b/p'))).toBe(false);
});

test('a write of unknown outcome may take effect at any later time, once, or never', () => {
  const unknown = request('create', [0, Infinity], 'unknown', { token: 'a' });
  expect(isFine(unknown, read([1, 2], ''), read([50, 51], 'a/'))).toBe(true);
  expect(isFine(unknown, read([1, 2], ''), read([50, 51], ''))).toBe(true);
  expect(isFine(unknown, read([1, 2], 'a/'), read([50, 51], ''))).toBe(false);
  expect(isFine(unknown, read([1, 2], 'b/'))).toBe(false);
});

test('contradiction() leaves out what is not needed to show it', () => {
  const before = Array.from({ length: 40 }, (_, at) => [
    at === 0 ? create([0, 1], 'v0') : swap([at * 10, at * 10 + 1], `v${at - 1}/`, `v${at}`),
    read([at * 10 + 2, at * 10 + 3], `v${at}/`),
  ]).flat();
  const piece = contradiction([...before, read([1_000, 1_001], 'v3/'), read([1_002, 1_003], 'v39/')]);
  expect(piece?.length).toBeLessThanOrEqual(6);
  expect(piece?.map(({ id }) => id)).toContain('get@1000');
});

/** All orders, one by one: what the search must agree with. */
function byTrial(operations: readonly Operation[], state: string): boolean {
  if (operations.length === 0) return true;
  const firstReturn = Math.min(...operations.map(({ returned }) => returned));
  return operations.some((one) => {
    if (one.invoked > firstReturn) return false;
    const next = register().step(state, one);
    return (
      next !== undefined &&
      byTrial(
        operations.filter((other) => other !== one),
        next,
      )
    );
  });
}

test('findOrder() agrees with trying all orders, on thousands of short histories', () => {
  const random = new Random(7);
  const contents = ['', 'a/', 'b/', 'c/'];
  const seen = { fine: 0, wrong: 0 };
  for (let round = 0; round < 4_000; round++) {
    const operations = Array.from({ length: 6 }, (_, at): Operation => {
      const invoked = random.below(12);
      const span = [invoked, invoked + 1 + random.below(8)] as const;
      const token = ['a', 'b', 'c'][at % 3] ?? '';
      const outcome = random.pick(['ok', 'ok', 'unknown'] as const);
      switch (random.pick(['create', 'update', 'delete', 'get'] as const)) {
        case 'create':
          return request('create', span, outcome, { token });
        case 'update':
          return request('update', span, outcome, { token, expected: random.pick(contents.slice(1)) });
        case 'delete':
          return request('delete', span, random.pick(['ok', 'missing', 'unknown'] as const));
        default:
          return read(span, random.pick(contents));
      }
    });
    const sorted = operations.sort((a, b) => a.invoked - b.invoked);
    const fine = findOrder(sorted, register()) === undefined;
    expect(fine).toBe(byTrial(sorted, ''));
    seen[fine ? 'fine' : 'wrong'] += 1;
  }
  // Both kinds came up often enough to mean something.
  expect(Math.min(seen.fine, seen.wrong)).toBeGreaterThan(100);
});

test('findOrder() takes a long history of many clients in its stride', () => {
  const random = new Random(3);
  const operations: Operation[] = [];
  let content = '';
  for (let at = 0; at < 20_000; at++) {
    const span = [at * 10 - random.below(60), at * 10 + 5 + random.below(60)] as const;
    if (at % 3 === 0) {
      operations.push(content === '' ? create(span, `t${at}`) : swap(span, content, `t${at}`));
      content = `t${at}/`;
    } else operations.push(read(span, content));
  }
  expect(contradiction(operations.sort((a, b) => a.invoked - b.invoked))).toBeUndefined();
});
