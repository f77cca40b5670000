import { afterAll, beforeAll, expect, test } from 'bun:test';
import { openTestDatabase } from '#test/support/database.ts';
import { type Database, connect } from './connect.ts';
import { EpochEnded, endAlone, readEpoch, startEpoch, startEpochAlone } from './epoch.ts';
import { type BatchWrite, fence, writeBatch } from './objects.ts';
import { SoleServer } from './sole-server.ts';

let database: Database;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const creates = (...names: string[]): BatchWrite[] =>
  names.map((name) => ({ resource: 'configmaps', namespace: '', name, expectedRevision: 0, value: '{}' }));
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : String(error));
const outcome = (batch: Promise<unknown>): Promise<string> => batch.then(() => 'done', nameOf);
const stored = async (): Promise<string[]> =>
  (await database.pool<{ name: string }[]>`SELECT name FROM objects ORDER BY name`).map(({ name }) => name);

test('writeBatch() under an epoch that has ended does nothing, takes no numbers and tells nobody', async () => {
  const first = await startEpoch(database.pool);
  await writeBatch(database.writer, creates('a'), first.epoch);
  const second = await startEpoch(database.pool);
  expect(second.epoch).toBe(first.epoch + 2);
  expect(await outcome(writeBatch(database.writer, creates('b'), first.epoch))).toBe('EpochEnded');
  expect(await stored()).toEqual(['a']);
  expect((await writeBatch(database.writer, creates('c'), second.epoch)).base).toBe(second.epoch);
});

test('startEpoch() waits for the batch under way, and the one that waits behind it does nothing', async () => {
  const { epoch } = await readEpoch(database.pool);
  const other = await connect(database.address);
  // Holds the counter's lock, as a batch does until it has committed.
  let commit: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (commit = resolve));
  const locked = Promise.withResolvers<void>();
  const underWay = database.pool.begin(async (transaction) => {
    await transaction`UPDATE revision SET value = value + 1 WHERE id = 1 AND epoch = ${epoch}`;
    await transaction`INSERT INTO objects (resource, namespace, name, revision, value) VALUES ('r', '', 'under-way', 7, '{}')`;
    locked.resolve();
    await held;
  });
  await locked.promise;
  const starting = startEpoch(other.pool);
  const waiting = async (count: number): Promise<void> => {
    for (;;) {
      const [row] = await database.pool<{ count: number }[]>`SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND datname = current_database()`;
      if (row?.count === count) return;
    }
  };
  await waiting(1);
  const late = outcome(writeBatch(other.writer, creates('late'), epoch));
  await waiting(2);
  commit();
  await underWay;
  await starting;
  expect(await late).toBe('EpochEnded');
  expect(await stored()).toContain('under-way');
  expect(await stored()).not.toContain('late');
  await other.close();
});

test('fence() keeps out what comes later, whatever connection it comes on', async () => {
  const { epoch } = await startEpoch(database.pool);
  await fence(database.pool, 0);
  const [error] = await Promise.allSettled([writeBatch(database.writer, creates('after-the-fence'), epoch)]);
  expect(error.status === 'rejected' && error.reason instanceof EpochEnded).toBe(true);
  expect(await stored()).not.toContain('after-the-fence');
});

test('endAlone() takes back what its own server said, and no other one', async () => {
  await startEpochAlone(database.pool, 5);
  await endAlone(database.pool, 6);
  expect((await readEpoch(database.pool)).alone).toBe(5);
  await endAlone(database.pool, 5);
  expect((await readEpoch(database.pool)).alone).toBe(0);
});

test('SoleServer: goes on after a fence of its own, and neither writes nor believes to be alone when another has taken over', async () => {
  const first = await SoleServer.open(database.pool);
  await fence(database.pool, 0);
  expect(await outcome(writeBatch(database.writer, creates('d'), first.epoch))).toBe('EpochEnded');
  await first.renewEpoch();
  await writeBatch(database.writer, creates('d'), first.epoch);
  const second = await SoleServer.open(database.pool);
  expect(await outcome(writeBatch(database.writer, creates('e'), first.epoch))).toBe('EpochEnded');
  expect(await outcome(first.renewEpoch())).toBe('DatabaseError');
  expect([first.isMember, first.isAlone(), second.isMember, second.isAlone()]).toEqual([false, false, true, true]);
  expect((await stored()).includes('e')).toBe(false);
});
