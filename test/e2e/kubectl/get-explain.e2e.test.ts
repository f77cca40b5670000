import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type KubectlServer, startKubectlServer } from '#test/support/kubectl.ts';

/** What kubectl reads: get in all its forms, describe, events, explain, api-resources, version, wait. */
let kubectl: KubectlServer;
beforeAll(async () => {
  kubectl = await startKubectlServer();
  await kubectl.out('create namespace shown');
  for (const [name, size] of [
    ['alpha', '3'],
    ['beta', '1'],
    ['gamma', '2'],
  ] as const) {
    await kubectl.out(`create configmap ${name} -n shown --from-literal=size=${size}`);
    await kubectl.out(`label configmap ${name} -n shown size=${size}`);
  }
  await kubectl.out('create deployment web -n shown --image=example/web:1 --replicas=2');
}, 60_000);
afterAll(() => kubectl?.stop());

const rows = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('get', () => {
  test('as a table, with and without headers, wide, with labels', async () => {
    const [header, first] = rows(await kubectl.out('get configmaps alpha -n shown'));
    expect(header).toMatch(/^NAME +DATA +AGE$/);
    expect(first).toMatch(/^alpha +1 +\d+s$/);
    expect(await kubectl.out('get configmaps alpha -n shown --no-headers')).toMatch(/^alpha +1 +\d+s\n$/);
    expect(await kubectl.out('get configmaps alpha -n shown --show-labels')).toMatch(/LABELS\nalpha .*size=3\n/);
    expect(await kubectl.out('get configmaps alpha -n shown -L size')).toMatch(/SIZE\nalpha .* 3\n/);
    expect(rows(await kubectl.out('get deployments -n shown -o wide'))[0]).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR$/,
    );
  });

  test('as JSON, YAML, names, JSONPath, templates and columns', async () => {
    expect(JSON.parse(await kubectl.out('get configmap alpha -n shown -o json'))).toMatchObject({
      kind: 'ConfigMap',
      data: { size: '3' },
    });
    expect(await kubectl.out('get configmap alpha -n shown -o yaml')).toContain(
      '\ndata:\n  size: "3"\nkind: ConfigMap\n',
    );
    expect(await kubectl.out('get configmaps -n shown -l size -o name')).toBe(
      'configmap/alpha\nconfigmap/beta\nconfigmap/gamma\n',
    );
    expect(
      await kubectl.out([
        'get',
        'configmaps',
        '-n',
        'shown',
        '-l',
        'size',
        '-o',
        'jsonpath={range .items[*]}{.metadata.name}={.data.size} {end}',
      ]),
    ).toBe('alpha=3 beta=1 gamma=2 ');
    expect(await kubectl.out(['get', 'configmap', 'beta', '-n', 'shown', '-o', 'go-template={{.data.size}}'])).toBe(
      '1',
    );
    expect(
      rows(await kubectl.out('get configmaps -n shown -l size -o custom-columns=WHICH:.metadata.name,SIZE:.data.size')),
    ).toEqual([
      expect.stringMatching(/^WHICH +SIZE$/),
      expect.stringMatching(/^alpha +3$/),
      expect.stringMatching(/^beta +1$/),
      expect.stringMatching(/^gamma +2$/),
    ]);
  });

  test('sorted, selected by labels and fields, in pages', async () => {
    expect(await kubectl.out('get configmaps -n shown -l size --sort-by=.data.size -o name')).toBe(
      'configmap/beta\nconfigmap/gamma\nconfigmap/alpha\n',
    );
    expect(await kubectl.out(['get', 'configmaps', '-n', 'shown', '-l', 'size in (1,2),size!=2', '-o', 'name'])).toBe(
      'configmap/beta\n',
    );
    expect(await kubectl.out('get configmaps -n shown --field-selector metadata.name=gamma -o name')).toBe(
      'configmap/gamma\n',
    );
    expect(rows(await kubectl.out('get configmaps -n shown -l size --chunk-size=1 -o name'))).toHaveLength(3);
    expect(await kubectl.refusal('get pods --field-selector spec.image=x')).toContain(
      'field label not supported: spec.image',
    );
    expect(await kubectl.refusal(['get', 'pods', '-l', 'a=b=c'])).toContain(
      "found '=', expected: ',' or 'end of string'",
    );
  });

  test('several kinds, all of a category, all namespaces', async () => {
    const all = rows(await kubectl.out('get all -n shown -o name'));
    expect(all.filter((name) => /^(deployment|replicaset)\.apps|^pod\//.test(name))).toHaveLength(4);
    expect(rows(await kubectl.out('get configmap/alpha deployment/web -n shown -o name'))).toEqual([
      'configmap/alpha',
      'deployment.apps/web',
    ]);
    expect(rows(await kubectl.out('get namespaces,deployments -A --no-headers')).join('\n')).toMatch(
      /shown +deployment\.apps\/web/,
    );
    expect(rows(await kubectl.out('get deployments -A'))[0]).toMatch(/^NAMESPACE +NAME/);
  });

  test('by short names and full names', async () => {
    for (const name of ['cm', 'configmap', 'configmaps', 'configmaps.v1.']) {
      expect(await kubectl.out(`get ${name} alpha -n shown -o name`)).toBe('configmap/alpha\n');
    }
    for (const name of ['deploy', 'deployments.apps', 'deployments.v1.apps']) {
      expect(await kubectl.out(`get ${name} web -n shown -o name`)).toBe('deployment.apps/web\n');
    }
  });

  test('what is not there', async () => {
    expect(await kubectl.result('get pods')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'No resources found in default namespace.\n',
    });
    expect(await kubectl.refusal('get pod nobody')).toBe('Error from server (NotFound): pods "nobody" not found\n');
    expect(await kubectl.refusal('get widgets')).toBe('error: the server doesn\'t have a resource type "widgets"\n');
    expect(await kubectl.out('get pod nobody --ignore-not-found')).toBe('');
  });

  test('raw paths', async () => {
    expect(await kubectl.out('get --raw /readyz')).toBe('ok');
    expect(
      JSON.parse(await kubectl.out('get --raw /api/v1/namespaces/shown/configmaps?labelSelector=size%3D1')),
    ).toMatchObject({
      kind: 'ConfigMapList',
      items: [{ metadata: { name: 'beta' } }],
    });
    expect(await kubectl.refusal('get --raw /no/such/path')).toContain(
      'Error from server (NotFound): the server could not find the requested resource',
    );
  });

  test('watching shows what is there and what comes', async () => {
    const watching = kubectl.result('get configmaps -n shown --watch --request-timeout=3s --no-headers -l watched');
    const make = async (): Promise<void> => {
      await kubectl.out('create configmap seen -n shown');
      await kubectl.out('label configmap seen -n shown watched=yes');
    };
    await make();
    expect(rows((await watching).stdout).some((line) => line.startsWith('seen'))).toBe(true);
  });
});

describe('describe and events', () => {
  test('a Deployment with its events', async () => {
    const text = await kubectl.out('describe deployment web -n shown');
    expect(text).toMatch(/Replicas: +2 desired \| 2 updated \| 2 total \| 0 available \| 2 unavailable/);
    expect(text).toMatch(/StrategyType: +RollingUpdate/);
    expect(text).toMatch(/Normal +ScalingReplicaSet .* Scaled up replica set web-\w+ (from 0 )?to 2/);
    expect(await kubectl.out('events -n shown --for deployment/web')).toMatch(/ScalingReplicaSet +Deployment\/web/);
    expect(await kubectl.refusal('describe deployment never -n shown')).toBe(
      'Error from server (NotFound): deployments.apps "never" not found\n',
    );
  });

  test.each([
    'namespace shown',
    'configmap alpha -n shown',
    'service kubernetes',
    'serviceaccount default -n shown',
    'replicaset -n shown',
    'pods -n shown',
    'clusterrole view',
    'priorityclass system-node-critical',
  ])('%s', async (what) => {
    expect(await kubectl.out(`describe ${what}`)).toMatch(/^Name: +\S+/);
  });
});

describe('explain and what is served', () => {
  test('fields with their types, for every kind', async () => {
    const text = await kubectl.out('explain deployment.spec.strategy.rollingUpdate.maxSurge');
    expect(text).toMatch(/GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: maxSurge <IntOrString>/);
    expect(await kubectl.refusal('explain pod.spec.nothing')).toBe('error: field "nothing" does not exist\n');
    const kinds = rows(await kubectl.out('api-resources --no-headers -o name'));
    expect(kinds.length).toBeGreaterThan(50);
    const faults: string[] = [];
    // Of a plural that several groups serve, kubectl takes the group for a field of the first: those are asked for by their version.
    const plurals = kinds.map((name) => name.split('.')[0]);
    const again = kinds.filter((name, index) => name.includes('.') && plurals.indexOf(plurals[index]) < index);
    expect(again).toContain('events.events.k8s.io');
    expect(await kubectl.out('explain events --api-version=events.k8s.io/v1')).toContain('GROUP:      events.k8s.io');
    for (const name of kinds.filter((one) => !again.includes(one))) {
      const { code, stderr } = await kubectl.result(`explain ${name} --recursive`);
      if (code !== 0) faults.push(`${name}: ${stderr}`);
    }
    expect(faults).toEqual([]);
  }, 120_000);

  test('api-resources and api-versions', async () => {
    expect(await kubectl.out('api-resources --namespaced=true --api-group=apps -o wide')).toMatch(
      /deployments +deploy +apps\/v1 +true +Deployment +create,delete,deletecollection,get,list,patch,update,watch +all/,
    );
    expect(rows(await kubectl.out('api-versions'))).toEqual(
      expect.arrayContaining(['v1', 'apps/v1', 'batch/v1', 'autoscaling/v1', 'autoscaling/v2']),
    );
  });

  test('version, cluster-info and config', async () => {
    expect(await kubectl.out('version')).toMatch(/Client Version: v1\.\d+\.\d+.*\n.*\nServer Version: v1\.33\.\d+/);
    expect(await kubectl.out('cluster-info')).toContain('is running at');
    expect(await kubectl.out('config current-context')).toBe('skep\n');
    expect(await kubectl.out('config get-contexts -o name')).toBe('skep\n');
  });
});

describe('wait', () => {
  test('for a condition, a JSONPath, a deletion; and in vain', async () => {
    expect(
      await kubectl.out(['wait', 'deployment/web', '-n', 'shown', '--for=condition=Progressing', '--timeout=10s']),
    ).toBe('deployment.apps/web condition met\n');
    expect(
      await kubectl.out(['wait', 'configmap/beta', '-n', 'shown', '--for=jsonpath={.data.size}=1', '--timeout=10s']),
    ).toBe('configmap/beta condition met\n');
    expect(
      await kubectl.refusal(['wait', 'deployment/web', '-n', 'shown', '--for=condition=Available', '--timeout=1s']),
    ).toBe('error: timed out waiting for the condition on deployments/web\n');
    const waiting = kubectl.out(['wait', 'configmap/gamma', '-n', 'shown', '--for=delete', '--timeout=20s']);
    await kubectl.out('delete configmap gamma -n shown');
    expect(await waiting).toMatch(/^(configmap\/gamma condition met\n)?$/);
  });
});
