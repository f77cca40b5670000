import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { waitFor } from '../support/hosts.ts';

/** A beginner's first session, command by command, as the README shows it. The tests build on each other, in order. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
}, 180_000);
afterAll(() => cluster?.stop(), 120_000);

const IMAGE = 'localhost/bb:1';
const pod = (name: string, labels: Record<string, string>) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: IMAGE, command: ['sleep', '3600'] }],
    },
  });
const replicaSet = (replicas: number) =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'www'] }] },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'main', image: IMAGE, command: ['sleep', '3600'] }],
        },
      },
    },
  });

interface PodList {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string;
      readonly deletionTimestamp?: string;
      readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
    };
    readonly status: { readonly phase: string; readonly podIP?: string };
  }[];
}
const pods = async (selector: string) =>
  (await cluster.get<PodList>(`pods -l ${selector}`)).items.filter(
    (one) => one.metadata.deletionTimestamp === undefined,
  );
const running = (selector: string, count: number) =>
  waitFor(`${count} pods of ${selector} run`, async () => {
    const found = await pods(selector);
    return found.length === count && found.every((one) => one.status.phase === 'Running') ? found : undefined;
  });

test('get nodes shows one Ready node, cluster-info the API', async () => {
  expect(await cluster.kubectl('get nodes')).toMatch(
    /NAME +STATUS +ROLES +AGE +VERSION\nhost1 +Ready +\S+ +\S+ +v1\.33\.0\+skep/,
  );
  expect(await cluster.kubectl('cluster-info')).toContain('is running at');
});

test('run makes a pod that runs', async () => {
  expect(await cluster.kubectl(`run first --image=${IMAGE} --command -- sleep 3600`)).toBe('pod/first created\n');
  expect(await cluster.kubectl('wait --for=condition=Ready pod/first --timeout=30s')).toBe('pod/first condition met\n');
  expect(await cluster.kubectl('get pods')).toMatch(
    /NAME +READY +STATUS +RESTARTS +AGE\nfirst +1\/1 +Running +0 +\d+s/,
  );
  expect(await cluster.kubectl('delete pod first --grace-period=1')).toContain('pod "first" deleted');
});

test('a ReplicaSet of 3 counts a pod that its selector matches, and makes only two more', async () => {
  await cluster.kubectl('create -f -', { stdin: pod('lonely', { app: 'www' }) });
  await running('app=www', 1);
  await cluster.kubectl('create -f -', { stdin: replicaSet(3) });
  const made = await running('app=web', 2);
  const [lonely] = await pods('app=www');
  expect(lonely?.metadata.ownerReferences).toMatchObject([{ kind: 'ReplicaSet', name: 'web' }]);
  expect(made).toHaveLength(2);
});

test('a deleted pod is replaced', async () => {
  const before = await pods('app=web');
  const victim = before[0]?.metadata.name ?? '';
  await cluster.kubectl(`delete pod ${victim}`);
  const after = await running('app=web', 2);
  expect(after.map((one) => one.metadata.name)).not.toContain(victim);
});

test('replace -f and scale change the number of pods', async () => {
  expect(await cluster.kubectl('replace -f -', { stdin: replicaSet(4) })).toBe('replicaset.apps/web replaced\n');
  await waitFor(
    '4 pods run',
    async () => (await pods('app')).filter((one) => one.status.phase === 'Running').length === 4,
  );
  expect(await cluster.kubectl('scale replicaset web --replicas=1')).toBe('replicaset.apps/web scaled\n');
  await waitFor('1 pod is left', async () => (await pods('app')).length === 1);
  await cluster.kubectl('delete replicaset web');
  await waitFor('no pod is left', async () => (await pods('app')).length === 0);
});

test('a Deployment answers through its Service', async () => {
  await cluster.kubectl([
    'create',
    'deployment',
    'hello',
    `--image=${IMAGE}`,
    '--replicas=3',
    '--port=8080',
    '--',
    'sh',
    '-c',
    'mkdir -p /tmp/www; hostname > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www',
  ]);
  expect(await cluster.kubectl('rollout status deployment/hello --timeout=60s')).toContain('successfully rolled out');
  expect(await cluster.kubectl('expose deployment hello --port=80 --target-port=8080')).toBe('service/hello exposed\n');
  await waitFor('every pod answers', async () => {
    const answers = new Set<string>();
    for (let i = 0; i < 20; i += 1) answers.add(await fetchService());
    return answers.size === 3;
  });
});

test('a new image rolls out, seen in events and in two ReplicaSets', async () => {
  expect(await cluster.kubectl('set image deployment/hello bb=localhost/bb:2')).toBe(
    'deployment.apps/hello image updated\n',
  );
  expect(await cluster.kubectl('rollout status deployment/hello --timeout=60s')).toContain('successfully rolled out');
  const sets = (await cluster.kubectl('get replicasets -l app=hello --no-headers')).trim().split('\n');
  expect(sets.map((line) => line.split(/ +/).slice(1, 4).join(' ')).toSorted()).toEqual(['0 0 0', '3 3 3']);
  const events = await cluster.kubectl('events --for deployment/hello');
  expect(events).toMatch(/Scaled up replica set hello-\w+ .*to 1/);
  expect(events).toMatch(/Scaled down replica set hello-\w+ .*to 0/);
});

test('an image that does not exist stops the rollout while the old pods keep answering; undo mends it', async () => {
  await cluster.kubectl('set image deployment/hello bb=localhost/none:1');
  await waitFor(
    'ImagePullBackOff is seen',
    async () => (await cluster.kubectl('get pods -l app=hello')).includes('ImagePullBackOff'),
    60_000,
  );
  expect((await pods('app=hello')).filter((one) => one.status.phase === 'Running')).toHaveLength(3);
  for (let i = 0; i < 10; i += 1) expect(await fetchService()).toStartWith('hello-');
  expect(await cluster.kubectl('rollout history deployment/hello')).toMatch(
    /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n3 +<none>/,
  );
  expect(await cluster.kubectl('rollout undo deployment/hello')).toBe('deployment.apps/hello rolled back\n');
  expect(await cluster.kubectl('rollout status deployment/hello --timeout=60s')).toContain('successfully rolled out');
  expect(await cluster.kubectl('rollout history deployment/hello')).toMatch(/1 +<none>\n3 +<none>\n4 +<none>/);
  expect(
    await cluster.kubectl(['get', 'deployment', 'hello', '-o', 'jsonpath={.spec.template.spec.containers[0].image}']),
  ).toBe('localhost/bb:2');
});

test('get all and describe tell of everything', async () => {
  const all = await cluster.kubectl('get all');
  for (const line of [
    'pod/hello-',
    'service/hello',
    'service/kubernetes',
    'deployment.apps/hello',
    'replicaset.apps/hello-',
  ]) {
    expect(all).toContain(line);
  }
  const described = await cluster.kubectl('describe deployment hello');
  expect(described).toMatch(/StrategyType: +RollingUpdate/);
  expect(described).toContain('ScalingReplicaSet');
  const [one] = await pods('app=hello');
  const describedPod = await cluster.kubectl(`describe pod ${one?.metadata.name}`);
  expect(describedPod).toMatch(/Status: +Running/);
  expect(describedPod).toContain('Started container bb');
});

test('logs -f follows until the container ends', async () => {
  await cluster.kubectl([
    'run',
    'counter',
    `--image=${IMAGE}`,
    '--restart=Never',
    '--',
    'sh',
    '-c',
    'for i in 1 2 3; do echo line $i; sleep 0.3; done',
  ]);
  await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Running', 'pod/counter', '--timeout=30s'], {
    mayFail: true,
  });
  expect(await cluster.kubectl('logs -f counter')).toBe('line 1\nline 2\nline 3\n');
  expect(await cluster.kubectl('logs counter --tail=1')).toBe('line 3\n');
});

test('exec runs a command, gives its exit code, and with -it a terminal', async () => {
  const [one] = await pods('app=hello');
  const name = one?.metadata.name ?? '';
  expect(await cluster.kubectl(`exec ${name} -- hostname`)).toBe(`${name}\n`);
  expect(await cluster.kubectl(['exec', '-i', name, '--', 'sh', '-c', 'cat; exit 0'], { stdin: 'through stdin' })).toBe(
    'through stdin',
  );
  const failed = await cluster.kubectlResult(['exec', name, '--', 'sh', '-c', 'exit 7']);
  expect(failed.code).toBe(7);
  expect(failed.stderr).toContain('command terminated with exit code 7');
  // `script` gives kubectl a terminal, so that it asks for one in the container.
  const terminal = await cluster.first.run(
    ['script', '-qec', `kubectl exec -it ${name} -- sh -c 'tty; stty size'`, '/dev/null'],
    {
      environment: { KUBECONFIG: cluster.kubeconfig, HOME: cluster.first.directory },
    },
  );
  expect(terminal.stdout).toContain('/dev/pts/');
});

test('delete takes a Deployment away with everything that it made', async () => {
  expect(await cluster.kubectl('delete deployment hello')).toContain('deployment.apps "hello" deleted');
  await cluster.kubectl('delete service hello');
  await waitFor(
    'nothing of hello is left',
    async () => {
      const left = await cluster.kubectl('get pods,replicasets,endpointslices -l app=hello -o name');
      return left === '';
    },
    60_000,
  );
});

async function fetchService(): Promise<string> {
  const address = await cluster.kubectl(['get', 'service', 'hello', '-o', 'jsonpath={.spec.clusterIP}']);
  const { stdout, code } = await cluster.first.run(['busybox', 'nc', '-w', '3', address, '80'], {
    stdin: 'GET / HTTP/1.0\r\n\r\n',
    timeoutMs: 5000,
  });
  if (code !== 0) throw new Error(`no answer from ${address}`);
  return stdout.split('\r\n\r\n')[1]?.trim() ?? '';
}
