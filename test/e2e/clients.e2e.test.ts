import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type ClientName, clientProgram, pythonWithClient } from '../support/clients.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { type RunOptions, type RunResult, waitFor } from '../support/hosts.ts';
import { ROOT } from '../support/import-law.ts';

/** A client of each family, as it comes, against one cluster: TypeScript, Python, Go, helm, and the oldest and a middle kubectl. */
const CLIENTS = join(ROOT, 'test/clients');
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl('apply -f -', {
    stdin: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'box' },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: 'localhost/bb:1', command: ['sh', '-c', 'echo ready; exec sleep 3600'] }],
      },
    }),
  });
  await cluster.kubectl('wait --for=condition=Ready pod/box --timeout=60s');
}, 180_000);
afterAll(() => cluster?.stop(), 120_000);

/** Runs a program on the first host, as the admin. */
const use = (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  cluster.first.run(argv, {
    timeoutMs: 100_000,
    ...options,
    environment: {
      KUBECONFIG: cluster.kubeconfig,
      HOME: cluster.first.directory,
      NODE_EXTRA_CA_CERTS: join(cluster.serverDir, 'identity/ca.crt'),
    },
  });
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

test('@kubernetes/client-node: informer, watch, patches of three types, exec with its exit code, logs', async () => {
  const { stdout, stderr, code } = await use([process.execPath, join(CLIENTS, 'client-node/use.ts'), 'default', 'box']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const said = lines(stdout);
  expect(said.filter((line) => line.startsWith('informer'))).toEqual([
    'informer add 1',
    'informer update 2',
    'informer update 3',
    'informer update 4',
    'informer delete 4',
  ]);
  expect(said.filter((line) => line.startsWith('watch') && line !== 'watch ended')).toEqual([
    'watch ADDED 1',
    'watch MODIFIED 2',
    'watch MODIFIED 3',
    'watch MODIFIED 4',
    'watch DELETED 4',
  ]);
  expect(said).toContain('read 404 configmaps "node-client" not found');
  expect(said).toContain('exec hello Failure 3');
  expect(said).toContain('log ready');
}, 120_000);

test('the Python client: watch, patch, replace, server-side apply, exec, logs', async () => {
  const python = await pythonWithClient();
  const { stdout, stderr, code } = await use([python, join(CLIENTS, 'python/use.py'), 'default', 'box']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lines(stdout)).toEqual([
    'replace 409 Conflict',
    'applied 4',
    'watch ADDED 1',
    'watch MODIFIED 2',
    'watch MODIFIED 3',
    'watch MODIFIED 4',
    'watch DELETED 4',
    'exec hello',
    'log ready',
  ]);
}, 400_000);

describe('client-go', () => {
  let program: string;
  beforeAll(async () => {
    program = await clientProgram('client-go');
  }, 1_200_000);

  /** Starts the program; `said()` is what it has printed so far. */
  function start(...argv: string[]) {
    const log = join(cluster.first.directory, `client-go-${argv.join('-')}.txt`);
    const child = cluster.first.start(['env', `KUBECONFIG=${cluster.kubeconfig}`, program, ...argv], log);
    const said = async (): Promise<string[]> => lines(await Bun.file(log).text());
    return {
      said,
      until: (line: string) =>
        eventually(async () => {
          const all = await said();
          if (!all.includes(line)) throw new Error(`${argv[0]} has not said ${line}: ${all.join('; ')}`);
        }, 20_000),
      async end() {
        child.kill('SIGTERM');
        await child.exited;
      },
    };
  }

  test('a shared informer sees each state of an object, in order, across a restart of the server', async () => {
    await cluster.kubectl('create namespace informed');
    const informer = start('informer', 'informed');
    await informer.until('synced');
    await cluster.kubectl('create configmap one -n informed --from-literal=value=1');
    await informer.until('added one 1');
    await cluster.kill('server', 'SIGKILL');
    await cluster.startServer();
    await cluster.kubectl(['patch', 'configmap', 'one', '-n', 'informed', '-p', '{"data":{"value":"2"}}']);
    await informer.until('updated one 2');
    await cluster.kubectl('delete configmap one -n informed');
    await informer.until('deleted one 2');
    await informer.end();
    const ours = (await informer.said()).filter((line) => line.includes(' one '));
    expect(ours).toEqual(['added one 1', 'updated one 2', 'deleted one 2']);
  }, 60_000);

  test('leader election by a Lease: one leads, the other follows at once when it lets go', async () => {
    const first = start('leader', 'default', 'election', 'a');
    await first.until('leading a');
    const second = start('leader', 'default', 'election', 'b');
    await second.until('leader a');
    expect(await second.said()).not.toContain('leading b');
    await first.end();
    await second.until('leading b');
    await second.end();
  }, 60_000);

  test('server-side apply by an apply configuration, and its conflict', async () => {
    const apply = async (...argv: string[]) =>
      (await use([program, 'apply', 'default', 'shared', ...argv])).stdout.trim();
    expect(await apply('first', 'a', '1')).toBe('applied {"a":"1"}');
    expect(await apply('second', 'b', '2')).toBe('applied {"a":"1","b":"2"}');
    expect(await apply('second', 'a', '3')).toBe(
      'refused Apply failed with 1 conflict: conflict with "first": .data.a',
    );
    expect(await apply('first', 'c', '4')).toBe('applied {"b":"2","c":"4"}');
  }, 60_000);

  test('the dynamic client lists page by page', async () => {
    await cluster.kubectl('create namespace paged');
    for (const name of ['a', 'b', 'c', 'd', 'e']) await cluster.kubectl(`create serviceaccount ${name} -n paged`);
    await cluster.kubectl('get serviceaccount default -n paged --request-timeout=5s', { mayFail: true });
    const { stdout } = await use([program, 'list', '', 'v1', 'serviceaccounts', 'paged']);
    expect(lines(stdout).filter((line) => !line.endsWith(' default'))).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((name) => `ServiceAccount ${name}`),
    );
  }, 60_000);
});

describe('helm', () => {
  const CHART = join(CLIENTS, 'chart');
  let helm: string;
  beforeAll(async () => {
    helm = await clientProgram('helm');
  }, 1_200_000);

  interface Release {
    readonly version: number;
    readonly info: { readonly status: string };
  }

  /**
   * Runs helm and, meanwhile, says that the Job of its hook is done as soon as it is there: what helm waits for is the Job's status, and who
   * writes it does not matter to it.
   */
  async function run(...argv: string[]): Promise<Release> {
    const done = use([helm, ...argv, '--output', 'json']);
    const over = new AbortController();
    const helper = argv.includes('greeter') ? finishJob(over.signal) : Promise.resolve();
    const { code, stdout, stderr } = await done;
    over.abort();
    await helper;
    if (code !== 0) throw new Error(`helm ${argv.join(' ')}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as Release;
  }

  async function finishJob(signal: AbortSignal): Promise<void> {
    let last = '';
    while (!signal.aborted) {
      const uid = await cluster.kubectl(
        ['get', 'job', 'greeter-after', '--ignore-not-found', '-o', 'jsonpath={.metadata.uid}'],
        { mayFail: true },
      );
      if (uid === '' || uid === last) continue;
      const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
      const condition = (type: string) => ({ type, status: 'True', lastProbeTime: now, lastTransitionTime: now });
      const status = {
        startTime: now,
        completionTime: now,
        succeeded: 1,
        conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
      };
      await cluster.kubectl(
        ['patch', 'job', 'greeter-after', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })],
        { mayFail: true },
      );
      last = uid;
    }
  }

  const greeting = () => cluster.kubectl(['get', 'configmap', 'greeter', '-o', 'jsonpath={.data.greeting}']);

  test('installs a chart with a definition, an object of it, hooks and a Deployment', async () => {
    expect(await run('install', 'greeter', CHART, '--timeout', '60s')).toMatchObject({
      version: 1,
      info: { status: 'deployed' },
    });
    expect(await greeting()).toBe('hello');
    expect(await cluster.kubectl(['get', 'greetings', 'greeter', '-o', 'jsonpath={.spec.text}'])).toBe('hello');
    expect(await cluster.kubectl('logs greeter-before')).toBe('prepared hello\n');
    await cluster.kubectl('rollout status deployment/greeter --timeout=60s');
  }, 120_000);

  test('upgrades it, refuses what the definition does not allow, and goes back', async () => {
    const upgraded = await run('upgrade', 'greeter', CHART, '--set', 'greeting=hi,replicas=2', '--timeout', '60s');
    expect(upgraded).toMatchObject({ version: 2, info: { status: 'deployed' } });
    expect(await greeting()).toBe('hi');
    await cluster.kubectl('rollout status deployment/greeter --timeout=60s');

    const refused = await use([helm, 'upgrade', 'greeter', CHART, '--set-json', 'greeting=5', '--timeout', '60s']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('spec.text in body must be of type string: "integer"');

    await use([helm, 'rollback', 'greeter', '1', '--no-hooks', '--timeout', '60s']);
    expect(await greeting()).toBe('hello');
    await waitFor('one replica', async () =>
      (await cluster.kubectl(['get', 'deployment', 'greeter', '-o', 'jsonpath={.status.replicas}'])) === '1'
        ? true
        : undefined,
    );
  }, 240_000);

  test('uninstalls it: the objects go, the definition stays', async () => {
    const { code } = await use([helm, 'uninstall', 'greeter', '--wait', '--timeout', '60s']);
    expect(code).toBe(0);
    const left = await cluster.kubectl('get configmaps,deployments,greetings -o name');
    expect(lines(left).filter((name) => name.includes('greeter'))).toEqual([]);
    expect(await cluster.kubectl('get crd greetings.skep.example -o name')).toContain('greetings.skep.example');
    expect(JSON.parse((await use([helm, 'list', '--all', '--output', 'json'])).stdout)).toEqual([]);
  }, 120_000);
});

describe.each(['kubectl-1.31', 'kubectl-1.33'] satisfies ClientName[])('%s', (name) => {
  let kubectl: string;
  beforeAll(async () => {
    kubectl = await clientProgram(name);
  }, 1_200_000);
  const tell = async (line: string, stdin?: string): Promise<string> => {
    const { code, stdout, stderr } = await use([kubectl, ...line.split(' ')], stdin === undefined ? {} : { stdin });
    if (code !== 0) throw new Error(`${name} ${line}: ${stderr}`);
    return stdout;
  };

  test('creates, applies, changes, reads, runs in a pod and deletes', async () => {
    const web = name.replaceAll('.', '-');
    expect(await tell('version')).toContain('Server Version: v1.33');
    await tell(`create deployment ${web} --image=localhost/bb:1 --replicas=2 -- sleep 3600`);
    await tell(`rollout status deployment/${web} --timeout=60s`);
    await tell(`set env deployment/${web} GREETING=hello`);
    await tell(`rollout status deployment/${web} --timeout=60s`);
    expect(await tell(`rollout history deployment/${web}`)).toContain('2 ');
    await tell(`scale deployment/${web} --replicas=1`);
    await tell(`label deployment/${web} tier=front`);
    expect(await tell(`get deployments -l tier=front -o name`)).toBe(`deployment.apps/${web}\n`);
    const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: web }, data: { a: '1' } });
    expect(await tell('apply -f -', manifest)).toBe(`configmap/${web} created\n`);
    expect(await tell('apply -f -', manifest)).toBe(`configmap/${web} unchanged\n`);
    expect(await tell('apply --server-side --force-conflicts -f -', manifest)).toBe(
      `configmap/${web} serverside-applied\n`,
    );
    expect(await tell('exec box -- echo hello')).toBe('hello\n');
    expect(await tell('logs box')).toBe('ready\n');
    expect(await tell('explain deployment.spec.strategy')).toContain('FIELDS:');
    expect(await tell('auth can-i create pods')).toBe('yes\n');
    await tell(`delete deployment/${web} configmap/${web} --wait=true`);
  }, 180_000);
});
