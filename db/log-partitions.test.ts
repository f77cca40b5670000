import { describe, expect, test } from 'bun:test';
import { type LogPartition, planLog } from './log-partitions.ts';

const RETENTION = { seconds: 3_600, bytes: 800 };

/** Partitions of 20,000 numbers from 0 on: bytes and the age of the first change at or after each. */
const log = (...parts: readonly (readonly [bytes: number, ageSeconds?: number])[]): LogPartition[] =>
  parts.map(([bytes, ageSeconds], index) => ({
    name: `changes_${index * 20_000}`,
    from: index * 20_000,
    to: (index + 1) * 20_000,
    bytes,
    ageSeconds,
  }));
const plan = (partitions: readonly LogPartition[], head: number) => {
  const { make, close, drop, ...due } = planLog(partitions, head, RETENTION);
  return { make, close: close?.from, drop: drop.map(({ from }) => from), ...due };
};

describe('planLog()', () => {
  test('keeps a whole partition ahead of the one in use', () => {
    expect(plan(log([10, 5]), 100).make).toEqual([20_000]);
    expect(plan(log([10, 5], [0]), 19_998).make).toEqual([]);
    expect(plan(log([10, 5], [0]), 19_999).make).toEqual([40_000]);
    expect(plan(log([10, 5]), 19_999).make).toEqual([20_000, 40_000]);
  });

  test('makes room where the counter stands, when it has left the log behind', () => {
    expect(plan(log([10, 5]), 90_000).make).toEqual([80_000, 100_000]);
    expect(plan([], 1).make).toEqual([0, 20_000]);
  });

  test('closes the partition in use when it has an eighth of the bytes or its first change a quarter of the age', () => {
    expect(plan(log([100, 5], [0]), 10).close).toBeUndefined();
    expect(plan(log([101, 5], [0]), 10).close).toBe(0);
    expect(plan(log([10, 899], [0]), 10)).toMatchObject({ close: undefined, closeInSeconds: 1 });
    expect(plan(log([10, 900], [0]), 10)).toMatchObject({ close: 0, closeInSeconds: 0 });
    expect(plan(log([10, 9_000], [101], [0]), 20_010).close).toBeUndefined();
  });

  test('drops what ended longer ago than the age, and says when the next is due', () => {
    const parts = log([10, 9_000], [10, 4_000], [10, 3_000], [10, 100], [0]);
    expect(plan(parts, 60_010)).toMatchObject({ drop: [0], dropInSeconds: 600 });
  });

  test('drops the oldest while the whole is larger than the bytes, never the partition in use', () => {
    expect(plan(log([500, 300], [500, 200], [500, 100], [0]), 40_010)).toMatchObject({ drop: [0, 20_000] });
    expect(plan(log([900, 100], [0]), 10)).toMatchObject({ drop: [], dropInSeconds: undefined });
  });

  test('has nothing due by time for the partition after which nothing was written', () => {
    expect(plan(log([10, 9_000], [0], [0]), 19_999)).toMatchObject({ drop: [], dropInSeconds: undefined });
  });
});
