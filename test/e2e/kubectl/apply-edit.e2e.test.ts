import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmod } from 'node:fs/promises';
import { type KubectlServer, startKubectlServer } from '#test/support/kubectl.ts';

/** kubectl apply (by the client and by the server), diff, edit, patch, replace and kustomize. */
let kubectl: KubectlServer;
beforeAll(async () => {
  kubectl = await startKubectlServer();
}, 60_000);
afterAll(() => kubectl?.stop());

const config = (name: string, data: Record<string, string>, labels?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
  data,
});
const web = (image: string, more: Record<string, unknown> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image, ports: [{ containerPort: 80 }] }] },
    },
    ...more,
  },
});
const get = async <T>(what: string): Promise<T> => JSON.parse(await kubectl.out(`get ${what} -o json`)) as T;
interface ConfigMap {
  readonly data: Record<string, string>;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly uid: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
}

describe('apply by the client', () => {
  test('creates, leaves alone, changes, and takes away what is no longer given', async () => {
    expect(await kubectl.out('apply -f -', { stdin: config('a', { x: '1', y: '2' }) })).toBe('configmap/a created\n');
    expect(await kubectl.out('apply -f -', { stdin: config('a', { x: '1', y: '2' }) })).toBe('configmap/a unchanged\n');
    await kubectl.out(['patch', 'configmap', 'a', '-p', '{"data":{"z":"3"}}']);
    expect(await kubectl.out('apply -f -', { stdin: config('a', { x: '9' }) })).toBe('configmap/a configured\n');
    expect((await get<ConfigMap>('configmap a')).data).toEqual({ x: '9', z: '3' });
  });

  test('merges lists by their keys and keeps what others have set', async () => {
    await kubectl.out('apply -f -', { stdin: web('example/web:1', { replicas: 1 }) });
    await kubectl.out('scale deployment web --replicas=3');
    await kubectl.out('set resources deployment web --limits=cpu=1');
    expect(await kubectl.out('apply -f -', { stdin: web('example/web:2') })).toBe('deployment.apps/web configured\n');
    const shown = await kubectl.out([
      'get',
      'deployment',
      'web',
      '-o',
      'jsonpath={.spec.template.spec.containers[*].image} {.spec.template.spec.containers[0].resources.limits.cpu}',
    ]);
    expect(shown).toBe('example/web:2 1');
  });

  test('warns of an object that it did not make', async () => {
    await kubectl.out('create configmap foreign --from-literal=x=1');
    const { stdout, stderr } = await kubectl.result('apply -f -', { stdin: config('foreign', { x: '2' }) });
    expect(stdout).toBe('configmap/foreign configured\n');
    expect(stderr).toContain(
      'Warning: resource configmaps/foreign is missing the kubectl.kubernetes.io/last-applied-configuration annotation',
    );
  });

  test('last applied configuration can be seen, set and edited', async () => {
    expect(JSON.parse(await kubectl.out('apply view-last-applied configmap a -o json'))).toMatchObject({
      data: { x: '9' },
    });
    const path = await kubectl.file('a.json', config('a', { x: '9', w: '0' }));
    expect(await kubectl.out(`apply set-last-applied -f ${path}`)).toBe('configmap/a configured\n');
    expect(await kubectl.out(`apply set-last-applied -f ${path}`)).toBe('set-last-applied a: no changes required.\n');
    await kubectl.out('apply -f -', { stdin: config('a', { x: '9' }) });
    expect((await get<ConfigMap>('configmap a')).data).toEqual({ x: '9', z: '3' });
    await kubectl.out('apply edit-last-applied configmap/a -o json', {
      environment: { KUBE_EDITOR: await editor('s/"9"/"8"/') },
    });
    expect(JSON.parse(await kubectl.out('apply view-last-applied configmap a -o json'))).toMatchObject({
      data: { x: '8' },
    });
  });

  test('prunes by label what is no longer given', async () => {
    const label = { part: 'pruned' };
    const both = [config('p1', { x: '1' }, label), config('p2', { x: '1' }, label)]
      .map((one) => JSON.stringify(one))
      .join('\n---\n');
    await kubectl.out('apply -f -', { stdin: both });
    const said = await kubectl.out('apply --prune -l part=pruned --prune-allowlist=core/v1/ConfigMap -f -', {
      stdin: config('p1', { x: '1' }, label),
    });
    expect(said.split('\n').sort().filter(Boolean)).toEqual(['configmap/p1 unchanged', 'configmap/p2 pruned']);
    expect(await kubectl.out('get configmaps -l part=pruned -o name')).toBe('configmap/p1\n');
  });

  test('--dry-run=server shows the outcome and stores nothing', async () => {
    expect(await kubectl.out('apply --dry-run=server -f -', { stdin: config('a', { x: '0' }) })).toBe(
      'configmap/a configured (server dry run)\n',
    );
    expect((await get<ConfigMap>('configmap a')).data['x']).toBe('9');
  });
});

describe('apply by the server', () => {
  const apply = (object: unknown, ...flags: string[]) =>
    kubectl.result(['apply', '--server-side', ...flags, '-f', '-'], { stdin: object });
  const managers = async (name: string) =>
    (
      (JSON.parse(await kubectl.out(`get configmap ${name} -o json --show-managed-fields`)) as ConfigMap).metadata
        .managedFields ?? []
    )
      .map(({ manager, operation }) => `${manager} ${operation}`)
      .sort();

  test('two managers share an object, disagree, and one takes it by force', async () => {
    expect((await apply(config('s', { a: '1' }), '--field-manager=one')).stdout).toBe(
      'configmap/s serverside-applied\n',
    );
    expect((await apply(config('s', { b: '2' }), '--field-manager=two')).code).toBe(0);
    expect(await managers('s')).toEqual(['one Apply', 'two Apply']);
    const { code, stderr } = await apply(config('s', { a: '5', b: '2' }), '--field-manager=two');
    expect(code).toBe(1);
    expect(stderr).toContain('error: Apply failed with 1 conflict: conflict with "one": .data.a\n');
    expect((await apply(config('s', { a: '5', b: '2' }), '--field-manager=two', '--force-conflicts')).code).toBe(0);
    expect((await apply(config('s', {}), '--field-manager=two')).code).toBe(0);
    expect((await get<Partial<ConfigMap>>('configmap s')).data).toBeUndefined();
  });

  test('an unchanged apply changes nothing, not even the resourceVersion', async () => {
    await apply(config('t', { a: '1' }));
    const before = (await get<ConfigMap>('configmap t')).metadata.resourceVersion;
    await apply(config('t', { a: '1' }));
    expect((await get<ConfigMap>('configmap t')).metadata.resourceVersion).toBe(before);
  });

  test('goes on from an apply by the client', async () => {
    await kubectl.out('apply -f -', { stdin: config('u', { a: '1', b: '2' }) });
    const { code, stderr } = await apply(config('u', { a: '3' }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await get<ConfigMap>('configmap u')).data).toEqual({ a: '3' });
    expect(await managers('u')).toEqual(['kubectl Apply', 'kubectl-last-applied Apply']);
  });

  test('a Deployment; its replicas are left to who scales it', async () => {
    await kubectl.out('delete deployment web');
    await apply(web('example/web:1'));
    await kubectl.out('scale deployment web --replicas=2');
    await apply(web('example/web:2'));
    expect(await kubectl.out(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas} {..image}'])).toBe(
      '2 example/web:2',
    );
  });

  test('a faulty object is told in the words of its kind', async () => {
    const { stderr } = await apply(web('example/web:1', { replicas: -1 }), '--force-conflicts');
    expect(stderr).toContain(
      'The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
  });
});

describe('diff', () => {
  test('tells by its exit code: 0 the same, 1 different', async () => {
    await kubectl.out('apply -f -', { stdin: config('d', { x: '1' }) });
    expect(await kubectl.result('diff -f -', { stdin: config('d', { x: '1' }) })).toMatchObject({
      code: 0,
      stdout: '',
    });
    const different = await kubectl.result('diff -f -', { stdin: config('d', { x: '2' }) });
    expect(different.code).toBe(1);
    expect(different.stdout).toContain('-  x: "1"');
    expect(different.stdout).toContain('+  x: "2"');
    const bySide = await kubectl.result('diff --server-side --force-conflicts -f -', {
      stdin: config('d', { x: '2' }),
    });
    expect(bySide.stdout).toContain('+  x: "2"');
    expect((await kubectl.result('diff -f -', { stdin: config('new', {}) })).code).toBe(1);
    expect((await get<ConfigMap>('configmap d')).data).toEqual({ x: '1' });
  });
});

/** An editor that runs a sed script on the file it is given. */
async function editor(script: string): Promise<string> {
  const path = await kubectl.file(`editor-${Bun.hash(script).toString(36)}.sh`, `#!/bin/sh\nsed -i '${script}' "$1"\n`);
  await chmod(path, 0o755);
  return path;
}

describe('edit', () => {
  test('stores what the editor has changed, and says so when it has not', async () => {
    await kubectl.out('create configmap e --from-literal=x=1');
    expect(
      await kubectl.out('edit configmap e', { environment: { KUBE_EDITOR: await editor('s/x: "1"/x: "2"/') } }),
    ).toBe('configmap/e edited\n');
    expect((await get<ConfigMap>('configmap e')).data).toEqual({ x: '2' });
    const nothing = await kubectl.result('edit configmap e', {
      environment: { KUBE_EDITOR: await editor('s/never/ever/') },
    });
    expect(nothing.stdout + nothing.stderr).toContain('Edit cancelled, no changes made.');
  });

  test('shows the fault of what cannot be stored', async () => {
    const { code, stdout, stderr } = await kubectl.result('edit configmap e', {
      environment: { KUBE_EDITOR: await editor('s/name: e$/name: f/') },
    });
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/At least one of apiVersion, kind and name was changed/);
  });
});

describe('patch', () => {
  test('strategic, merge and JSON patches', async () => {
    await kubectl.out('create configmap p --from-literal=a=1 --from-literal=b=2');
    expect(await kubectl.out(['patch', 'configmap', 'p', '-p', '{"data":{"a":"3"}}'])).toBe('configmap/p patched\n');
    expect(await kubectl.out(['patch', 'configmap', 'p', '-p', '{"data":{"a":"3"}}'])).toBe(
      'configmap/p patched (no change)\n',
    );
    await kubectl.out(['patch', 'configmap', 'p', '--type=merge', '-p', '{"data":{"b":null}}']);
    await kubectl.out(['patch', 'configmap', 'p', '--type=json', '-p', '[{"op":"add","path":"/data/c","value":"4"}]']);
    expect((await get<ConfigMap>('configmap p')).data).toEqual({ a: '3', c: '4' });
    const image = '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"example/web:7"}]}}}}';
    await kubectl.out(['patch', 'deployment', 'web', '-p', image]);
    expect(await kubectl.out(['get', 'deployment', 'web', '-o', 'jsonpath={..ports[0].containerPort} {..image}'])).toBe(
      '80 example/web:7',
    );
    await kubectl.out([
      'patch',
      'deployment',
      'web',
      '--subresource=scale',
      '--type=merge',
      '-p',
      '{"spec":{"replicas":4}}',
    ]);
    expect(await kubectl.out(['get', 'deployment', 'web', '-o', 'jsonpath={.spec.replicas}'])).toBe('4');
  });

  test('refusals', async () => {
    expect(await kubectl.refusal(['patch', 'configmap', 'p', '-p', '{"data":{"a":1}}'])).toContain(
      'cannot convert int64 to string',
    );
    expect(
      await kubectl.refusal(['patch', 'configmap', 'p', '--type=json', '-p', '[{"op":"remove","path":"/data/zz"}]']),
    ).toContain('The request is invalid: the server rejected our request due to an error in our request');
    expect(
      await kubectl.refusal(['patch', 'deployment', 'web', '-p', '{"spec":{"selector":{"matchLabels":{"app":"x"}}}}']),
    ).toContain('field is immutable');
    expect(await kubectl.refusal(['patch', 'configmap', 'never', '-p', '{}'])).toBe(
      'Error from server (NotFound): configmaps "never" not found\n',
    );
  });
});

describe('replace', () => {
  test('replaces, refuses what is stale, and by force makes it anew', async () => {
    await kubectl.out('create configmap r --from-literal=a=1');
    const old = await get<ConfigMap>('configmap r');
    expect(await kubectl.out('replace -f -', { stdin: config('r', { a: '2' }) })).toBe('configmap/r replaced\n');
    expect(await kubectl.refusal('replace -f -', { stdin: old })).toBe(
      'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "r": the object has been modified; please apply your changes to the latest version and try again\n',
    );
    const path = await kubectl.file('r.json', config('r', { a: '3' }));
    await kubectl.out(`replace --force -f ${path}`);
    const now = await get<ConfigMap>('configmap r');
    expect(now.data).toEqual({ a: '3' });
    expect(now.metadata.uid).not.toBe(old.metadata.uid);
    expect(await kubectl.refusal('replace -f -', { stdin: config('never', {}) })).toContain(
      'configmaps "never" not found',
    );
  });
});

describe('kustomize', () => {
  test('builds, applies and deletes a directory', async () => {
    await kubectl.file(
      'kust/kustomization.yaml',
      'namePrefix: k-\nresources: [one.json]\nconfigMapGenerator:\n- name: made\n  literals: [a=1]\n',
    );
    await kubectl.file('kust/one.json', config('one', { x: '1' }));
    const directory = `${kubectl.directory}/kust`;
    expect(await kubectl.out(`kustomize ${directory}`)).toContain('name: k-one');
    const made = (await kubectl.out(`apply -k ${directory}`)).split('\n').filter(Boolean).sort();
    expect(made).toEqual([expect.stringMatching(/^configmap\/k-made-\w+ created$/), 'configmap/k-one created']);
    await kubectl.out(`delete -k ${directory}`);
    expect(await kubectl.out('get configmap k-one --ignore-not-found')).toBe('');
  });
});
