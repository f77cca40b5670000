import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { waitFor } from '../support/hosts.ts';
import { deployment } from '../support/manifests.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl('apply -f -', {
    stdin: deployment('steady', 2, { command: ['nc', '-ll', '-p', '8080', '-e', 'hostname'], port: 8080 }),
  });
  await cluster.kubectl('expose deployment steady --port=80 --target-port=8080');
  await cluster.kubectl('rollout status deployment/steady --timeout=60s');
}, 180_000);
afterAll(() => cluster?.stop(), 120_000);

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly uid: string };
    readonly status: {
      readonly containerStatuses?: readonly {
        readonly containerID?: string;
        readonly restartCount: number;
        readonly ready: boolean;
      }[];
    };
  }[];
}
const steadyPods = async () => (await cluster.get<Pods>('pods -l app=steady')).items;
const containers = async () =>
  (await steadyPods()).map((pod) => pod.status.containerStatuses?.[0]?.containerID).toSorted();
const serviceAddress = () => cluster.kubectl(['get', 'service', 'steady', '-o', 'jsonpath={.spec.clusterIP}']);
const answers = async (address: string): Promise<boolean> =>
  (await cluster.first.run(['busybox', 'nc', '-w', '2', address, '80'], { timeoutMs: 5000 })).stdout.startsWith(
    'steady-',
  );

test('a container whose process is killed is restarted in the same pod', async () => {
  const [before] = await steadyPods();
  const id = (before?.status.containerStatuses?.[0]?.containerID ?? '').replace('containerd://', '');
  await killContainer(id);
  await waitFor('the container runs again', async () => {
    const after = (await steadyPods()).find((pod) => pod.metadata.uid === before?.metadata.uid)?.status
      .containerStatuses?.[0];
    return after?.ready === true && after.restartCount === 1;
  });
});

test('kill -9 of the server under writes: pods serve on, every acknowledged write is there after the restart, controllers go on', async () => {
  const address = await serviceAddress();
  const acknowledged: string[] = [];
  let stop = false;
  const writer = async (worker: number): Promise<void> => {
    for (let i = 0; !stop; i += 1) {
      const name = `write-${worker}-${i}`;
      const { code } = await cluster.kubectlResult(`create configmap ${name} --from-literal=a=b`, {
        timeoutMs: 10_000,
      });
      if (code === 0) acknowledged.push(name);
    }
  };
  const writers = [writer(0), writer(1), writer(2)];
  await waitFor('writes are going on', () => acknowledged.length > 5);
  await cluster.kill('server', 'SIGKILL');
  stop = true;
  await Promise.all(writers);
  expect(await answers(address)).toBe(true);
  await cluster.startServer();
  const there = new Set((await cluster.kubectl('get configmaps -o name')).trim().split('\n'));
  expect(acknowledged.filter((name) => !there.has(`configmap/${name}`))).toEqual([]);
  await cluster.kubectl('scale deployment steady --replicas=3');
  await cluster.kubectl('rollout status deployment/steady --timeout=60s');
});

test('kill -9 of the agent: containers run on and are adopted, not restarted', async () => {
  const before = await containers();
  const address = await serviceAddress();
  await cluster.kill(0, 'SIGKILL');
  expect(await answers(address)).toBe(true);
  await cluster.startAgent(0);
  await cluster.kubectl('scale deployment steady --replicas=4');
  await cluster.kubectl('rollout status deployment/steady --timeout=60s');
  const after = await containers();
  expect(before.filter((id) => !after.includes(id))).toEqual([]);
});

/** Kills a container's first process as the kernel would: its cgroup names the container's id. */
async function killContainer(id: string): Promise<void> {
  const { stdout } = await cluster.first.run(['grep', '-ls', id, ...(await processCgroups())]);
  const pids = stdout
    .trim()
    .split('\n')
    .map((path) => Number(path.split('/')[2]))
    .filter((pid) => pid > 0);
  expect(pids.length).toBeGreaterThan(0);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

async function processCgroups(): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of new Bun.Glob('[0-9]*/cgroup').scan('/proc')) paths.push(`/proc/${path}`);
  return paths;
}
