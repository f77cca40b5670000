import { afterEach, beforeEach, expect, test } from 'bun:test';
import { type Database, connect } from '#db/connect.ts';
import { readLogState } from '#db/log-partitions.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { type DatabaseStore, openStore } from './store.ts';

const MB = 1024 * 1024;

let database: Database;
let store: DatabaseStore;
let clock: ManualClock;

beforeEach(async () => {
  database = await connect(await createTestDatabase());
  clock = new ManualClock();
  const retention = { seconds: 3_600, bytes: 2 * MB };
  store = await openStore({ database, log: silentLog, clock, retention });
});
afterEach(async () => {
  await store.stop();
  await database.close();
});

let made = 0;
async function create(characters = 100): Promise<void> {
  const content = crypto.getRandomValues(Buffer.alloc(characters / 2)).toString('hex');
  const name = `c-${(made += 1)}`;
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'ns' }, data: { content } };
  await store.write({
    operation: 'create',
    resource: 'configmaps',
    namespace: 'ns',
    name,
    expectedRevision: 0,
    object,
  });
}
/** Time passes, for the store and for what the database holds. */
async function pass(seconds: number): Promise<void> {
  await database.pool`UPDATE changes SET changed_at = changed_at - make_interval(secs => ${seconds})`;
  await clock.advance(seconds * 1000);
}
/** The partitions that hold changes, or held them: all but the ones ahead. */
const used = async (): Promise<number[]> => {
  const { head, partitions } = await readLogState(database.pool);
  return partitions.filter(({ from }) => from <= head).map(({ from }) => from);
};
const revision = async (): Promise<number> => (await readLogState(database.pool)).head;

test('a store keeps its log by size while it writes', async () => {
  for (let index = 0; index < 60; index++) await create(64_000);
  await eventually(async () => {
    const { partitions } = await readLogState(database.pool);
    expect(partitions.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(2.5 * MB);
  });
  expect((await used())[0]).toBeGreaterThan(0);
});

test('a store that writes now and then closes a part each quarter of the age, and drops what is old when it writes no more', async () => {
  for (let quarter = 0; quarter < 3; quarter++) {
    await create();
    await pass(910);
    await create();
    await eventually(async () => expect(await revision()).toBe((quarter + 1) * 20_000 - 1));
  }
  expect(await used()).toEqual([0, 20_000, 40_000]);
  await create();
  const last = await revision();
  await pass(3_700);
  await eventually(async () => expect(await used()).toEqual([60_000]));
  expect(await revision()).toBe(last);
});

test('a store that writes nothing writes nothing for its log either', async () => {
  await create();
  const before = await revision();
  for (let hour = 0; hour < 5; hour++) await pass(3_600);
  expect(await revision()).toBe(before);
  expect(await used()).toEqual([0]);
});
