import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '#api/kind.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import type { Volume } from '#api/podspec/volume.ts';
import { createLogger } from '#base/logger.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { DesiredState } from '../state/desired-state.ts';
import { canMount, mountsBelow } from './mounts.ts';
import type { TokenParams } from './service-account-tokens.ts';
import { type PodVolumes, Volumes } from './volumes.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const place = { nodeName: 'node1', hostIPs: ['192.168.0.10'], podIPs: [], allocatable: { cpu: '2' } };
let dataDir: string;
let state: DesiredState;
let clock: ManualClock;
let asked: TokenParams[];
let linked: boolean;
let volumes: Volumes;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'skep-volumes-'));
  state = new DesiredState({ dataDir, log });
  clock = new ManualClock();
  asked = [];
  linked = true;
  const requestToken = async (params: TokenParams) => {
    if (!linked) throw new Error('no link');
    asked.push(params);
    return { token: `token-${asked.length}`, expirationTimestamp: new Date(clock.now() + 3600_000).toISOString() };
  };
  volumes = new Volumes({ dataDir, state, requestToken, clock, log });
  put('configmaps', 'cm', { data: { a: 'A', b: 'B' }, binaryData: { bin: 'AAEC' } });
  put('secrets', 's', { data: { k: btoa('S') } });
});
afterEach(async () => {
  await volumes.tearDown('u1');
  await state.flush();
  for (const point of await mountsBelow(dataDir)) Bun.spawnSync(['umount', point]);
  await rm(dataDir, { recursive: true });
});

const put = (resource: 'configmaps' | 'secrets', name: string, content: object): void =>
  state.upsert(resource, {
    kind: 'X',
    apiVersion: 'v1',
    metadata: { name, namespace: 'default' },
    ...content,
  } as KubeObject);
const pod = (volume: Omit<Volume, 'name'>, spec: Partial<PodSpec> = {}): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p', namespace: 'default', uid: 'u1', labels: { app: 'web' } },
  spec: { containers: [{ name: 'c' }], volumes: [{ name: 'v', ...volume }], ...spec },
});
const setUp = (volume: Omit<Volume, 'name'>, spec?: Partial<PodSpec>): Promise<PodVolumes> =>
  volumes.setUp(pod(volume, spec), place);
const pathOf = ({ mounted }: PodVolumes): string => mounted.get('v')?.path ?? 'not mounted';
const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

describe.skipIf(!canMount())('Volumes', () => {
  test('a ConfigMap is a directory of links into ..data, with the default mode', async () => {
    const path = pathOf(await setUp({ configMap: { name: 'cm' } }));
    expect(await readlink(join(path, 'a'))).toBe('..data/a');
    expect(await readFile(join(path, 'a'), 'utf8')).toBe('A');
    expect([...(await readFile(join(path, 'bin')))]).toEqual([0, 1, 2]);
    expect(await mode(join(path, 'a'))).toBe('644');
  });

  test('items choose keys, paths and modes', async () => {
    const items = [{ key: 'a', path: 'deep/er', mode: 0o700 }];
    const path = pathOf(await setUp({ configMap: { name: 'cm', items } }));
    expect((await readdir(path)).filter((name) => !name.startsWith('..'))).toEqual(['deep']);
    expect(await mode(join(path, 'deep/er'))).toBe('700');
  });

  test('a changed ConfigMap replaces all its files in one step and leaves no old version', async () => {
    const path = pathOf(await setUp({ configMap: { name: 'cm' } }));
    const before = await readlink(join(path, '..data'));
    await setUp({ configMap: { name: 'cm' } });
    expect(await readlink(join(path, '..data'))).toBe(before);
    put('configmaps', 'cm', { data: { a: 'A2', c: 'C' } });
    await setUp({ configMap: { name: 'cm' } });
    expect(await readFile(join(path, 'a'), 'utf8')).toBe('A2');
    expect((await readdir(path)).filter((name) => !name.startsWith('..')).sort()).toEqual(['a', 'c']);
    expect((await readdir(path)).filter((name) => name.startsWith('..2'))).toHaveLength(1);
  });

  test('a Secret is in memory, with the modes asked for', async () => {
    const path = pathOf(await setUp({ secret: { secretName: 's', defaultMode: 0o400 } }));
    expect(await mode(join(path, 'k'))).toBe('400');
    expect(await mountsBelow(join(dataDir, 'volatile'))).toEqual([join(dataDir, 'volatile')]);
    expect(path).toStartWith(join(dataDir, 'volatile'));
  });

  test('fsGroup owns what the pod may write and can read the rest', async () => {
    const securityContext = { fsGroup: 2000 };
    const empty = pathOf(await setUp({ emptyDir: {} }, { securityContext }));
    expect([await mode(empty), (await stat(empty)).gid]).toEqual(['2777', 2000]);
    const secret = pathOf(await setUp({ secret: { secretName: 's', defaultMode: 0o400 } }, { securityContext }));
    expect([await mode(join(secret, 'k')), (await stat(join(secret, 'k'))).gid]).toEqual(['440', 2000]);
  });

  test('an emptyDir keeps its content when it is set up again, and loses it with the pod', async () => {
    const path = pathOf(await setUp({ emptyDir: {} }));
    await writeFile(join(path, 'x'), 'kept');
    await setUp({ emptyDir: {} });
    expect(await readFile(join(path, 'x'), 'utf8')).toBe('kept');
    await volumes.tearDown('u1');
    expect(await volumes.leftovers()).toEqual([]);
  });

  test('an emptyDir in memory is a tmpfs of its size, unmounted with the pod', async () => {
    const path = pathOf(await setUp({ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }));
    expect(await mountsBelow(path)).toEqual([path]);
    expect(writeFile(join(path, 'big'), new Uint8Array(2 * 1024 * 1024))).rejects.toThrow('ENOSPC');
    await setUp({ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } });
    expect(await mountsBelow(path)).toEqual([path]);
    await volumes.tearDown('u1');
    expect(await mountsBelow(path)).toEqual([]);
  });

  test('downward API and projected sources share the forms of their fields', async () => {
    const items = [
      { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } },
    ];
    const path = pathOf(
      await setUp({ projected: { sources: [{ downwardAPI: { items } }, { configMap: { name: 'cm' } }] } }),
    );
    expect(await readFile(join(path, 'labels'), 'utf8')).toBe('app="web"');
    expect(await readFile(join(path, 'cpu'), 'utf8')).toBe('2000');
    expect(await readFile(join(path, 'a'), 'utf8')).toBe('A');
  });

  test('a service account token is renewed after 80 % of its life and kept for a start without a link', async () => {
    const token = { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
    const path = join(pathOf(await setUp(token)), 'token');
    expect(asked[0]).toMatchObject({ namespace: 'default', serviceAccount: 'default', podName: 'p', podUid: 'u1' });
    await clock.advance(2800_000);
    await setUp(token);
    expect(await readFile(path, 'utf8')).toBe('token-1');
    await clock.advance(100_000);
    linked = false;
    expect((await setUp(token)).faults).toEqual([]);
    expect(await readFile(path, 'utf8')).toBe('token-1');
    linked = true;
    await setUp(token);
    expect(await readFile(path, 'utf8')).toBe('token-2');
  });

  test.each<[Omit<Volume, 'name'>, string]>([
    [{ configMap: { name: 'none' } }, 'configmap "none" not found'],
    [{ secret: { secretName: 'none' } }, 'secret "none" not found'],
    [
      { configMap: { name: 'cm', items: [{ key: 'z', path: 'z' }] } },
      'configmap references non-existent config key: z',
    ],
    [{ secret: { secretName: 's', items: [{ key: 'z', path: 'z' }] } }, 'references non-existent secret key: z'],
    [
      { hostPath: { path: '/surely/not/here', type: 'Directory' } },
      'hostPath type check failed: /surely/not/here is not a directory',
    ],
    [{ hostPath: { path: '/etc', type: 'File' } }, 'hostPath type check failed: /etc is not a file'],
    [
      { hostPath: { path: '/etc/hosts', type: 'Socket' } },
      'hostPath type check failed: /etc/hosts is not a socket file',
    ],
    [{ nfs: { server: 's', path: '/' } }, 'no volume plugin matched'],
  ])('%j fails with %s', async (volume, message) => {
    expect((await setUp(volume)).faults).toMatchObject([{ volume: 'v', message }]);
  });

  test('what is optional may be missing', async () => {
    const path = pathOf(await setUp({ configMap: { name: 'none', optional: true } }));
    expect((await readdir(path)).filter((name) => !name.startsWith('..'))).toEqual([]);
  });
});
