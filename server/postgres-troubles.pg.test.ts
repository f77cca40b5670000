import { afterEach, expect, test } from 'bun:test';
import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClient } from '#db/connect.ts';
import { eventually } from '#test/support/eventually.ts';
import { type OwnPostgres, startOwnPostgres } from '#test/support/own-postgres.ts';
import { type ServerProcess, startServerProcess } from '#test/support/server-process.ts';

let directory: string;
let postgres: OwnPostgres;
let servers: ServerProcess[] = [];

async function begin(settings: Readonly<Record<string, string>> = {}): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'skep-troubles-'));
  servers = [];
  postgres = await startOwnPostgres({ settings });
}
afterEach(async () => {
  for (const one of servers) await one.kill('SIGKILL');
  await postgres.remove();
  await rm(directory, { recursive: true, force: true });
});

async function server(): Promise<ServerProcess> {
  const one = await startServerProcess(join(directory, `${servers.length}`), { url: postgres.roleUrl() });
  servers.push(one);
  return one;
}

/** What a server says that does not start, with its exit status. */
const refusal = (url: string): Promise<string> =>
  startServerProcess(join(directory, 'refused'), { url }).then(
    async (one) => {
      await one.kill('SIGKILL');
      return 'started';
    },
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const create = (at: ServerProcess, name: string) =>
  at.call('POST', CONFIG_MAPS, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } });
const STALE = '299 - "the database does not answer: what is shown is from memory and may be out of date"';

/** Its answers while Postgres does not serve: reads from memory that say so, writes 503 to be tried again. */
async function isDegraded(one: ServerProcess): Promise<void> {
  await eventually(async () => {
    const read = await one.call('GET', `${CONFIG_MAPS}/kept`);
    expect([read.status, read.headers.get('warning')]).toEqual([200, STALE]);
    const { status, headers } = await create(one, 'refused');
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  }, 20_000);
}

const says = (one: ServerProcess, part: string) =>
  eventually(async () => expect(await one.log()).toContain(part), 20_000);

async function isWell(one: ServerProcess, name: string): Promise<void> {
  await eventually(async () => {
    const { status } = await create(one, name);
    expect(status).toBe(201);
    const read = await one.call('GET', `${CONFIG_MAPS}/${name}`);
    expect([read.status, read.headers.get('warning')]).toEqual([200, null]);
  }, 30_000);
}

const endAll = () =>
  postgres.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'skep' AND datname = 'skep'`);

/** Reads a watch to the event of the object `last`; the names in order. */
async function watched(one: ServerProcess, last: string): Promise<string[]> {
  const response = await one.call('GET', `${CONFIG_MAPS}?watch=1`);
  const names: string[] = [];
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const lines = (rest + new TextDecoder().decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((each) => each !== ''))
      names.push((JSON.parse(line) as { object: { metadata: { name: string } } }).object.metadata.name);
    if (names.at(-1) === last) break;
  }
  return names;
}

test('a wrong password: a start ends and says so; one that changes meanwhile degrades the server until it is right again', async () => {
  await begin();
  expect(await refusal(postgres.roleUrl('wrong'))).toMatch(
    /The server ended with 1:.*Cannot reach Postgres: it does not accept the user or the password/s,
  );
  const one = await server();
  expect((await create(one, 'kept')).status).toBe(201);
  await postgres.sql(`ALTER ROLE skep PASSWORD 'other'`);
  expect((await one.call('GET', `${CONFIG_MAPS}/kept`)).headers.get('warning')).toBeNull();
  const events = watched(one, 'after');
  await endAll();
  await isDegraded(one);
  await says(one, '"why":"it does not accept the user or the password"');
  await postgres.sql(`ALTER ROLE skep PASSWORD 'right'`);
  await isWell(one, 'after');
  expect(await events).not.toContain('refused');
  expect(await one.log()).not.toContain('right@');
}, 90_000);

test('no connection left: a start ends and says so; one that runs degrades and recovers', async () => {
  await begin();
  await postgres.sql('ALTER ROLE skep CONNECTION LIMIT 0');
  expect(await refusal(postgres.roleUrl())).toMatch(
    /The server ended with 1:.*Cannot reach Postgres: it has no connection left; a server takes up to 7/s,
  );
  await postgres.sql('ALTER ROLE skep CONNECTION LIMIT 7');
  const one = await server();
  await isWell(one, 'kept');
  await postgres.sql('ALTER ROLE skep CONNECTION LIMIT 0');
  await endAll();
  await isDegraded(one);
  await says(one, '"why":"it has no connection left');
  await postgres.sql('ALTER ROLE skep CONNECTION LIMIT 7');
  await isWell(one, 'after');
}, 90_000);

test('missing rights: writes are 503 with the reason, reads go on as before, and it goes on when they are given', async () => {
  await begin();
  const one = await server();
  await isWell(one, 'kept');
  const tables = connectClient({ url: postgres.roleUrl() }, { name: 'test', max: 1 });
  await tables`REVOKE INSERT ON objects FROM skep`;
  const refused = await create(one, 'refused');
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
    503,
    '5',
    { message: 'Cannot write: the database does not let this server write; try again later' },
  ]);
  expect((await one.call('GET', `${CONFIG_MAPS}/kept`)).headers.get('warning')).toBeNull();
  await says(one, 'permission denied for table objects');
  await tables`GRANT INSERT ON objects TO skep`;
  await tables.end();
  await isWell(one, 'after');
}, 90_000);

test('a server has 7 connections at most, however much is asked of it', async () => {
  await begin();
  const one = await server();
  await isWell(one, 'kept');
  let most = 0;
  const asked = Array.from({ length: 64 }, async (_, client) => {
    for (let round = 0; round < 15; round++) {
      expect((await create(one, `load-${client}-${round}`)).status).toBe(201);
      expect((await one.call('GET', `${CONFIG_MAPS}/load-${client}-${round}`)).status).toBe(200);
      if (round % 5 === 0) await one.call('GET', `/skep/v1/history/configmaps/default/load-${client}-${round}`);
    }
  });
  let isDone = false;
  const load = Promise.all(asked).finally(() => (isDone = true));
  while (!isDone) {
    const [row] = await postgres.sql(`SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'skep'`);
    most = Math.max(most, Number(row?.['count']));
  }
  await load;
  expect(most).toBeGreaterThan(2);
  expect(most).toBeLessThanOrEqual(7);
}, 90_000);

test('a standby: a start ends and says so; a primary that becomes one degrades the server until it is promoted', async () => {
  await begin({ wal_level: 'replica', hot_standby: 'on' });
  const one = await server();
  await isWell(one, 'kept');
  const becomeStandby = async (): Promise<void> => {
    await postgres.stop();
    const signal = join(postgres.data, 'standby.signal');
    await writeFile(signal, '');
    const { uid, gid } = await stat(postgres.data);
    await chown(signal, uid, gid);
    await postgres.start();
  };
  await becomeStandby();
  await isDegraded(one);
  await says(one, '"why":"it is a standby or read-only, and takes no writes');
  expect(await refusal(postgres.roleUrl())).toMatch(
    /The server ended with 1:.*Cannot use this Postgres: it is a standby, which takes no writes; give the address of the primary/s,
  );
  await promote();
  await isWell(one, 'after');
}, 120_000);

/** As an operator does; `OwnPostgres.sql` refuses a standby. */
async function promote(): Promise<void> {
  if ('url' in postgres.address) throw new Error('Want a socket');
  const sql = connectClient(postgres.address, { name: 'test', max: 1 });
  await sql`SELECT pg_promote()`;
  await sql.end();
}
