import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { type Database, type DatabaseAddress, connect } from '#db/connect.ts';
import { ServerSession } from '#db/server-session.ts';
import { DatabaseProxy } from '#test/checker/database-proxy.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { type DatabaseStore, openStore } from './store.ts';

/** No test here waits for the slow tick: what helps is that a dead connection is found out. */
const AN_HOUR = 3_600_000;
/** docs/watch.md: 5 s until it is asked, 2 s for the answer, and time to connect. */
const BOUND_MS = 12_000;

interface Server {
  readonly store: DatabaseStore;
  readonly session: ServerSession;
  readonly database: Database;
}

let direct: DatabaseAddress;
let admin: Database;
let proxy: DatabaseProxy;
let servers: Server[] = [];

beforeEach(async () => {
  direct = await createTestDatabase();
  admin = await connect(direct);
  proxy = await DatabaseProxy.start('socketDirectory' in direct ? `${direct.socketDirectory}/.s.PGSQL.5432` : '');
});
afterEach(async () => {
  proxy.thaw();
  for (const { store, session, database } of servers) {
    await store.stop();
    await session.stop();
    await database.close();
  }
  servers = [];
  await proxy.stop();
  await admin.close();
});

async function server(address: DatabaseAddress): Promise<Server> {
  const database = await connect(address);
  const session = new ServerSession({ address, log: silentLog });
  void session.run();
  await session.joined();
  const store = await openStore({ database, log: silentLog, membership: session, tickMs: AN_HOUR });
  void store.run();
  const one = { store, session, database };
  servers.push(one);
  return one;
}

const behindProxy = (): DatabaseAddress => ({
  url: `postgres://postgres@127.0.0.1:${proxy.port}/${'database' in direct ? direct.database : ''}`,
});
const create = ({ store }: Server, name: string) =>
  store.write({
    operation: 'create',
    resource: 'configmaps',
    namespace: 'ns',
    name,
    expectedRevision: 0,
    object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'ns' } } as KubeObject,
  });
/** A watcher of this server, which asks for nothing. */
const watched = ({ store }: Server): string[] => {
  const seen: string[] = [];
  store.subscribe('configmaps', store.revision(), { event: ({ stored }) => void seen.push(stored.name) });
  return seen;
};
const backends = async (use: string): Promise<number[]> =>
  (
    await admin.pool<{ pid: number }[]>`SELECT pid FROM pg_stat_activity
      WHERE application_name = ${`skep ${use}`} AND datname = current_database() AND client_addr IS NULL`
  ).map(({ pid }) => pid);

test('a LISTEN connection that the network has forgotten is replaced, and what others wrote meanwhile comes', async () => {
  const one = await server(behindProxy());
  const other = await server(direct);
  const seen = watched(one);
  await create(other, 'heard');
  await eventually(() => expect(seen).toEqual(['heard']));
  const before = await backends('listener');
  proxy.forget('listener');
  await create(other, 'unheard');
  await eventually(() => expect(seen).toEqual(['heard', 'unheard']), BOUND_MS);
  expect((await backends('listener')).filter((pid) => !before.includes(pid))).toHaveLength(1);
  await create(other, 'heard-again');
  await eventually(() => expect(seen).toEqual(['heard', 'unheard', 'heard-again']));
}, 60_000);

test('when the network has forgotten all connections at once, watches, consistent reads and writes go on over new ones', async () => {
  const one = await server(behindProxy());
  const other = await server(direct);
  const seen = watched(one);
  await create(one, 'before');
  await one.store.current();
  proxy.forget();
  await create(other, 'meanwhile');
  // It is on its way when the connections are dead already.
  const written = create(one, 'own').then(
    () => 'stored',
    (error: unknown) => String(error),
  );
  await eventually(() => expect(seen).toContain('meanwhile'), BOUND_MS);
  await eventually(() => expect(one.session.isMember).toBe(true), BOUND_MS);
  await one.store.current();
  const isThere = (await admin.pool`SELECT FROM objects WHERE name = 'own'`).length === 1;
  expect((await written) === 'stored').toBe(isThere);
  await eventually(() => create(one, 'after'), BOUND_MS);
  expect(seen.filter((name) => name !== 'own')).toEqual(['before', 'meanwhile', 'after']);
}, 60_000);
