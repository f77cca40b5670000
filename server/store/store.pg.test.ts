import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import { type Database, connect } from '#db/connect.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import type { ObjectEvent } from './object-store.ts';
import { type DatabaseStore, openStore } from './store.ts';

const configMap = (name: string, value = 'x'): KubeObject =>
  ({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name, namespace: 'ns', uid: `uid-${name}` },
    data: { value },
  }) as KubeObject;

const key = (name: string) => ({ resource: 'configmaps', namespace: 'ns', name });
const create = (store: DatabaseStore, name: string) =>
  store.write({ operation: 'create', ...key(name), expectedRevision: 0, object: configMap(name) });
const update = (store: DatabaseStore, name: string, expectedRevision: number, value: string) =>
  store.write({ operation: 'update', ...key(name), expectedRevision, object: configMap(name, value) });
const remove = (store: DatabaseStore, name: string, expectedRevision: number) =>
  store.write({ operation: 'delete', ...key(name), expectedRevision, object: configMap(name) });

const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'stored',
    (error: unknown) => (error instanceof StatusError ? error.reason : String(error)),
  );

const databases: Database[] = [];
const stores: DatabaseStore[] = [];
let address: Database['address'];

async function anotherStore(): Promise<DatabaseStore> {
  const database = await connect(address);
  databases.push(database);
  const store = await openStore({ database, log: silentLog });
  void store.run();
  stores.push(store);
  return store;
}

describe('DatabaseStore', () => {
  let store: DatabaseStore;

  beforeAll(async () => {
    address = await createTestDatabase();
    store = await anotherStore();
  });

  afterAll(async () => {
    for (const one of stores) await one.stop();
    for (const database of databases) await database.close();
  });

  test('write() puts kind and apiVersion first and the revision in the text', async () => {
    const stored = await create(store, 'text');
    expect(stored.text).toBe(
      `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"text","namespace":"ns","uid":"uid-text","resourceVersion":"${stored.revision}"},"data":{"value":"x"}}`,
    );
    expect(stored.object.metadata.resourceVersion).toBe(String(stored.revision));
    expect(store.get('configmaps', 'ns', 'text')).toBe(stored);
  });

  test('write() of one object by many: one wins, the others get AlreadyExists, Conflict or NotFound', async () => {
    const creates = await Promise.all(Array.from({ length: 20 }, () => reasonOf(create(store, 'fought'))));
    expect(creates.filter((reason) => reason === 'stored')).toHaveLength(1);
    expect(creates.filter((reason) => reason === 'AlreadyExists')).toHaveLength(19);
    const { revision = 0 } = store.get('configmaps', 'ns', 'fought') ?? {};
    const updates = await Promise.all(
      Array.from({ length: 20 }, (_, index) => reasonOf(update(store, 'fought', revision, String(index)))),
    );
    expect(updates.filter((reason) => reason === 'stored')).toHaveLength(1);
    expect(updates.filter((reason) => reason === 'Conflict')).toHaveLength(19);
    const after = store.get('configmaps', 'ns', 'fought')?.revision ?? 0;
    expect(await reasonOf(remove(store, 'fought', after))).toBe('stored');
    expect(await reasonOf(update(store, 'fought', after, 'late'))).toBe('NotFound');
  });

  test('list() is in key order and is not altered by later writes', async () => {
    await Promise.all(['m', 'c', 'z', 'a'].map((name) => create(store, `order-${name}`)));
    const before = store.list('configmaps', 'ns');
    const names = before.map((stored) => stored.name);
    expect(names).toEqual([...names].sort());
    await create(store, 'order-b');
    expect(before.map((stored) => stored.name)).toEqual(names);
    expect(store.list('configmaps', 'ns')).toHaveLength(names.length + 1);
  });

  test('subscribe() gives every event above a revision once and in order, past and future alike', async () => {
    const from = store.revision();
    await Promise.all(Array.from({ length: 300 }, (_, index) => create(store, `past-${index}`)));
    const seen: ObjectEvent[] = [];
    const end = store.subscribe('configmaps', from, { event: (event) => seen.push(event) });
    await Promise.all(Array.from({ length: 300 }, (_, index) => create(store, `future-${index}`)));
    const { revision } = await create(store, 'gone');
    await remove(store, 'gone', revision);
    end();
    await create(store, 'unheard');
    const revisions = seen.map((event) => event.revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    expect(seen).toHaveLength(602);
    const last = seen.at(-1);
    expect(last?.type).toBe('DELETED');
    expect(last?.stored.object.metadata.resourceVersion).toBe(String(last?.revision));
    expect(last?.previous?.revision).toBe(revision);
  });

  test('subscribe() goes on across a restart of the server', async () => {
    const from = store.revision();
    const { revision } = await create(store, 'restart');
    await update(store, 'restart', revision, 'changed');
    const again = await anotherStore();
    const seen: string[] = [];
    again.subscribe('configmaps', from, { event: ({ type, stored }) => seen.push(`${type} ${stored.name}`) })();
    expect(seen).toEqual(['ADDED restart', 'MODIFIED restart']);
    expect(again.list('configmaps').map((stored) => stored.text)).toEqual(
      store.list('configmaps').map((stored) => stored.text),
    );
  });

  test('subscribe() answers Expired when the ring no longer reaches back', async () => {
    const database = await connect(address);
    const small = await openStore({ database, log: silentLog, ringLimits: { events: 5, bytes: 1_000_000 } });
    expect(() => small.subscribe('configmaps', 1, { event: () => undefined })).toThrow('too old resource version: 1');
    await small.stop();
    await database.close();
  });

  test('two stores on one database: each sees the writes of both, in one order, and no object is stale', async () => {
    const other = await anotherStore();
    const seen: [number[], number[]] = [[], []];
    const from = Math.max(store.revision(), other.revision());
    for (const [index, one] of [store, other].entries())
      one.subscribe('configmaps', from, { event: (event) => seen[index as 0 | 1].push(event.revision) });
    const work = async (one: DatabaseStore): Promise<void> => {
      for (let round = 0; round < 60; round++) {
        const name = `shared-${round % 7}`;
        const current = one.get('configmaps', 'ns', name);
        await reasonOf(current === undefined ? create(one, name) : update(one, name, current.revision, `${round}`));
      }
    };
    await Promise.all([store, store, other, other].map(work));
    await eventually(() => expect(seen[1]).toEqual(seen[0]));
    // A last batch in which every compare failed takes numbers but writes and tells nothing: only the log knows of it.
    await Promise.all([store.catchUp(), other.catchUp()]);
    expect(other.revision()).toBe(store.revision());
    expect(seen[0].length).toBeGreaterThan(60);
    expect(seen[0]).toEqual([...seen[0]].sort((a, b) => a - b));
    expect(seen[1]).toEqual(seen[0]);
    expect(other.list('configmaps').map((stored) => stored.text)).toEqual(
      store.list('configmaps').map((stored) => stored.text),
    );
  });

  test('write() by another server reaches a watcher through NOTIFY', async () => {
    const other = await anotherStore();
    let heard = 0;
    store.subscribe('configmaps', store.revision(), { event: () => (heard += 1) });
    await create(other, 'notified');
    await eventually(() => expect(heard).toBe(1));
    expect(store.get('configmaps', 'ns', 'notified')?.text).toBe(other.get('configmaps', 'ns', 'notified')?.text ?? '');
  });

  test('write() whose connection breaks is answered truly: stored if and only if it is in the log', async () => {
    const { writer, pool } = databases[0] ?? (await connect(address));
    const [{ pid } = { pid: 0 }] = await writer<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    const outcomes = Array.from({ length: 400 }, (_, index) => reasonOf(create(store, `broken-${index}`)));
    await pool`SELECT pg_terminate_backend(${pid})`;
    const answers = await Promise.all(outcomes);
    await store.catchUp();
    for (const [index, answer] of answers.entries()) {
      const isThere = store.get('configmaps', 'ns', `broken-${index}`) !== undefined;
      expect(`${index} ${answer}`).toBe(`${index} ${isThere ? 'stored' : 'ServiceUnavailable'}`);
    }
    await eventually(async () => expect(await reasonOf(create(store, 'after-the-break'))).toBe('stored'));
    expect(store.get('configmaps', 'ns', 'after-the-break')?.name).toBe('after-the-break');
  });
});
