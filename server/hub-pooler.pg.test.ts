import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseAddress } from '#db/connect.ts';
import { startEmbedded } from '#db/embedded.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { type PgBouncer, hasPgBouncer, startPgBouncer } from '#test/support/pgbouncer.ts';
import { type ServerProcess, startServerProcess } from '#test/support/server-process.ts';

let directory: string;
let direct: DatabaseAddress;
let bouncer: PgBouncer;
let servers: ServerProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-pooled-'));
  direct = await createTestDatabase();
  servers = [];
});
afterEach(async () => {
  for (const one of servers) await one.kill('SIGKILL');
  await bouncer.stop();
  await rm(directory, { recursive: true, force: true });
});

async function server(at: DatabaseAddress = bouncer.address): Promise<ServerProcess> {
  const dataDir = join(directory, `${servers.length}`);
  const [first] = servers;
  if (first !== undefined) {
    await mkdir(join(dataDir, 'identity'), { recursive: true });
    await copyFile(join(first.dataDir, 'identity/encryption.key'), join(dataDir, 'identity/encryption.key'));
  }
  const one = await startServerProcess(dataDir, at, ['--node-monitor-grace', '3s']);
  servers.push(one);
  return one;
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const create = (at: ServerProcess, name: string) =>
  at.call('POST', CONFIG_MAPS, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } });

/** Milliseconds until a controller has done its work for a new namespace. */
async function untilControlled(at: ServerProcess, name: string): Promise<number> {
  const startedAt = performance.now();
  const made = await at.call('POST', '/api/v1/namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
  expect(made.status).toBe(201);
  await eventually(async () => {
    const { status } = await at.call('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`);
    expect(status).toBe(200);
  }, 15_000);
  return performance.now() - startedAt;
}

/** What one acknowledged the other shows at once, in a get and in a list, and may change. */
async function areInStep(one: ServerProcess, two: ServerProcess): Promise<void> {
  for (let round = 0; round < 30; round++) {
    const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
    expect((await create(writer, `seen-${round}`)).status).toBe(201);
    expect((await reader.call('GET', `${CONFIG_MAPS}/seen-${round}`)).status).toBe(200);
    const list = (await (await reader.call('GET', CONFIG_MAPS)).json()) as { items: { metadata: { name: string } }[] };
    expect(list.items.map(({ metadata }) => metadata.name)).toContain(`seen-${round}`);
    const change = { data: { round: `${round}` } };
    const type = { 'content-type': 'application/merge-patch+json' };
    expect((await reader.call('PATCH', `${CONFIG_MAPS}/seen-${round}`, change, type)).status).toBe(200);
  }
}

/** The names of the events of a watch, until `last` is among them. */
async function watched(at: ServerProcess, last: string): Promise<string[]> {
  const response = await at.call('GET', `${CONFIG_MAPS}?watch=1`);
  const names: string[] = [];
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const lines = (rest + new TextDecoder().decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((one) => one !== ''))
      names.push((JSON.parse(line) as { object: { metadata: { name: string } } }).object.metadata.name);
    if (names.includes(last)) break;
  }
  return names;
}

describe.skipIf(!hasPgBouncer)('behind PgBouncer in transaction mode', () => {
  test('one server works with a pool of two, and says once what it lacks', async () => {
    bouncer = await startPgBouncer(direct, 'transaction', { default_pool_size: 2 });
    const one = await server();
    expect(await untilControlled(one, 'first')).toBeLessThan(5_000);
    expect((await create(one, 'a')).status).toBe(201);
    expect((await one.call('GET', `${CONFIG_MAPS}/a`)).status).toBe(200);
    const warnings = (await one.log()).split('\n').filter((line) => line.includes('"level":40'));
    expect(warnings.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'polls: Postgres cannot notify this server; give --database-url the address of Postgres itself, or of a pool in session mode',
    ]);
  });

  test('two servers are in step, a watch on one shows the writes of the other, and the lead passes on', async () => {
    bouncer = await startPgBouncer(direct, 'transaction', { server_round_robin: 1 });
    const one = await server();
    expect(await untilControlled(one, 'first')).toBeLessThan(5_000);
    const two = await server();
    const seen = watched(two, 'last');
    await areInStep(one, two);
    await create(one, 'last');
    expect(new Set(await seen).size).toBe(31 + 1);
    await one.kill('SIGKILL');
    expect(await untilControlled(two, 'second')).toBeLessThan(5_000);
  });

  test('a server behind it and one that is connected directly are in step', async () => {
    bouncer = await startPgBouncer(direct, 'transaction');
    const one = await server(direct);
    await eventually(async () => expect(await one.log()).toContain('alone on this database'), 10_000);
    const two = await server();
    await areInStep(one, two);
  });

  test('when it is away reads go on and writes are 503; when it is back all is as before', async () => {
    bouncer = await startPgBouncer(direct, 'transaction');
    const one = await server();
    expect((await create(one, 'kept')).status).toBe(201);
    await bouncer.stop();
    await eventually(async () => {
      const read = await one.call('GET', `${CONFIG_MAPS}/kept`);
      expect([read.status, read.headers.get('warning')?.slice(0, 5)]).toEqual([200, '299 -']);
    }, 10_000);
    const refused = await create(one, 'refused');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    bouncer = await startPgBouncer(direct, 'transaction', { listen_port: Number(new URL(bouncer.address.url).port) });
    await eventually(async () => {
      expect((await create(one, 'after')).status).toBe(201);
      expect((await one.call('GET', `${CONFIG_MAPS}/after`)).headers.get('warning')).toBeNull();
    }, 20_000);
    expect(await untilControlled(one, 'again')).toBeLessThan(10_000);
  });

  test('when Postgres behind it is away reads go on and writes are 503 soon; when it is back all is as before', async () => {
    const dataDirectory = join(directory, 'own');
    await chmod(directory, 0o711);
    const start = () => startEmbedded({ dataDirectory, log: silentLog, settings: { fsync: 'off' } });
    let postgres = await start();
    try {
      bouncer = await startPgBouncer(postgres.address, 'transaction');
      const one = await server();
      expect((await create(one, 'kept')).status).toBe(201);
      await postgres.stop();
      const refused = await create(one, 'refused');
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      await eventually(async () => {
        const read = await one.call('GET', `${CONFIG_MAPS}/kept`);
        expect([read.status, read.headers.get('warning')?.slice(0, 5)]).toEqual([200, '299 -']);
      }, 10_000);
      postgres = await start();
      await eventually(async () => {
        expect((await create(one, 'after')).status).toBe(201);
        expect((await one.call('GET', `${CONFIG_MAPS}/after`)).headers.get('warning')).toBeNull();
      }, 30_000);
      expect((await one.call('GET', `${CONFIG_MAPS}/refused`)).status).toBe(404);
    } finally {
      for (const each of servers) await each.kill('SIGKILL');
      await postgres.stop();
    }
  });
});

describe.skipIf(!hasPgBouncer)('behind PgBouncer in session mode', () => {
  test('two servers are in step, hear each other, and warn of nothing', async () => {
    bouncer = await startPgBouncer(direct, 'session');
    const [one, two] = [await server(), await server()];
    await areInStep(one, two);
    for (const each of [one, two]) expect(await each.log()).not.toContain('"level":40');
    await one.kill('SIGKILL');
    expect(await untilControlled(two, 'second')).toBeLessThan(5_000);
  });
});
