import { afterEach, expect, test } from 'bun:test';
import { type ReplicaSet, replicaSetKind } from '#api/kinds/apps/replicaset.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { forbiddenError } from '#api/meta/status.ts';
import { type Bench, startBench } from '#test/support/controllers.ts';
import { eventually } from '#test/support/eventually.ts';
import { replicaSetController } from './replicaset.ts';

let bench: Bench;
afterEach(() => bench.stop());
const start = (): void => {
  bench = startBench([replicaSetController], { kubelet: () => true });
};
const set = (replicas: number): ReplicaSet => ({
  kind: 'ReplicaSet',
  apiVersion: 'apps/v1',
  metadata: { name: 'w', namespace: 'ns' },
  spec: {
    replicas,
    selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['w', 'v'] }] },
    template: { metadata: { labels: { app: 'w' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
});
const pod = (labels: Record<string, string>): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p', namespace: 'ns', labels },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});
const status = (): ReplicaSet['status'] => bench.client.get(replicaSetKind, 'ns', 'w')?.status;
const ready = (count: number): Promise<void> => eventually(() => expect(status()?.readyReplicas).toBe(count));

test('a ReplicaSet adopts a pod that it selects and makes only those that are missing', async () => {
  start();
  await bench.client.create(podKind, pod({ app: 'v' }));
  await bench.client.create(replicaSetKind, set(3));
  await ready(3);
  expect(bench.client.list(podKind).length).toBe(3);
  expect(
    bench.client
      .get(podKind, 'ns', 'p')
      ?.metadata.ownerReferences?.map(({ kind, name, controller, blockOwnerDeletion }) => ({
        kind,
        name,
        controller,
        blockOwnerDeletion,
      })),
  ).toEqual([{ kind: 'ReplicaSet', name: 'w', controller: true, blockOwnerDeletion: true }]);
  expect(status()).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 2,
    readyReplicas: 3,
    availableReplicas: 3,
    observedGeneration: 1,
  });
});

test('a pod whose labels no longer match is released and replaced', async () => {
  start();
  await bench.client.create(podKind, pod({ app: 'w' }));
  await bench.client.create(replicaSetKind, set(2));
  await ready(2);
  await bench.client.update(podKind, 'ns', 'p', (copy) => void (copy.metadata.labels = { app: 'free' }));
  await eventually(() => expect(bench.client.list(podKind).length).toBe(3));
  await eventually(() => expect(bench.client.get(podKind, 'ns', 'p')?.metadata.ownerReferences).toBeUndefined());
});

test('a pod that is deleted or has ended is replaced', async () => {
  start();
  await bench.client.create(replicaSetKind, set(2));
  await ready(2);
  const [first, second] = bench.client.list(podKind).map((one) => one.metadata.name ?? '');
  await bench.client.delete(podKind, 'ns', first ?? '');
  await bench.client.updateStatus(podKind, 'ns', second ?? '', (copy) => void (copy.status = { phase: 'Failed' }));
  await eventually(() =>
    expect(bench.client.list(podKind).filter((one) => one.status?.phase === 'Running').length).toBe(2),
  );
});

test('it scales down to nothing and tells of each pod', async () => {
  start();
  await bench.client.create(replicaSetKind, set(3));
  await ready(3);
  await bench.client.update(replicaSetKind, 'ns', 'w', (copy) => void (copy.spec && (copy.spec.replicas = 0)));
  await eventually(() => expect(status()).toEqual({ replicas: 0, observedGeneration: 2 }));
  expect(bench.client.list(podKind)).toEqual([]);
  await eventually(() =>
    expect(
      bench.events().filter((line) => /^Normal SuccessfulDelete ReplicaSet\/w: Deleted pod: w-.{5}$/.test(line)).length,
    ).toBe(3),
  );
});

test('a refusal is told by event and condition, is not asked for each pod, and is got over', async () => {
  start();
  let asked = 0;
  bench.client.refuse = (kind, object) => {
    if (kind.kind !== 'Pod') return undefined;
    asked += 1;
    return forbiddenError(kind, object.metadata.generateName ?? '', 'exceeded quota');
  };
  await bench.client.create(replicaSetKind, set(50));
  await eventually(() =>
    expect(
      status()?.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message]),
    ).toEqual([['ReplicaFailure', 'True', 'FailedCreate', 'pods "w-" is forbidden: exceeded quota']]),
  );
  expect(asked).toBeLessThan(10);
  await eventually(() =>
    expect(bench.events()).toContain(
      'Warning FailedCreate ReplicaSet/w: Error creating: pods "w-" is forbidden: exceeded quota',
    ),
  );
  bench.client.refuse = () => undefined;
  await ready(50);
  await eventually(() => expect(status()?.conditions).toBeUndefined());
});

test('with minReadySeconds a pod counts as available only after that time', async () => {
  start();
  const slow = set(1);
  if (slow.spec !== undefined) slow.spec.minReadySeconds = 2;
  await bench.client.create(replicaSetKind, slow);
  await ready(1);
  expect(status()?.availableReplicas).toBeUndefined();
  await eventually(() => expect(status()?.availableReplicas).toBe(1));
});
