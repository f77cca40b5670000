import { afterEach, beforeEach, expect, test } from 'bun:test';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, type DatabaseAddress, connect } from '#db/connect.ts';
import { createTestDatabase } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { type ServerProcess, startServerProcess } from './support/server-process.ts';

let directory: string;
let address: DatabaseAddress;
let database: Database;
let servers: ServerProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-stopped-'));
  address = await createTestDatabase();
  database = await connect(address);
});
afterEach(async () => {
  for (const one of servers) await one.kill('SIGKILL');
  servers = [];
  await database.close();
  await rm(directory, { recursive: true, force: true });
});

async function server(): Promise<ServerProcess> {
  const dataDir = join(directory, `server${servers.length}`);
  const [first] = servers;
  if (first !== undefined) {
    await mkdir(join(dataDir, 'identity'), { recursive: true });
    await copyFile(join(first.dataDir, 'identity/encryption.key'), join(dataDir, 'identity/encryption.key'));
  }
  const one = await startServerProcess(dataDir, address);
  servers.push(one);
  return one;
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const create = async (at: ServerProcess, name: string): Promise<number> =>
  (await at.call('POST', CONFIG_MAPS, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } })).status;
const get = async (at: ServerProcess, name: string): Promise<number> =>
  (await at.call('GET', `${CONFIG_MAPS}/${name}`)).status;
/** Ends the oldest or the newest session, as Postgres does when its host has vanished. */
const endSession = (which: 'oldest' | 'newest') =>
  database.pool`SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
    WHERE application_name = 'skep session' AND datname = current_database()
    ORDER BY extract(epoch FROM backend_start) * ${which === 'newest' ? -1 : 1} LIMIT 1) AS one`;
/** How often it has found itself alone. */
const timesAlone = async (at: ServerProcess): Promise<number> =>
  (await at.log()).split('alone on this database').length - 1;

test('a server that was stopped for a while, and has lost its session meanwhile, disturbs no read of the others and reads what they wrote', async () => {
  const [one, two] = [await server(), await server()];
  expect(await create(two, 'before')).toBe(201);
  for (let round = 0; round < 3; round++) {
    const before = await timesAlone(one);
    two.signal('SIGSTOP');
    // They lie in its socket, and are the first that it does when it goes on: it does not know yet what has become of it.
    const late = create(two, `late-${round}`).catch(() => 0);
    await endSession('newest');
    await eventually(async () => expect(await timesAlone(one)).toBeGreaterThan(before), 10_000);
    expect(await get(one, `late-${round}`)).toBe(404);
    expect(await create(one, `meanwhile-${round}`)).toBe(201);
    const read = get(two, `meanwhile-${round}`);
    two.signal('SIGCONT');
    expect(await read).toBe(200);
    const status = await late;
    // Each moment on both servers: what was acknowledged is seen.
    const seen = [await get(one, `late-${round}`), await get(two, `late-${round}`)];
    expect(seen).toEqual(status === 201 ? [200, 200] : [404, 404]);
    await eventually(async () => expect(await create(two, `again-${round}`)).toBe(201), 10_000);
    expect(await get(one, `again-${round}`)).toBe(200);
  }
}, 90_000);

test('a server that was alone, was stopped, and is not alone any more does not answer from its memory', async () => {
  const one = await server();
  await eventually(async () => expect(await timesAlone(one)).toBe(1));
  expect(await create(one, 'alone')).toBe(201);
  one.signal('SIGSTOP');
  await endSession('oldest');
  const two = await server();
  expect(await create(two, 'by-the-second')).toBe(201);
  const read = get(one, 'by-the-second');
  one.signal('SIGCONT');
  expect(await read).toBe(200);
}, 90_000);
