import { afterEach, beforeEach, expect, test } from 'bun:test';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseAddress } from '#db/connect.ts';
import { createTestDatabase } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { type ServerProcess, startServerProcess } from '#test/support/server-process.ts';

let directory: string;
let address: DatabaseAddress;
let servers: ServerProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-hub-'));
  address = await createTestDatabase();
  servers = [];
});
afterEach(async () => {
  for (const one of servers) await one.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

async function server(): Promise<ServerProcess> {
  const dataDir = join(directory, `${servers.length}`);
  const [first] = servers;
  if (first !== undefined) {
    await mkdir(join(dataDir, 'identity'), { recursive: true });
    await copyFile(join(first.dataDir, 'identity/encryption.key'), join(dataDir, 'identity/encryption.key'));
  }
  const one = await startServerProcess(dataDir, address, ['--node-monitor-grace', '3s']);
  servers.push(one);
  return one;
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string) => ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } });

/** Milliseconds until a controller has done its work for a new namespace, asked of `at`. */
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

test('two servers: what one has acknowledged the other shows at once; tokens and CA of one hold on both', async () => {
  const [one, two] = [await server(), await server()];
  expect(two.adminToken).toBe(one.adminToken);
  for (let round = 0; round < 50; round++) {
    const [writer, reader] = round % 2 === 0 ? [one, two] : [two, one];
    expect((await writer.call('POST', CONFIG_MAPS, configMap(`seen-${round}`))).status).toBe(201);
    expect((await reader.call('GET', `${CONFIG_MAPS}/seen-${round}`)).status).toBe(200);
    const list = (await (await reader.call('GET', CONFIG_MAPS)).json()) as { items: { metadata: { name: string } }[] };
    expect(list.items.map(({ metadata }) => metadata.name)).toContain(`seen-${round}`);
    const change = { data: { round: `${round}` } };
    const patched = await reader.call('PATCH', `${CONFIG_MAPS}/seen-${round}`, change, {
      'content-type': 'application/merge-patch+json',
    });
    expect(patched.status).toBe(200);
  }
});

test('kill -9 of the leader: another server leads within 5 s; SIGTERM: at once', async () => {
  const one = await server();
  expect(await untilControlled(one, 'first')).toBeLessThan(5_000);
  const two = await server();
  const three = await server();
  const leads = async (at: ServerProcess) => (await at.log()).includes('"leading"');
  expect([await leads(one), await leads(two), await leads(three)]).toEqual([true, false, false]);
  await one.kill('SIGKILL');
  expect(await untilControlled(three, 'second')).toBeLessThan(5_000);
  const [leader, other] = (await leads(two)) ? [two, three] : [three, two];
  expect([await leads(leader), await leads(other)]).toEqual([true, false]);
  const before = performance.now();
  const stopped = leader.kill('SIGTERM');
  await eventually(async () => expect(await leads(other)).toBe(true), 5_000);
  await stopped;
  expect(performance.now() - before).toBeLessThan(2_000);
  expect(await untilControlled(other, 'third')).toBeLessThan(2_000);
});

test('a second server without the key does not start and says how to give it', async () => {
  await server();
  const failed = await startServerProcess(join(directory, 'keyless'), address).then(
    () => 'started',
    (error: unknown) => String(error),
  );
  expect(failed).toContain('The server ended with 1');
  expect(failed).toContain('Copy identity/encryption.key from the data directory of a server that runs');
});
