import { afterEach, expect, test } from 'bun:test';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { type ResourceQuota, resourceQuotaKind } from '#api/kinds/core/resourcequota.ts';
import { type Bench, startBench } from '#test/support/controllers.ts';
import { eventually } from '#test/support/eventually.ts';
import { resourceQuotaController } from './resourcequota.ts';

let bench: Bench;
afterEach(() => bench.stop());

const quota = (hard: Record<string, string>): ResourceQuota => ({
  kind: 'ResourceQuota',
  apiVersion: 'v1',
  metadata: { name: 'q', namespace: 'ns' },
  spec: { hard },
  status: {},
});
const pod = (name: string): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'ns' },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }] },
});
const statusIs = (status: ResourceQuota['status']): Promise<void> =>
  eventually(() => expect(bench.client.get(resourceQuotaKind, 'ns', 'q')?.status).toEqual(status));

test('counts what is there when a quota comes, and anew when something goes or ends', async () => {
  bench = startBench([resourceQuotaController]);
  const { client } = bench;
  for (const name of ['a', 'b', 'c']) await client.create(podKind, pod(name));
  const hard = { pods: '5', 'requests.cpu': '1', 'count/configmaps': '3' };
  await client.create(resourceQuotaKind, quota(hard));
  await statusIs({ hard, used: { pods: '3', 'requests.cpu': '300m', 'count/configmaps': '0' } });
  await client.delete(podKind, 'ns', 'a', { gracePeriodSeconds: 0 });
  await statusIs({ hard, used: { pods: '2', 'requests.cpu': '200m', 'count/configmaps': '0' } });
  await client.updateStatus(podKind, 'ns', 'b', (copy) => {
    copy.status = { phase: 'Succeeded' };
  });
  await statusIs({ hard, used: { pods: '1', 'requests.cpu': '100m', 'count/configmaps': '0' } });
});

test('takes over another limit, and counts what it names now', async () => {
  bench = startBench([resourceQuotaController]);
  const { client } = bench;
  await client.create(resourceQuotaKind, quota({ pods: '1' }));
  await statusIs({ hard: { pods: '1' }, used: { pods: '0' } });
  await client.create(configMapKind, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'm', namespace: 'ns' } });
  await client.update(resourceQuotaKind, 'ns', 'q', (copy) => {
    copy.spec = { hard: { configmaps: '2' } };
  });
  await statusIs({ hard: { configmaps: '2' }, used: { configmaps: '1' } });
});

test('finds what was booked and never written', async () => {
  bench = startBench([resourceQuotaController]);
  const { client } = bench;
  await client.create(resourceQuotaKind, quota({ pods: '4' }));
  await statusIs({ hard: { pods: '4' }, used: { pods: '0' } });
  await client.updateStatus(resourceQuotaKind, 'ns', 'q', (copy) => {
    copy.status = { hard: { pods: '4' }, used: { pods: '2' } };
  });
  await statusIs({ hard: { pods: '4' }, used: { pods: '0' } });
});
