import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { type Database, connect, connectClient } from '#db/connect.ts';
import { type EmbeddedPostgres, startEmbedded } from '#db/embedded.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';

/** The Postgres of this file is its own: it is stopped and started. */
let postgres: EmbeddedPostgres;
let dataDirectory: string;
let database: Database;
let api: ApiServer;
const said: string[] = [];

const start = () => startEmbedded({ dataDirectory, log: silentLog, settings: { fsync: 'off' } });

beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'skep-degrade-'));
  await chmod(dataDirectory, 0o711);
  postgres = await start();
  database = await connect(postgres.address);
  // Of 30 s no test can wait for the end, three times.
  const writer = connectClient(postgres.address, { name: 'writer', max: 1, settings: { statement_timeout: '300' } });
  await database.writer.end();
  database = { ...database, writer };
  const log = pino({ level: 'info' }, { write: (line: string) => void said.push(line) });
  api = await startApiServer({ database, log });
  await eventually(async () => expect((await write('ConfigMap', 'first')).status).toBe(201));
});
afterAll(async () => {
  await api.stop();
  await postgres.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

const DEFAULT = '/api/v1/namespaces/default';
const write = (kind: 'ConfigMap' | 'Service', name: string) =>
  api.call('POST', `${DEFAULT}/${kind.toLowerCase()}s`, {
    kind,
    apiVersion: 'v1',
    metadata: { name },
    ...(kind === 'Service' ? { spec: { ports: [{ port: 80 }] } } : {}),
  });
const answer = async (response: Response) => {
  const { reason, message } = (await response.json()) as { reason?: string; message?: string };
  return { code: response.status, reason, message, retryAfter: response.headers.get('retry-after') };
};
const logged = () => said.join('');

test('Postgres away: reads come from memory and say so, writes are 503 with Retry-After, watches go on, and it recovers by itself', async () => {
  const watch = await api.call('GET', `${DEFAULT}/configmaps?watch=1&resourceVersion=${api.store.revision()}`);
  const reader = watch.body?.getReader();
  expect((await api.call('GET', `${DEFAULT}/configmaps/first`)).headers.get('warning')).toBeNull();

  await postgres.stop();
  await eventually(() => expect(api.store.isStale).toBe(true));
  for (const path of [`${DEFAULT}/configmaps/first`, `${DEFAULT}/configmaps`]) {
    const read = await api.call('GET', path);
    expect([read.status, read.headers.get('warning')]).toEqual([
      200,
      '299 - "the database does not answer: what is shown is from memory and may be out of date"',
    ]);
  }
  for (const kind of ['ConfigMap', 'Service'] as const)
    expect(await answer(await write(kind, 'refused'))).toMatchObject({
      code: 503,
      reason: 'ServiceUnavailable',
      retryAfter: '1',
    });
  expect(logged()).toContain('nothing listens there');

  postgres = await start();
  await eventually(async () => expect((await write('ConfigMap', 'after')).status).toBe(201), 15_000);
  expect((await write('Service', 'after')).status).toBe(201);
  await eventually(async () => {
    const read = await api.call('GET', `${DEFAULT}/configmaps/after`);
    expect([read.status, read.headers.get('warning')]).toEqual([200, null]);
  }, 15_000);
  const decoder = new TextDecoder();
  let seen = '';
  while (!seen.includes('"after"')) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    if (done) break;
    seen += decoder.decode(value);
  }
  expect(seen).toContain('"type":"ADDED"');
  expect(seen).not.toContain('"refused"');
  await reader?.cancel();
}, 60_000);

/** A full disk: server/disk-full.root.test.ts has a real one, for root. */
test('a full disk: writes are 503 with the reason, a log line says why, and the next write after it goes through', async () => {
  await database.pool.unsafe(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '53100'; END $$`);
  await database.pool.unsafe('CREATE TRIGGER refuse BEFORE INSERT ON objects EXECUTE FUNCTION refuse()');
  await isRefused('full', 'the database has no space left', 'its disk is full');
  await database.pool.unsafe('DROP FUNCTION refuse CASCADE');
  expect((await write('ConfigMap', 'full')).status).toBe(201);
});

test('a statement timeout: the same, three tries later, while somebody holds the lock of the counter', async () => {
  const other = connectClient(postgres.address, { name: 'test', max: 1 });
  await other.unsafe('BEGIN; SELECT value FROM revision FOR UPDATE').simple();
  await isRefused('timeout', 'the database takes too long', 'a statement took longer than its timeout');
  expect((await api.call('GET', `${DEFAULT}/configmaps`)).headers.get('warning')).toBeNull();
  await other.unsafe('ROLLBACK').simple();
  await other.end();
  expect((await write('ConfigMap', 'timeout')).status).toBe(201);
});

async function isRefused(name: string, reason: string, why: string): Promise<void> {
  const before = said.length;
  expect(await answer(await write('ConfigMap', name))).toEqual({
    code: 503,
    reason: 'ServiceUnavailable',
    message: `Cannot write: ${reason}; try again later`,
    retryAfter: '5',
  });
  const line = said.slice(before).find((one) => one.includes('a batch failed'));
  expect(line).toContain(`"why":"${why}`);
}
