import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { waitFor } from '../support/hosts.ts';

/** `kubectl debug`: a look into a pod that runs, with tools that its image does not have. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl('create -f -', { stdin: JSON.stringify(WEB) });
  await cluster.kubectl('wait --for=condition=Ready pod/web --timeout=30s');
}, 180_000);
afterAll(() => cluster?.stop(), 120_000);

const WEB = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'web', image: 'localhost/bb:1', command: ['sh', '-c', 'sleep 77777 & wait'] }],
  },
};

interface DebuggedPod {
  readonly status: {
    readonly containerStatuses: readonly { readonly restartCount: number }[];
    readonly ephemeralContainerStatuses?: readonly {
      readonly name: string;
      readonly state: { readonly terminated?: { readonly exitCode: number; readonly reason: string } };
    }[];
  };
}
const endOf = async (name: string) => {
  const { status } = await cluster.get<DebuggedPod>('pod web');
  return status.ephemeralContainerStatuses?.find((one) => one.name === name)?.state.terminated;
};

test('debug -i --target is a session among the processes of the container that it looks at', async () => {
  const debug = 'kubectl debug -i web --image=localhost/bb:2 --target=web --container=look -- sh';
  // The typist stays until the session has ended: an end of input would detach.
  const { stdout, stderr, code } = await cluster.first.run(['sh', '-c', `(echo 'ps; exit'; sleep 3) | ${debug}`], {
    environment: { KUBECONFIG: cluster.kubeconfig, HOME: cluster.first.directory },
  });
  expect(`${code} ${stdout}${stderr}`).toContain('sleep 77777');
  expect(await cluster.kubectl('logs web -c look')).toContain('sleep 77777');
});

test('what has ended stays ended, with its exit code, and leaves the pod alone', async () => {
  await cluster.kubectl(['debug', 'web', '--image=localhost/bb:1', '--container=brief', '--', 'sh', '-c', 'exit 3']);
  const end = await waitFor('it has ended', () => endOf('brief'));
  expect(end).toMatchObject({ exitCode: 3, reason: 'Error' });
  const { status } = await cluster.get<DebuggedPod>('pod web');
  expect(status.containerStatuses).toMatchObject([{ restartCount: 0, ready: true }]);
});

test('without a target it has processes of its own and the network of the pod; exec finds it', async () => {
  await cluster.kubectl(['debug', 'web', '--image=localhost/bb:1', '--container=beside', '--', 'sleep', '3600']);
  await waitFor('exec works', async () => (await cluster.kubectlResult('exec web -c beside -- true')).code === 0);
  expect(await cluster.kubectl('exec web -c beside -- ps')).not.toContain('sleep 77777');
  const address = await cluster.kubectl(['get', 'pod', 'web', '-o', 'jsonpath={.status.podIP}']);
  expect(await cluster.kubectl('exec web -c beside -- ip -4 addr show eth0')).toContain(`inet ${address}/`);
});

test('describe shows it, and a deletion ends it with its pod', async () => {
  const described = await cluster.kubectl('describe pod web');
  expect(described).toMatch(/Ephemeral Containers:\n +look:/);
  expect(described).toContain('Started container beside');
  expect(await cluster.kubectl('delete pod web')).toContain('pod "web" deleted');
});
