import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createTestDatabase, openTestDatabase } from '#test/support/database.ts';
import { readChanges, recentChanges } from './changes.ts';
import { type Database, connect } from './connect.ts';
import { type BatchWrite, writeBatch } from './objects.ts';

const write = (name: string, expectedRevision: number, value: string | null): BatchWrite => ({
  resource: 'configmaps',
  namespace: '',
  name,
  expectedRevision,
  value,
});

describe('writeBatch()', () => {
  let database: Database;

  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  test('numbers writes by place and leaves a hole where a compare failed', async () => {
    const first = await writeBatch(database.writer, [write('a', 0, '{"é":"\\"{},"}'), write('b', 0, '2')]);
    expect(first.head - first.base).toBe(2);
    const second = await writeBatch(database.writer, [
      write('a', first.base + 1, '3'),
      write('a2', 0, '4'),
      write('b', first.head, null),
    ]);
    expect(second.applied).toEqual([true, true, true]);
    const third = await writeBatch(database.writer, [
      write('a', first.base + 1, 'stale'),
      write('a2', 0, 'is there'),
      write('b', 0, 'again'),
      write('gone', 7, null),
    ]);
    expect(third.applied).toEqual([false, false, true, false]);
    const page = await readChanges(database.pool, first.base);
    expect(
      page.changes.map(({ revision, name, previousRevision, value }) => [
        revision - first.base,
        name,
        previousRevision === 0 ? 0 : previousRevision - first.base,
        value,
      ]),
    ).toEqual([
      [1, 'a', 0, '{"é":"\\"{},"}'],
      [2, 'b', 0, '2'],
      [3, 'a', 1, '3'],
      [4, 'a2', 0, '4'],
      [5, 'b', 2, null],
      [8, 'b', 0, 'again'],
    ]);
    expect(page.upTo).toBe(third.head);
    expect(page.complete).toBe(true);
    const past = await recentChanges(database.pool, third.head, 4);
    expect(past.map(({ name, previousValue }) => [name, previousValue])).toEqual([
      ['a', '{"é":"\\"{},"}'],
      ['a2', null],
      ['b', '2'],
      ['b', null],
    ]);
  });

  test('readChanges() pages without a gap', async () => {
    const { base } = await writeBatch(
      database.writer,
      Array.from({ length: 25 }, (_, index) => write(`page-${index}`, 0, 'x')),
    );
    const seen: number[] = [];
    for (let after = base; ;) {
      const page = await readChanges(database.pool, after, 10);
      seen.push(...page.changes.map(({ revision }) => revision - base));
      after = page.upTo;
      if (page.complete) break;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  });

  test('by three servers on the same keys: a reader that polls misses no change', async () => {
    const address = await createTestDatabase();
    const servers = await Promise.all([connect(address), connect(address), connect(address), connect(address)]);
    const [reader, ...writers] = servers;
    if (reader === undefined) throw new Error('no reader');
    let applied = 0;
    const revisions = new Map<string, number>();
    const work = async (lane: Database): Promise<void> => {
      for (let round = 0; round < 60; round++) {
        const names = Array.from({ length: 8 }, (_, index) => `key-${(round * 5 + index) % 24}`);
        const result = await writeBatch(
          lane.writer,
          names.map((name) => write(name, revisions.get(name) ?? 0, `${round}`)),
        );
        for (const [place, name] of names.entries()) {
          if (result.applied[place] !== true) continue;
          applied += 1;
          revisions.set(name, Math.max(revisions.get(name) ?? 0, result.base + place + 1));
        }
      }
    };
    let done = false;
    const seen: number[] = [];
    const follow = async (): Promise<void> => {
      for (let after = 1; ;) {
        const isLast = done;
        const page = await readChanges(reader.pool, after);
        seen.push(...page.changes.map(({ revision }) => revision));
        after = page.upTo;
        if (isLast && page.complete) return;
      }
    };
    const following = follow();
    await Promise.all(writers.map(work));
    done = true;
    await following;
    const all = await reader.pool<{ revision: number }[]>`SELECT revision FROM changes ORDER BY revision`;
    expect(seen).toHaveLength(applied);
    expect(seen).toEqual(all.map(({ revision }) => revision));
    await Promise.all(servers.map((one) => one.close()));
  });
});
