import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmod } from 'node:fs/promises';
import { type KubectlServer, startKubectlServer } from '#test/support/kubectl.ts';

/** kubectl with many objects at once (files of several documents, lists, directories with a fault in them), with raw paths, and with a person who is asked first. */
let kubectl: KubectlServer;
beforeAll(async () => {
  kubectl = await startKubectlServer();
}, 60_000);
afterAll(() => kubectl?.stop());

const jsonpath = (what: string, path: string): Promise<string> =>
  kubectl.out(['get', ...what.split(' '), '-o', `jsonpath=${path}`]);
const labels = { set: 'mock' };
const service = (name: string, more: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, labels: { ...labels, ...more } },
  spec: { selector: { app: name }, ports: [{ port: 99 }] },
});
const controller = (name: string, more: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name, labels: { ...labels, ...more } },
  spec: {
    replicas: 1,
    selector: { app: name },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'example/mock' }] } },
  },
});
const list = (kind: string, ...items: readonly object[]) => ({ apiVersion: 'v1', kind, items });
const documents = (...objects: readonly object[]): string => objects.map((one) => JSON.stringify(one)).join('\n---\n');

describe.each([
  ['documents', (more: Record<string, string>) => documents(service('mock', more), controller('mock', more))],
  ['a List', (more: Record<string, string>) => list('List', service('mock', more), controller('mock', more))],
  [
    'a ServiceList',
    (more: Record<string, string>) => list('ServiceList', service('mock', more), service('mock2', more)),
  ],
  [
    'a ReplicationControllerList',
    (more: Record<string, string>) =>
      list('ReplicationControllerList', controller('mock', more), controller('mock2', more)),
  ],
])('%s', (_, make) => {
  test('are created, read, described, replaced, edited, labelled, annotated and deleted as one', async () => {
    const path = await kubectl.file('many.json', make({}));
    const each = (key: string): Promise<string> => jsonpath('services,rc -l set=mock', `{.items[*].metadata.${key}}`);
    expect((await kubectl.out(`create -f ${path}`)).match(/ created\n/g)).toHaveLength(2);
    expect((await kubectl.out(`get -f ${path} -o name`)).trim().split('\n')).toHaveLength(2);
    expect((await kubectl.out(`describe -f ${path}`)).match(/^Name: /gm)).toHaveLength(2);
    expect(await kubectl.refusal(`get -f ${path} --watch`)).toContain(
      'watch is only supported on individual resources and resource collections',
    );
    const changed = await kubectl.file('many-changed.json', make({ status: 'replaced' }));
    await kubectl.out(`replace -f ${changed} --force --cascade=background`);
    expect(await each('labels.status')).toBe('replaced replaced');
    const editor = await kubectl.file('edit.sh', '#!/bin/sh\nsed -i "s/status: replaced/status: edited/" "$1"\n');
    await chmod(editor, 0o755);
    expect(
      (await kubectl.out(`edit -f ${path}`, { environment: { KUBE_EDITOR: editor } })).match(/ edited/g),
    ).toHaveLength(2);
    expect(await each('labels.status')).toBe('edited edited');
    await kubectl.out(`label -f ${path} labelled=yes`);
    await kubectl.out(`annotate -f ${path} noted=yes`);
    expect(`${await each('labels.labelled')} ${await each('annotations.noted')}`).toBe('yes yes yes yes');
    await kubectl.out(`delete -f ${path}`);
    expect(await each('name')).toBe('');
  });
});

describe('a directory with a fault in it', () => {
  test('is worked through all the same, and the fault is told', async () => {
    await kubectl.file('tree/one.json', controller('one'));
    await kubectl.file('tree/below/two.json', controller('two'));
    await kubectl.file('tree/below/three.json', {
      apiVersion: 'v1',
      ind: 'ReplicationController',
      metadata: { name: 'three' },
    });
    const tree = `-f ${kubectl.directory}/tree --recursive`;
    const each = (path: string): Promise<string> => jsonpath('rc -l set=mock', `{.items[*]${path}}`);
    const missing = "Object 'Kind' is missing";
    expect(await kubectl.refusal(`create ${tree}`)).toContain('error validating data: kind not set');
    expect(await each('.metadata.name')).toBe('one two');
    expect(await kubectl.refusal(`describe ${tree}`)).toContain(missing);
    expect(await kubectl.refusal(`annotate ${tree} a=1`)).toContain(missing);
    expect(await kubectl.refusal(`label ${tree} a=1`)).toContain(missing);
    expect(await each('.metadata.labels.a')).toBe('1 1');
    expect(await kubectl.refusal(`scale ${tree} --current-replicas=1 --replicas=2`)).toContain(missing);
    expect(await each('.spec.replicas')).toBe('2 2');
    expect(await kubectl.refusal(`autoscale ${tree} --max=3`)).toContain(missing);
    expect(await jsonpath('hpa', '{.items[*].spec.maxReplicas}')).toBe('3 3');
    expect(await kubectl.refusal(`expose ${tree} --port=80`)).toContain(missing);
    expect(await jsonpath('service one', '{.spec.ports[0].port} {.spec.ports[0].name}')).toBe('80 ');
    expect(await kubectl.refusal(`rollout undo ${tree}`)).toContain(
      'no rollbacker has been implemented for "ReplicationController"',
    );
    expect(await kubectl.refusal(`rollout pause ${tree}`)).toContain(
      'replicationcontrollers "one" pausing is not supported',
    );
    expect(await kubectl.refusal(`delete ${tree}`)).toContain(missing);
    expect(await each('.metadata.name')).toBe('');
    await kubectl.out('delete hpa,service one two');
  });

  test('of nothing is refused', async () => {
    await kubectl.file('empty/readme.txt', 'nothing');
    expect(await kubectl.refusal(`create -f ${kubectl.directory}/empty`)).toContain('error reading');
    expect(await kubectl.refusal('create')).toContain('must specify one of -f and -k');
    expect(await kubectl.refusal('create -f -', { stdin: '' })).toBe('error: no objects passed to create\n');
    expect(await kubectl.refusal('create -f /never/there.yaml')).toContain('does not exist');
  });
});

describe('create', () => {
  test('of what a label picks out', async () => {
    const both = documents(service('kept', { pick: 'yes' }), service('left'));
    expect(await kubectl.out('create -l pick=yes -f -', { stdin: both })).toBe('service/kept created\n');
    await kubectl.out('delete service kept');
  });

  test('with an editor', async () => {
    const path = await kubectl.file('edited.json', list('List', service('mock'), controller('mock')));
    const editor = await kubectl.file('rename.sh', '#!/bin/sh\nsed -i "s/mock/changed/g" "$1"\n');
    await chmod(editor, 0o755);
    const made = await kubectl.out(`create --edit -f ${path}`, { environment: { KUBE_EDITOR: editor } });
    expect(
      made
        .split('\n')
        .filter((line) => line.endsWith('created'))
        .sort(),
    ).toEqual(['replicationcontroller/changed created', 'service/changed created']);
    const none = await kubectl.result(`create --edit -f ${path}`, { environment: { KUBE_EDITOR: 'cat' } });
    expect(none.stdout + none.stderr).toContain('Edit cancelled');
    await kubectl.out('delete rc/changed service/changed');
  });

  test('replace, read and delete by raw paths', async () => {
    const at = '/api/v1/namespaces/default/configmaps';
    const config = (data: Record<string, string>) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'raw' },
      data,
    });
    expect(JSON.parse(await kubectl.out(`create --raw ${at} -f -`, { stdin: config({}) }))).toMatchObject({
      metadata: { name: 'raw' },
    });
    expect(await kubectl.out(`replace --raw ${at}/raw -f -`, { stdin: config({ a: 'new' }) })).toContain('"uid"');
    expect(await kubectl.out(`get --raw ${at}/raw`)).toContain('"a":"new"');
    expect(await kubectl.out(`delete --raw ${at}/raw`)).toContain('"status":"Success"');
    expect(await kubectl.refusal(`get --raw ${at}/raw`)).toBe(
      'Error from server (NotFound): configmaps "raw" not found\n',
    );
  });
});

describe('delete', () => {
  const make = async (...spaces: readonly string[]): Promise<void> => {
    for (const space of spaces) {
      await kubectl.out(`create configmap in-${space} -n ${space}`);
      await kubectl.out(`label configmap in-${space} -n ${space} gone=yes`);
    }
  };
  const left = (): Promise<string> => kubectl.out('get configmaps -A -l gone=yes -o name');

  test('in all namespaces, by label; a person may say no', async () => {
    await kubectl.out('create namespace left');
    await kubectl.out('create namespace right');
    await make('left', 'right');
    const all = 'delete configmaps -l gone=yes --all-namespaces';
    expect(await kubectl.out(`${all} --dry-run=server`)).toContain('(server dry run)');
    const asked = await kubectl.out(`${all} --interactive`, { stdin: 'n\n' });
    expect(asked).toContain('configmap/in-left');
    expect(asked).toContain('configmap/in-right');
    expect(asked).toContain('deletion is cancelled');
    expect(await left()).toBe('configmap/in-left\nconfigmap/in-right\n');
    await kubectl.out(`${all} --interactive`, { stdin: 'y\n' });
    expect(await left()).toBe('');
  });

  test('refuses what is ambiguous, and warns of what is in no namespace', async () => {
    expect(await kubectl.refusal('delete pods --all -l a=b')).toContain(
      "setting 'all' parameter but found a non empty selector",
    );
    expect(await kubectl.refusal('delete pods')).toContain('no name was specified');
    expect(await kubectl.refusal('get pod one --all-namespaces')).toContain(
      'a resource cannot be retrieved by name across all namespaces',
    );
    const { stdout, stderr } = await kubectl.result('delete namespaces -n default left right');
    expect(stderr).toContain('Warning: deleting cluster-scoped resources, not scoped to the provided namespace');
    expect(stdout).toBe('namespace "left" deleted\nnamespace "right" deleted\n');
  });

  test('comes back before the end with --wait=false, and wait sees the end', async () => {
    await kubectl.out('create namespace slow');
    await kubectl.out('delete namespace slow --wait=false');
    await kubectl.out('wait --for=delete namespace/slow --timeout=20s');
    expect(await kubectl.refusal('get namespace slow')).toBe(
      'Error from server (NotFound): namespaces "slow" not found\n',
    );
  });
});

describe('get', () => {
  test('by a directory of kustomize', async () => {
    await kubectl.file('kust/kustomization.yaml', 'resources: [one.json]\n');
    await kubectl.file('kust/one.json', service('one'));
    await kubectl.out(`apply -k ${kubectl.directory}/kust`);
    expect(await jsonpath(`-k ${kubectl.directory}/kust`, '{..metadata.name}')).toBe('one');
    await kubectl.out(`delete -k ${kubectl.directory}/kust`);
  });

  test('gives up after --request-timeout, and refuses what is no time', async () => {
    await kubectl.out('create configmap timely');
    const watched = await kubectl.result('get configmap timely --watch --request-timeout=1 -o name');
    expect(watched.stdout).toBe('configmap/timely\n');
    expect(await kubectl.refusal('get configmap timely --request-timeout=1p')).toContain('Invalid timeout value');
  });

  test('sorts by quantities as numbers', async () => {
    for (const [name, memory] of [
      ['a', '1Gi'],
      ['b', '500Mi'],
      ['c', '2G'],
    ] as const) {
      await kubectl.out('create -f -', {
        stdin: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: `sort-${name}`, labels: { sort: 'yes' } },
          spec: { containers: [{ name: 'main', image: 'example/x', resources: { requests: { memory } } }] },
        },
      });
    }
    const sorted = ['get', 'pods', '-l', 'sort', '-o', 'name'];
    expect(await kubectl.out([...sorted, '--sort-by={.spec.containers[0].resources.requests.memory}'])).toBe(
      'pod/sort-b\npod/sort-a\npod/sort-c\n',
    );
    expect(await kubectl.out([...sorted, '--sort-by={.metadata.name}'])).toBe('pod/sort-a\npod/sort-b\npod/sort-c\n');
    const table = await kubectl.out('get pods -l sort --server-print=false --sort-by={.metadata.name}');
    expect(table).toMatch(/^NAME +AGE\nsort-a /);
  });

  test('asks for pages, and is told of a compressed answer', async () => {
    const asked = await kubectl.result('get clusterroles --chunk-size=10 -v=6 -o name');
    expect(asked.stderr).toMatch(/clusterroles\?limit=10.*200 OK/);
    expect(asked.stderr).toMatch(/clusterroles\?continue=[^ ]*limit=10.*200 OK/);
    const text = crypto.getRandomValues(new Uint8Array(65_536)).toHex().repeat(2);
    const path = await kubectl.file('large.txt', text);
    await kubectl.out(`create configmap large --from-file=${path}`);
    expect((await kubectl.result('get configmap large -o yaml -v=8')).stderr).toContain('Vary: Accept-Encoding');
    expect((await kubectl.result('get configmap large -o yaml -v=8 --disable-compression')).stderr).not.toContain(
      'Vary: Accept-Encoding',
    );
  });
});
