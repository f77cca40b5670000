import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { createTestDatabase } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { readChanges } from './changes.ts';
import { type Database, connect } from './connect.ts';
import { conditionOf } from './errors.ts';
import { maintainLog, makePartitions, oldestRevision, readLogState } from './log-partitions.ts';
import { writeBatch } from './objects.ts';

const HOUR = { seconds: 3_600, bytes: 256 * 1024 * 1024 };

let database: Database;
beforeEach(async () => {
  database = await connect(await createTestDatabase());
});
afterEach(() => database.close());

const create = (name: string, value = '{}') =>
  writeBatch(database.writer, [{ resource: 'configmaps', namespace: '', name, expectedRevision: 0, value }]);
const names = async (): Promise<string[]> => (await readChanges(database.pool, 0)).changes.map(({ name }) => name);
/** As if the changes up to now had been made so long before. */
const age = (seconds: number) =>
  database.pool`UPDATE changes SET changed_at = changed_at - make_interval(secs => ${seconds})`;

describe('maintainLog()', () => {
  test('makes room ahead; a batch that finds none fails whole', async () => {
    await database.pool`UPDATE revision SET value = 19999`;
    await create('last').then(
      () => expect.unreachable(),
      (error: unknown) => expect(conditionOf(error)).toBe('partition-missing'),
    );
    await makePartitions(database.pool);
    expect((await create('last')).head).toBe(20_000);
    await database.pool`UPDATE revision SET value = 90000`;
    await maintainLog(database.pool, HOUR, true);
    expect((await create('later')).head).toBe(90_001);
    expect(await names()).toEqual(['last', 'later']);
  });

  test('closes a partition by a leap of the counter, and drops it when it is old', async () => {
    await maintainLog(database.pool, HOUR, true);
    await create('a');
    await age(1_000);
    expect(await maintainLog(database.pool, HOUR, false)).toMatchObject({ dropped: 0 });
    expect((await create('b')).head).toBeLessThan(20_000);
    await maintainLog(database.pool, HOUR, true);
    expect((await create('c')).head).toBe(20_000);
    expect(await names()).toEqual(['a', 'b', 'c']);
    expect(await maintainLog(database.pool, HOUR, true)).toMatchObject({ dropped: 0 });
    await age(3_590);
    const { dropped, dropInSeconds } = await maintainLog(database.pool, HOUR, false);
    expect(dropped).toBe(0);
    expect(dropInSeconds).toBeWithin(1, 11);
    await age(10);
    expect(await maintainLog(database.pool, HOUR, false)).toMatchObject({ dropped: 1, dropInSeconds: undefined });
    expect(await names()).toEqual(['c']);
    expect(await oldestRevision(database.pool)).toBe(20_000);
    const { oldest, upTo } = await readChanges(database.pool, 5);
    expect([oldest, upTo]).toEqual([20_000, 20_000]);
  });

  test('drops by size, whatever the age', async () => {
    const small = { seconds: 3_600, bytes: 1024 * 1024 };
    // Random digits: what Postgres stores is not much smaller than this.
    const large = (): string => JSON.stringify(Array.from({ length: 6_000 }, () => Math.random()));
    for (let index = 0; index < 40; index++) {
      await create(`large-${index}`, large());
      await maintainLog(database.pool, small, true);
    }
    const { partitions } = await readLogState(database.pool);
    const bytes = partitions.reduce((sum, partition) => sum + partition.bytes, 0);
    expect(bytes).toBeLessThan(small.bytes * 1.25);
    const kept = await names();
    expect(kept.at(-1)).toBe('large-39');
    expect(kept.length).toBeWithin(4, 30);
  });

  test('drops nothing, and stops nobody, while the log is being read for long', async () => {
    await maintainLog(database.pool, HOUR, true);
    await create('a');
    await age(1_000);
    await maintainLog(database.pool, HOUR, true);
    await create('b');
    await age(4_000);
    const reader = await database.pool.reserve();
    try {
      await reader`BEGIN`;
      await reader`SELECT count(*) FROM changes`;
      // Young readers are waited for, a moment; so that is refused too, by its timeout.
      expect(await maintainLog(database.pool, HOUR, true)).toMatchObject({ dropped: 0, dropInSeconds: 1 });
      await eventually(async () => {
        const [row] = await database.pool<
          { old: boolean }[]
        >`SELECT bool_or(xact_start < now() - interval '1.1 s') AS old
          FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`;
        expect(row?.old).toBe(true);
      });
      const started = performance.now();
      const [care] = await Promise.all([maintainLog(database.pool, HOUR, true), create('c')]);
      expect(care).toMatchObject({ dropped: 0 });
      expect(performance.now() - started).toBeLessThan(5_000);
    } finally {
      await reader`ROLLBACK`;
      reader.release();
    }
    expect(await maintainLog(database.pool, HOUR, true)).toMatchObject({ dropped: 1 });
    expect(await names()).toEqual(['b', 'c']);
  });

  test('by four servers at once: each partition is made and dropped once, and no write fails', async () => {
    const small = { seconds: 3_600, bytes: 300 * 1024 };
    const servers = await Promise.all(Array.from({ length: 4 }, () => connect(database.address)));
    let done = false;
    const care = async ({ pool }: Database): Promise<number> => {
      let dropped = 0;
      while (!done) dropped += (await maintainLog(pool, small, true)).dropped;
      return dropped;
    };
    const caring = Promise.all(servers.map(care));
    const values = Array.from({ length: 20 }, () => JSON.stringify(Array.from({ length: 400 }, () => Math.random())));
    for (let round = 0; round < 30; round++) {
      const writes = values.map((value, index) => ({
        resource: 'configmaps',
        namespace: '',
        name: `w-${round}-${index}`,
        expectedRevision: 0,
        value,
      }));
      expect((await writeBatch(database.writer, writes)).applied).not.toContain(false);
    }
    done = true;
    const dropped = (await caring).reduce((sum, one) => sum + one, 0);
    const { partitions } = await readLogState(database.pool);
    expect(dropped).toBeGreaterThan(2);
    expect(partitions.every(({ to }, index) => to === (partitions[index + 1]?.from ?? to))).toBe(true);
    await Promise.all(servers.map((one) => one.close()));
  });
});
