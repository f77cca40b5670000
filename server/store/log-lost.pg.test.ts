import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { type Database, type DatabaseAddress, connect } from '#db/connect.ts';
import { maintainLog, oldestRevision } from '#db/log-partitions.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import type { ObjectEvent } from './object-store.ts';
import { type DatabaseStore, openStore } from './store.ts';

const HOUR = { seconds: 3_600, bytes: 256 * 1024 * 1024 };

let address: DatabaseAddress;
const opened: { store: DatabaseStore; database: Database }[] = [];

beforeAll(async () => {
  address = await createTestDatabase();
});
afterEach(async () => {
  for (const { store, database } of opened.splice(0)) {
    await store.stop();
    await database.close();
  }
});
afterAll(() => expect(opened).toEqual([]));

/** One that does not listen: it learns of others' writes when it asks. */
async function open(): Promise<{ store: DatabaseStore; database: Database }> {
  const database = await connect(address);
  const one = { store: await openStore({ database, log: silentLog }), database };
  opened.push(one);
  return one;
}

const object = (name: string, at: string) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, namespace: 'ns' },
  data: { at },
});
const write = (store: DatabaseStore, operation: 'create' | 'update' | 'delete', name: string, at = '') =>
  store.write({
    operation,
    resource: 'configmaps',
    namespace: 'ns',
    name,
    expectedRevision: store.get('configmaps', 'ns', name)?.revision ?? 0,
    object: object(name, at),
  });

/** Drops all of the log that is not in use. */
async function compact({ store, database }: (typeof opened)[number]): Promise<number> {
  for (let round = 0; round < 2; round++) {
    await database.pool`UPDATE changes SET changed_at = changed_at - interval '2 hours'`;
    await maintainLog(database.pool, HOUR, true);
    await write(store, 'update', 'kept', `${round}`);
  }
  await database.pool`UPDATE changes SET changed_at = changed_at - interval '2 hours'`;
  await maintainLog(database.pool, HOUR, true);
  return oldestRevision(database.pool);
}

test('catchUp() takes the whole state when the log was dropped unread, and lets go of who needs every event', async () => {
  const [one, two] = [await open(), await open()];
  for (const name of ['kept', 'changed', 'deleted', 'same']) await write(one.store, 'create', name);
  await two.store.catchUp();
  const since = two.store.revision();
  const newest: string[] = [];
  const every: (ObjectEvent | 'lost')[] = [];
  two.store.subscribe('configmaps', since, {
    event: ({ type, revision, stored }) => newest.push(`${type} ${stored.name} ${revision}`),
  });
  const end = two.store.subscribe('configmaps', since, {
    event: (event) => every.push(event),
    lost: () => every.push('lost'),
  });

  await write(one.store, 'update', 'changed', 'first');
  const changed = await write(one.store, 'update', 'changed', 'second');
  await write(one.store, 'delete', 'deleted');
  const added = await write(one.store, 'create', 'added');
  const oldest = await compact(one);
  expect(oldest).toBeGreaterThan(added.revision);
  await two.store.catchUp();

  await one.store.catchUp();
  const head = two.store.revision();
  expect(one.store.revision()).toBe(head);
  const texts = ({ store }: typeof one): string[] => store.list('configmaps').map(({ text }) => text);
  expect(texts(two)).toEqual(texts(one));
  expect(every).toEqual(['lost']);
  expect(newest).toEqual(
    [
      `MODIFIED changed ${changed.revision}`,
      `ADDED added ${added.revision}`,
      `MODIFIED kept ${two.store.get('configmaps', 'ns', 'kept')?.revision}`,
      `DELETED deleted ${head}`,
    ].toSorted((a, b) => Number(a.split(' ')[2]) - Number(b.split(' ')[2])),
  );
  expect(() => two.store.subscribe('configmaps', head - 1, { event: () => undefined })).toThrow('too old');
  end();

  // It goes on as before: its own writes, and those of others.
  await write(two.store, 'update', 'same', 'by two');
  await write(one.store, 'create', 'more');
  await two.store.catchUp();
  expect(newest.slice(4).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['MODIFIED same', 'ADDED more']);
});

test('a write of a server that was behind for too long is compared with what is there', async () => {
  const [one, two] = [await open(), await open()];
  await write(one.store, 'create', 'contended');
  await two.store.catchUp();
  await write(one.store, 'update', 'contended', 'by one');
  await compact(one);
  await expect(write(two.store, 'update', 'contended', 'by two')).rejects.toThrow('the object has been modified');
  expect(two.store.get('configmaps', 'ns', 'contended')?.object).toMatchObject({ data: { at: 'by one' } });
});

test('a store that starts reads a log whose beginning was dropped', async () => {
  const one = await open();
  await write(one.store, 'update', 'kept', 'again');
  const oldest = await compact(one);
  const two = await open();
  expect(two.store.revision()).toBeGreaterThanOrEqual(one.store.revision());
  expect(() => two.store.subscribe('configmaps', oldest - 2, { event: () => undefined })).toThrow('too old');
});
