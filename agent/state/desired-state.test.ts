import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '#api/kind.ts';
import { createLogger } from '#base/logger.ts';
import { DesiredState } from './desired-state.ts';

const log = createLogger({ name: 'test', level: 'silent' });
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'skep-desired-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

const object = (name: string, resourceVersion = '1', rest: object = {}): KubeObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default', resourceVersion },
  ...rest,
});
const open = () => new DesiredState({ dataDir, log });

test('load() brings back what an earlier run was told', async () => {
  const first = open();
  first.upsert('pods', object('a'));
  first.upsert('pods', object('b'));
  first.remove('pods', 'default/b');
  await first.flush();
  const second = open();
  const seen: string[] = [];
  second.onChange('pods', (key) => seen.push(key));
  await second.load();
  expect(second.list('pods').map((pod) => pod.metadata.name)).toEqual(['a']);
  expect(seen).toEqual(['default/a']);
  expect(second.known()).toMatchObject({ pods: { 'default/a': '1' }, secrets: {} });
});

test('synced() drops what was loaded and neither named in a hello nor sent', async () => {
  const first = open();
  first.upsert('pods', object('kept'));
  first.upsert('pods', object('dropped'));
  await first.flush();
  const second = open();
  await second.load();
  second.upsert('pods', object('kept', '2'));
  const gone: string[] = [];
  second.onChange('pods', (key, pod) => pod ?? gone.push(key));
  second.synced();
  expect(gone).toEqual(['default/dropped']);
  expect(second.isSynced).toBe(true);
});

test('synced() keeps what the hello named and the hub did not remove', async () => {
  const first = open();
  first.upsert('pods', object('a'));
  await first.flush();
  const second = open();
  await second.load();
  second.known();
  second.synced();
  expect(second.list('pods')).toHaveLength(1);
});

test('upsert() writes a pod again only for what must survive a reboot', async () => {
  const state = open();
  const path = join(dataDir, 'state/pods/default/a.json');
  state.upsert('pods', object('a', '1', { status: { phase: 'Pending' } }));
  await state.flush();
  const before = (await stat(path)).ino;
  state.upsert('pods', object('a', '2', { status: { phase: 'Pending', podIP: '10.42.0.9' } }));
  await state.flush();
  expect((await stat(path)).ino).toBe(before);
  expect(state.get('pods', 'default/a')?.metadata.resourceVersion).toBe('2');
  state.upsert('pods', object('a', '3', { status: { phase: 'Succeeded' } }));
  await state.flush();
  expect(await Bun.file(path).json()).toMatchObject({ status: { phase: 'Succeeded' } });
});

test('upsert() keeps secrets for the owner only, and names stay inside their directory', async () => {
  const state = open();
  state.upsert('secrets', object('s'));
  state.upsert('secrets', object('../../escape'));
  state.upsert('secrets', object('n'.repeat(253)));
  await state.flush();
  const directory = join(dataDir, 'state/secrets');
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, 'default/s.json'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dataDir)).toEqual(['state']);
  const again = open();
  await again.load();
  expect(again.list('secrets')).toHaveLength(3);
});
