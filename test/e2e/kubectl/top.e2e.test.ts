import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Cluster, startCluster } from '../../support/cluster.ts';
import { waitFor } from '../../support/hosts.ts';

/** `kubectl top` and metrics.k8s.io, with figures of containers that run. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl('create namespace other');
  const items = [pod('busy', 'default'), pod('quiet', 'default'), pod('far', 'other')];
  await cluster.kubectl('create -f -', { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  await cluster.kubectl('wait --for=condition=Ready pod --all -A --timeout=30s');
  // What is measured is good for 15 s, and the first figures are of shells that have just begun.
  await waitFor(
    'all pods are measured as they are in the long run',
    async () => {
      const measured = rows(await top('pods -A --sort-by=cpu --no-headers'));
      const quiet = measured.find(([, name]) => name === 'quiet');
      return (
        measured.length === 3 &&
        measured[0]?.[1] === 'busy' &&
        millicores(quiet?.[2]) < 50 &&
        mebibytes(quiet?.[3]) > 10
      );
    },
    60_000,
  );
}, 180_000);
afterAll(() => cluster?.stop(), 120_000);

const SCRIPTS: Readonly<Record<string, string>> = {
  busy: "trap 'exit 0' TERM; while :; do :; done",
  // 12 MB that stay: the shell keeps them in a variable.
  quiet: "trap 'exit 0' TERM; x=$(head -c 12000000 /dev/zero | tr '\\0' x); while :; do sleep 1; done",
  far: "trap 'exit 0' TERM; while :; do sleep 1; done",
};
const pod = (name: string, namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { part: name } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      { name: 'main', image: 'localhost/bb:1', command: ['sh', '-c', SCRIPTS[name]] },
      { name: 'beside', image: 'localhost/bb:1', command: ['sh', '-c', SCRIPTS['far']] },
    ],
  },
});

const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trimEnd().split(/ +/));
/** What kubectl prints; until there are figures it fails. */
const top = async (line: string): Promise<string> => (await cluster.kubectlResult(`top ${line}`)).stdout;
const mebibytes = (text = ''): number => Number(text.replace('Mi', ''));
const millicores = (text = ''): number => Number(text.replace('m', ''));

describe('top pods', () => {
  test('of a namespace: cores and memory, the busiest first with --sort-by', async () => {
    const [head, first, second] = rows(await top('pods --sort-by=cpu'));
    expect(head).toEqual(['NAME', 'CPU(cores)', 'MEMORY(bytes)']);
    expect(first?.[0]).toBe('busy');
    expect(second?.[0]).toBe('quiet');
    expect(millicores(first?.[1])).toBeGreaterThan(50);
    expect(millicores(second?.[1])).toBeLessThan(millicores(first?.[1]));
    const byMemory = rows(await top('pods --sort-by=memory --no-headers'));
    expect(byMemory[0]?.[0]).toBe('quiet');
    expect(mebibytes(byMemory[0]?.[2])).toBeGreaterThan(10);
  });

  test('of all namespaces, one by name, by label, by field, and container by container', async () => {
    expect(rows(await top('pods -A --no-headers')).map(([namespace, name]) => `${namespace}/${name}`)).toEqual([
      'default/busy',
      'default/quiet',
      'other/far',
    ]);
    expect(rows(await top('pod far -n other --no-headers'))[0]?.[0]).toBe('far');
    expect(rows(await top('pods -l part=quiet --no-headers')).map(([name]) => name)).toEqual(['quiet']);
    expect(rows(await top('pods -A --field-selector=metadata.name=far --no-headers'))[0]?.[1]).toBe('far');
    const containers = rows(await top('pods --containers'));
    expect(containers[0]).toEqual(['POD', 'NAME', 'CPU(cores)', 'MEMORY(bytes)']);
    expect(containers.slice(1).map(([name, container]) => `${name}/${container}`)).toEqual([
      'busy/beside',
      'busy/main',
      'quiet/beside',
      'quiet/main',
    ]);
    expect(rows(await top('pods --sum')).at(-1)?.[1]).toMatch(/^\d+m$/);
  });

  test('refuses what is not there in the words of metrics-server', async () => {
    expect((await cluster.kubectlResult('top pod absent')).stderr).toBe(
      'Error from server (NotFound): pods "absent" not found\n',
    );
    expect((await cluster.kubectlResult('top node absent')).stderr).toBe(
      'Error from server (NotFound): nodes "absent" not found\n',
    );
    expect((await cluster.kubectlResult('top pods -n kube-public')).stderr).toBe(
      'No resources found in kube-public namespace.\n',
    );
  });
});

test('top nodes tells cores, memory, and their share of what the node has', async () => {
  const [head, first, none] = rows(await top('nodes'));
  expect(head?.join(' ')).toMatch(/^NAME CPU\(cores\) CPU\(?%\)? MEMORY\(bytes\) MEMORY\(?%\)?$/);
  expect(first?.[0]).toBe(cluster.first.name);
  expect(millicores(first?.[1])).toBeGreaterThan(50);
  expect(Number(first?.[4]?.replace('%', ''))).toBeGreaterThan(0);
  expect(none).toBeUndefined();
});

describe('metrics.k8s.io', () => {
  interface Metrics {
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
    readonly timestamp: string;
    readonly window: string;
    readonly containers: readonly { readonly name: string; readonly usage: Readonly<Record<string, string>> }[];
  }

  test('shows figures in the units of upstream, with the time and the window they are of', async () => {
    const path = '/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/quiet';
    const { metadata, timestamp, window, containers } = JSON.parse(
      await cluster.kubectl(['get', '--raw', path]),
    ) as Metrics;
    expect(metadata).toMatchObject({ name: 'quiet', labels: { part: 'quiet' } });
    expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(30_000);
    expect(window).toMatch(/^[\d.]+s$/);
    expect(containers.map(({ name }) => name).toSorted()).toEqual(['beside', 'main']);
    for (const { usage } of containers) {
      expect(usage['cpu']).toMatch(/^\d+[num]?$/);
      expect(usage['memory']).toMatch(/^\d+(Ki|Mi)$/);
    }
  });

  test('is in the table of kubectl get, in discovery, in OpenAPI, and has an APIService', async () => {
    const [head, first] = rows(await cluster.kubectl('get pods.metrics.k8s.io busy'));
    expect(head).toEqual(['NAME', 'CPU', 'MEMORY', 'WINDOW']);
    expect(first?.[0]).toBe('busy');
    expect(rows(await cluster.kubectl('get podmetrics -A')).length).toBe(4);
    expect(rows(await cluster.kubectl('get pods --no-headers'))[0]).toContain('Running');
    expect(await cluster.kubectl('api-resources --api-group=metrics.k8s.io --no-headers')).toMatch(
      /^nodes +metrics\.k8s\.io\/v1beta1 +false +NodeMetrics\npods +metrics\.k8s\.io\/v1beta1 +true +PodMetrics\n$/,
    );
    expect(await cluster.kubectl('explain podmetrics.containers.usage')).toContain('What was used of cpu');
    expect(rows(await cluster.kubectl('get apiservice v1beta1.metrics.k8s.io --no-headers'))[0]?.slice(1, 3)).toEqual([
      'Local',
      'True',
    ]);
  });

  test('is only for reading', async () => {
    const refused = await cluster.kubectlResult('delete pods.metrics.k8s.io busy');
    expect(refused.stderr).toContain('the server does not allow this method on the requested resource');
  });
});

test('the node tells the same to who asks it as a kubelet', async () => {
  const node = `/api/v1/nodes/${cluster.first.name}/proxy`;
  const { pods } = JSON.parse(await cluster.kubectl(['get', '--raw', `${node}/stats/summary`])) as {
    pods: { podRef: { name: string }; cpu: { usageNanoCores: number } }[];
  };
  const busiest = pods.toSorted((one, other) => other.cpu.usageNanoCores - one.cpu.usageNanoCores);
  expect(busiest.map(({ podRef }) => podRef.name)[0]).toBe('busy');
  expect(await cluster.kubectl(['get', '--raw', `${node}/metrics/resource`])).toMatch(
    /\ncontainer_memory_working_set_bytes\{container="main",namespace="default",pod="quiet"\} \d{8} \d+\n/,
  );
});
