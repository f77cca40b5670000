import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { waitFor } from '../support/hosts.ts';
import { deployment } from '../support/manifests.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ hosts: 2 });
}, 240_000);
afterAll(() => cluster?.stop(), 120_000);

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly spec: { readonly nodeName: string };
    readonly status: {
      readonly phase: string;
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }[];
}
const allPods = async () => (await cluster.get<Pods>('pods -l app=spread')).items;
const ready = (pod: Pods['items'][number]): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false);
const readyNodes = async () =>
  (await allPods())
    .filter(ready)
    .map((pod) => pod.spec.nodeName)
    .toSorted();
const nodeStatus = (name: string) => cluster.kubectl(`get node ${name} --no-headers`);

test('a Deployment spreads over both hosts', async () => {
  await cluster.kubectl('apply -f -', {
    // Short tolerations: what evicts after five minutes by default does so after two seconds here.
    stdin: withTolerations(
      deployment('spread', 4, { command: ['nc', '-ll', '-p', '8080', '-e', 'hostname'], port: 8080 }),
    ),
  });
  await cluster.kubectl('rollout status deployment/spread --timeout=60s');
  expect(await readyNodes()).toEqual(['host1', 'host1', 'host2', 'host2']);
});

test('a pod reaches a Service whose endpoint is on the other host', async () => {
  await cluster.kubectl('apply -f -', {
    stdin: onNode(
      deployment('far', 1, { command: ['nc', '-ll', '-p', '8080', '-e', 'hostname'], port: 8080 }),
      'host2',
    ),
  });
  await cluster.kubectl('expose deployment far --port=80 --target-port=8080');
  await cluster.kubectl('rollout status deployment/far --timeout=60s');
  await cluster.kubectl('apply -f -', {
    stdin: onNode(deployment('near', 1, { command: ['sleep', '3600'] }), 'host1'),
  });
  await cluster.kubectl('rollout status deployment/near --timeout=60s');
  const address = await cluster.kubectl(['get', 'service', 'far', '-o', 'jsonpath={.spec.clusterIP}']);
  await waitFor('the other host answers', async () =>
    (await cluster.kubectl(`exec deployment/near -- nc -w 3 ${address} 80`, { mayFail: true, stdin: '' })).startsWith(
      'far-',
    ),
  );
});

test('a host that is cut off turns NotReady and its pods are replaced on the other; back again, no duplicates remain', async () => {
  const [, second] = cluster.hosts;
  await second?.setLink(false);
  await waitFor('host2 is NotReady', async () => (await nodeStatus('host2')).includes('NotReady'), 60_000);
  await waitFor(
    'host1 runs all four',
    async () => (await readyNodes()).filter((node) => node === 'host1').length === 4,
    90_000,
  );
  await second?.setLink(true);
  await waitFor('host2 is Ready', async () => / Ready /.test(await nodeStatus('host2')), 60_000);
  await waitFor(
    'four pods are left',
    async () => {
      const left = await allPods();
      return left.length === 4 && left.every(ready);
    },
    60_000,
  );
  // All hosts share this machine's processes: four servers of `spread` and the one of `far` are all that may be left.
  await waitFor('no container of a pod that is gone runs on', async () => {
    const { stdout } = await cluster.first.run(['pgrep', '-fc', '^nc -ll -p 8080']);
    return stdout.trim() === '5';
  });
});

interface Template {
  spec: { template: { spec: Record<string, unknown> } };
}
function edited(json: string, change: (spec: Record<string, unknown>) => void): string {
  const value = JSON.parse(json) as Template;
  change(value.spec.template.spec);
  return JSON.stringify(value);
}
const onNode = (json: string, node: string): string =>
  edited(json, (spec) => {
    spec['nodeSelector'] = { 'kubernetes.io/hostname': node };
  });
const withTolerations = (json: string): string =>
  edited(json, (spec) => {
    spec['tolerations'] = ['not-ready', 'unreachable'].map((name) => ({
      key: `node.kubernetes.io/${name}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 2,
    }));
  });
