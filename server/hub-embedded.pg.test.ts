import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopEmbedded } from '#db/embedded.ts';
import { runningPostmaster } from '#db/postmaster.ts';
import { type ServerProcess, startServerProcess } from '#test/support/server-process.ts';

let dataDir: string;
let servers: ServerProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'skep-hub-'));
});
afterEach(async () => {
  for (const one of servers) await one.kill('SIGKILL');
  servers = [];
  await stopEmbedded(dataDir);
  await rm(dataDir, { recursive: true, force: true });
});

const start = async (): Promise<ServerProcess> => {
  const one = await startServerProcess(dataDir, undefined);
  servers.push(one);
  return one;
};
const configMap = (name: string) => ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } });
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

test('a second server on a data directory is refused and disturbs nothing; one that follows a killed server goes on with its Postgres', async () => {
  const first = await start();
  const pid = runningPostmaster(join(dataDir, 'postgres', 'data'))?.pid;
  expect((await first.call('POST', CONFIG_MAPS, configMap('one'))).status).toBe(201);
  await expect(start()).rejects.toThrow('runs with this data directory already');
  expect(runningPostmaster(join(dataDir, 'postgres', 'data'))?.pid).toBe(pid ?? -1);
  expect((await first.call('POST', CONFIG_MAPS, configMap('two'))).status).toBe(201);
  await first.kill('SIGKILL');
  const next = await start();
  expect(runningPostmaster(join(dataDir, 'postgres', 'data'))?.pid).toBe(pid ?? -1);
  expect((await next.call('GET', `${CONFIG_MAPS}/two`)).status).toBe(200);
  expect((await next.call('POST', CONFIG_MAPS, configMap('three'))).status).toBe(201);
}, 60_000);
