import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import { type Database, type DatabaseAddress, connect } from '#db/connect.ts';
import { readEpoch } from '#db/epoch.ts';
import { ServerSession } from '#db/server-session.ts';
import { DatabaseProxy } from '#test/checker/database-proxy.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { type DatabaseStore, openStore } from './store.ts';

const times = { tickMs: 50, answerMs: 700, confirmedMs: 1_500, outwaitMs: 1_650 };

/** A server's parts, perhaps behind a proxy that can hold back what it sends. */
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

/** Its stores do not listen: what they see of others they have asked for. */
async function server(address: DatabaseAddress): Promise<Server> {
  const database = await connect(address);
  const session = new ServerSession({ address, log: silentLog, times });
  void session.run();
  await session.joined();
  const one = { store: await openStore({ database, log: silentLog, membership: session }), session, database };
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
const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'stored',
    (error: unknown) => (error instanceof StatusError ? error.reason : String(error)),
  );
/** Consistent reads on this server ask nobody. */
const alone = ({ store }: Server) => eventually(() => expect(store.current()).toBeUndefined());
const sees = ({ store }: Server, name: string): boolean => store.get('configmaps', 'ns', name) !== undefined;
/** Ends the newest or oldest session as Postgres does when a peer has vanished. */
const endSession = (which: 'newest' | 'oldest') =>
  admin.pool`SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
    WHERE application_name = 'skep session' AND datname = current_database()
    ORDER BY extract(epoch FROM backend_start) * ${which === 'newest' ? -1 : 1} LIMIT 1) AS one`;

test('a batch that comes after another server has found itself alone does nothing, and its server writes again when it has joined anew', async () => {
  const one = await server(direct);
  const other = await server(behindProxy());
  await create(other, 'before');
  // The batch is held back on its way; then the session ends, and what it says does not arrive either.
  proxy.freeze('writer');
  const late = reasonOf(create(other, 'late'));
  proxy.freeze('session');
  await endSession('newest');
  await alone(one);
  expect([sees(one, 'before'), sees(one, 'late')]).toEqual([true, false]);
  proxy.thaw();
  expect(await late).toBe('ServiceUnavailable');
  expect(one.store.current()).toBeUndefined();
  expect(sees(one, 'late')).toBe(false);
  const rows = await admin.pool<{ name: string }[]>`SELECT name FROM objects WHERE name = 'late'`;
  expect([...rows]).toEqual([]);
  await eventually(async () => expect(await reasonOf(create(other, 'again'))).toBe('stored'));
  await one.store.current();
  expect(sees(one, 'again')).toBe(true);
});

test('a batch that commits just before another server finds itself alone is in the memory of that server when it believes it', async () => {
  const one = await server(direct);
  const other = await server(behindProxy());
  await create(other, 'before');
  // Its answer does not arrive, so its server cannot tell; nothing has told the other server of it.
  proxy.freeze('writer', ['down']);
  const lost = create(other, 'committed').catch(() => undefined);
  await eventually(async () =>
    expect([...(await admin.pool<{ name: string }[]>`SELECT name FROM objects`)]).toHaveLength(2),
  );
  expect(sees(one, 'committed')).toBe(false);
  proxy.freeze('session');
  await endSession('newest');
  await eventually(() => expect(one.session.seemsAlone).toBe(true));
  await one.store.current();
  expect(sees(one, 'committed')).toBe(true);
  proxy.thaw();
  await lost;
});

test('a server that joins while one that has lost its session still believes to be alone writes only when that one no longer does', async () => {
  const believer = await server(behindProxy());
  await alone(believer);
  await eventually(async () => expect((await readEpoch(admin.pool)).alone).toBe(believer.session.id));
  proxy.freeze('session');
  await endSession('oldest');
  expect(believer.store.current()).toBeUndefined();
  const joiner = await server(direct);
  await create(joiner, 'acknowledged');
  // Whatever it does now: it must not answer from a memory that does not have it.
  const wait = believer.store.current();
  expect(wait).toBeInstanceOf(Promise);
  await wait;
  expect(sees(believer, 'acknowledged')).toBe(true);
});

test('a server that lets another one in has taken back its belief first: nobody waits for it', async () => {
  const one = await server(direct);
  await alone(one);
  const other = await server(direct);
  expect(one.store.current()).toBeInstanceOf(Promise);
  expect((await readEpoch(admin.pool)).alone).toBe(0);
  expect(await reasonOf(create(other, 'let-in'))).toBe('stored');
});

test('a server whose epoch was ended by the fence of another one goes on by itself', async () => {
  const [one, other] = [await server(direct), await server(direct)];
  const { epoch } = await readEpoch(admin.pool);
  const [{ pid } = { pid: 0 }] = await one.database.writer<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  const outcomes = Array.from({ length: 50 }, (_, index) => reasonOf(create(one, `broken-${index}`)));
  await admin.pool`SELECT pg_terminate_backend(${pid})`;
  await Promise.all(outcomes);
  await eventually(async () => expect((await readEpoch(admin.pool)).epoch).toBeGreaterThan(epoch));
  expect(await reasonOf(create(other, 'undisturbed'))).toBe('stored');
});

test('write() whose lane is lost before its answer: refused, and it does not take effect when it comes late', async () => {
  const one = await server(behindProxy());
  await create(one, 'before');
  proxy.freeze('writer', ['up']);
  const refused = reasonOf(create(one, 'in-the-proxy'));
  // Ours ends, while what it has sent still lies in the proxy.
  await one.database.writer.end({ timeout: 0 });
  expect(await refused).toBe('ServiceUnavailable');
  proxy.thaw();
  await eventually(() => expect(proxy.uses()).not.toContain('writer'));
  await one.store.catchUp();
  expect(sees(one, 'in-the-proxy')).toBe(false);
});
