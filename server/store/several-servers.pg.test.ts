import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import { type Database, type DatabaseAddress, connect } from '#db/connect.ts';
import { ServerSession } from '#db/server-session.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import type { ObjectEvent } from './object-store.ts';
import { type DatabaseStore, type StoreOptions, openStore } from './store.ts';

const times = { tickMs: 50, answerMs: 1_000, confirmedMs: 300, outwaitMs: 330 };

/** A store as one of several servers has it. */
interface Server {
  readonly store: DatabaseStore;
  readonly session: ServerSession;
  readonly database: Database;
}

let address: DatabaseAddress;
const servers: Server[] = [];

beforeAll(async () => {
  address = await createTestDatabase();
});
afterEach(async () => {
  for (const { store, session, database } of servers.splice(0)) {
    await store.stop();
    await session.stop();
    await database.close();
  }
});
afterAll(async () => {
  expect(servers).toEqual([]);
});

/** Without notifications (a tick of an hour): what it sees of others it has asked for. */
async function server(options: Partial<StoreOptions> = {}): Promise<Server> {
  const database = await connect(address);
  const session = new ServerSession({ address, log: silentLog, times });
  void session.run();
  await session.joined();
  const store = await openStore({ database, log: silentLog, membership: session, ...options });
  const one = { store, session, database };
  servers.push(one);
  return one;
}

const configMap = (name: string, data: Record<string, string> = {}): KubeObject =>
  ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'ns' }, data }) as KubeObject;
const key = (name: string) => ({ resource: 'configmaps', namespace: 'ns', name });
const create = ({ store }: Server, name: string) =>
  store.write({ operation: 'create', ...key(name), expectedRevision: 0, object: configMap(name) });
const update = ({ store }: Server, name: string, expectedRevision: number) =>
  store.write({
    operation: 'update',
    ...key(name),
    expectedRevision,
    object: configMap(name, { at: `${expectedRevision}` }),
  });
const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof StatusError ? error.reason : String(error)),
  );

test('current() makes a read on one server see what another has acknowledged', async () => {
  const [one, two] = [await server(), await server()];
  for (let round = 0; round < 200; round++) {
    const name = `fresh-${round}`;
    await create(one, name);
    // Nothing listens here (the stores do not run), so only asking can bring it.
    expect(two.store.get('configmaps', 'ns', name)).toBeUndefined();
    await two.store.current();
    expect(two.store.get('configmaps', 'ns', name)?.name).toBe(name);
  }
});

test('current() is free for a server that is alone, and is not from the moment a second one can write', async () => {
  const one = await server();
  await eventually(() => expect(one.store.current()).toBeUndefined());
  const two = await server();
  const { revision } = await create(two, 'second');
  expect(one.store.revision()).toBeLessThan(revision);
  const wait = one.store.current();
  expect(wait).toBeInstanceOf(Promise);
  await wait;
  expect(one.store.revision()).toBeGreaterThanOrEqual(revision);
});

test('current() never misses a write while a second server comes and goes, its session cut off each time', async () => {
  const one = await server();
  for (let round = 0; round < 12; round++) {
    await eventually(() => expect(one.store.current()).toBeUndefined());
    const two = await server();
    for (let index = 0; index < 20; index++) {
      const name = `round-${round}-${index}`;
      if (index === 10)
        await one.database.pool`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'skep session' AND datname = current_database() ORDER BY backend_start DESC LIMIT 1`;
      if ((await reasonOf(create(two, name))) !== 'done') continue;
      await one.store.current();
      expect(one.store.get('configmaps', 'ns', name)?.name).toBe(name);
    }
    servers.pop();
    await two.store.stop();
    await two.session.stop();
    await two.database.close();
  }
}, 60_000);

test('current(revision) waits only for what memory has not reached', async () => {
  const [one, two] = [await server(), await server()];
  const { revision } = await create(one, 'reached');
  expect(one.store.current(revision)).toBeUndefined();
  await two.store.current(revision);
  expect(two.store.revision()).toBe(revision);
});

test('current() answers Timeout when the database does not, after that reads are stale and wait for nothing', async () => {
  const [one] = [await server(), await server()];
  const rows = await one.database.pool<{ pid: number }[]>`SELECT pid FROM pg_stat_activity
    WHERE application_name = 'skep pool' AND datname = current_database()`;
  const signal = (name: string) => Bun.spawnSync(['kill', name, ...rows.map(({ pid }) => String(pid))]);
  // The session goes on answering: what hangs is this server's pool.
  signal('-STOP');
  try {
    expect(await reasonOf(one.store.current() ?? Promise.resolve())).toBe('Timeout');
    expect([one.store.isStale, one.store.current()]).toEqual([true, undefined]);
  } finally {
    signal('-CONT');
  }
  await eventually(() => {
    void one.store.current();
    expect(one.store.isStale).toBe(false);
  });
});

test('write() is refused while the others do not know of this server', async () => {
  const one = await server();
  await server();
  await one.session.stop();
  expect(await reasonOf(create(one, 'unknown'))).toBe('ServiceUnavailable');
});

test('resume() goes on from the log where memory no longer reaches back, each event once, with what it replaced', async () => {
  const one = await server();
  const from = one.store.revision();
  const { revision } = await create(one, 'resumed');
  let last = revision;
  for (let round = 0; round < 450; round++) last = (await update(one, 'resumed', last)).revision;
  await one.store.write({
    operation: 'delete',
    ...key('resumed'),
    expectedRevision: last,
    object: configMap('resumed', { at: 'last' }),
  });
  const small = await server({ ringLimits: { events: 10, bytes: 1_000_000 } });
  const seen: ObjectEvent[] = [];
  const subscriber = { event: (event: ObjectEvent) => void seen.push(event) };
  expect(() => small.store.subscribe('configmaps', from, subscriber)).toThrow('too old resource version');
  const end = await small.store.resume('configmaps', from, subscriber, { needsPrevious: true });
  await create(small, 'live');
  end();
  expect(seen).toHaveLength(453);
  expect(seen.map(({ revision: own }) => own)).toEqual(seen.map(({ revision: own }) => own).toSorted((a, b) => a - b));
  expect([seen[0]?.type, seen[1]?.type, seen[451]?.type, seen[452]?.type]).toEqual([
    'ADDED',
    'MODIFIED',
    'DELETED',
    'ADDED',
  ]);
  for (const [index, event] of seen.slice(1, 452).entries())
    expect(event.previous?.revision).toBe(seen[index]?.revision);
  expect(seen[451]?.stored.object.metadata.resourceVersion).toBe(String(seen[451]?.revision));
});

test('resume() answers Expired when the log no longer reaches back, and for a change whose previous state is needed and lost', async () => {
  const one = await server();
  const from = one.store.revision();
  const { revision } = await create(one, 'old');
  await one.database.pool`UPDATE revision SET value = 20000 WHERE id = 1`;
  await one.store.catchUp();
  const changed = await update(one, 'old', revision);
  await one.database.pool.unsafe('DROP TABLE changes_0');
  const small = await server({ ringLimits: { events: 0, bytes: 0 } });
  const seen: string[] = [];
  const resume = (after: number, needsPrevious: boolean) =>
    small.store
      .resume('configmaps', after, { event: ({ type }) => void seen.push(type) }, { needsPrevious })
      .then((end) => end());
  expect(await reasonOf(resume(from, false))).toBe('Expired');
  expect(changed.revision).toBeGreaterThan(20_000);
  expect(await reasonOf(resume(20_000, true))).toBe('Expired');
  expect(seen).toEqual([]);
  expect(await reasonOf(resume(20_000, false))).toBe('done');
  expect(seen).toEqual(['MODIFIED']);
});
