import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { waitFor } from '../support/hosts.ts';
import { ROOT } from '../support/import-law.ts';
import { deployment } from '../support/manifests.ts';

let cluster: Cluster;
let clusterIP = '';
beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl('apply -f -', {
    stdin: deployment('answer', 4, { command: ['nc', '-ll', '-p', '8080', '-e', 'hostname'], port: 8080 }),
  });
  await cluster.kubectl('expose deployment answer --port=80 --target-port=8080');
  await cluster.kubectl('rollout status deployment/answer --timeout=60s');
  clusterIP = await cluster.kubectl(['get', 'service', 'answer', '-o', 'jsonpath={.spec.clusterIP}']);
  await connectMany(20);
}, 180_000);
afterAll(() => cluster?.stop(), 120_000);

interface Answers {
  readonly answers: Readonly<Record<string, number>>;
  readonly failures: readonly number[];
  readonly startedAt: number;
}
async function connectMany(count: number, pauseMs = 0, port = 80, address = clusterIP): Promise<Answers> {
  const script = join(ROOT, 'test/support/connect-many.ts');
  const { stdout, stderr } = await cluster.first.run(
    [process.execPath, script, address, String(port), String(count), String(pauseMs)],
    { timeoutMs: 120_000 },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Answers;
}
const expectSpread = (answers: Readonly<Record<string, number>>): void => {
  const counts = Object.values(answers);
  expect(counts).toHaveLength(4);
  for (const count of counts) {
    expect(count).toBeGreaterThanOrEqual(180);
    expect(count).toBeLessThanOrEqual(320);
  }
};

test('1,000 connections from the host spread over 4 endpoints', async () => {
  const { answers, failures } = await connectMany(1000);
  expect(failures).toEqual([]);
  expectSpread(answers);
});

test('1,000 connections from a pod spread over 4 endpoints', async () => {
  await cluster.kubectl([
    'run',
    'client',
    '--image=localhost/bb:1',
    '--restart=Never',
    '--',
    'sh',
    '-c',
    `i=0; while [ $i -lt 1000 ]; do nc ${clusterIP} 80 </dev/null || echo failed; i=$((i+1)); done`,
  ]);
  await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/client', '--timeout=60s']);
  const answers: Record<string, number> = {};
  for (const line of (await cluster.kubectl('logs client')).trim().split('\n'))
    answers[line] = (answers[line] ?? 0) + 1;
  expectSpread(answers);
});

test('after an endpoint is killed no connection fails later than 2 s after', async () => {
  const run = connectMany(600, 10);
  await Bun.sleep(500);
  const killedAt = Date.now();
  const victim = (await cluster.kubectl('get pods -l app=answer -o name')).split('\n')[0] ?? '';
  await cluster.kubectl(`delete ${victim} --grace-period=0 --force`);
  const { failures, startedAt, answers } = await run;
  expect(failures.map((at) => startedAt + at - killedAt).filter((late) => late > 2000)).toEqual([]);
  expect(Object.keys(answers).length).toBeGreaterThanOrEqual(4);
});

test('a NodePort answers on the host address', async () => {
  await cluster.kubectl('expose deployment answer --name=outside --type=NodePort --port=80 --target-port=8080');
  const port = Number(await cluster.kubectl(['get', 'service', 'outside', '-o', 'jsonpath={.spec.ports[0].nodePort}']));
  expect(port).toBeGreaterThanOrEqual(30_000);
  await waitFor(
    'the NodePort answers',
    async () => (await connectMany(4, 0, port, cluster.first.address)).failures.length === 0,
  );
});

test('session affinity keeps a client on one endpoint', async () => {
  await cluster.kubectl(
    'expose deployment answer --name=sticky --session-affinity=ClientIP --port=80 --target-port=8080',
  );
  const address = await cluster.kubectl(['get', 'service', 'sticky', '-o', 'jsonpath={.spec.clusterIP}']);
  await waitFor('the Service answers', async () => (await connectMany(2, 0, 80, address)).failures.length === 0);
  expect(Object.keys((await connectMany(50, 0, 80, address)).answers)).toHaveLength(1);
});

test('a Service without endpoints refuses at once', async () => {
  await cluster.kubectl('create service clusterip empty --tcp=80:80');
  const address = await cluster.kubectl(['get', 'service', 'empty', '-o', 'jsonpath={.spec.clusterIP}']);
  await waitFor('the connection is refused', async () => {
    const startedAt = Date.now();
    const { failures } = await connectMany(1, 0, 80, address);
    return failures.length === 1 && Date.now() - startedAt < 900;
  });
});

test('a pod finds Services and their pods by name', async () => {
  await cluster.kubectl([
    'run',
    'names',
    '--image=localhost/bb:1',
    '--restart=Never',
    '--',
    'sh',
    '-c',
    'cat /etc/resolv.conf; nslookup answer.default.svc.cluster.local; nslookup kubernetes.default.svc.cluster.local',
  ]);
  await cluster.kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/names', '--timeout=30s']);
  const said = await cluster.kubectl('logs names');
  expect(said).toContain('nameserver 10.43.0.10');
  expect(said).toContain('search default.svc.cluster.local svc.cluster.local cluster.local');
  expect(said).toContain(clusterIP);
  expect(said).toContain('10.43.0.1');
});
