import { afterEach, expect, test } from 'bun:test';
import { type Deployment, deploymentKind } from '#api/kinds/apps/deployment.ts';
import { replicaSetKind } from '#api/kinds/apps/replicaset.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { type Bench, startBench } from '#test/support/controllers.ts';
import { eventually } from '#test/support/eventually.ts';
import { deploymentController } from './deployment.ts';
import { replicaSetController } from './replicaset.ts';

let bench: Bench;
afterEach(() => bench.stop());
const start = (): void => {
  bench = startBench([deploymentController, replicaSetController], {
    kubelet: (pod) => pod.spec?.containers[0]?.image !== 'bad' && pod.metadata.annotations?.['bad'] === undefined,
  });
};

const made = (replicas: number, more: Partial<NonNullable<Deployment['spec']>> = {}): Deployment => ({
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name: 'w', namespace: 'ns' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'w' } },
    template: { metadata: { labels: { app: 'w' } }, spec: { containers: [{ name: 'c', image: 'one' }] } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    ...more,
  },
});
const annotate = (value: string): Promise<Deployment> =>
  change((spec) => (spec.template.metadata = { ...spec.template.metadata, annotations: { v: value } }));
const change = (edit: (spec: NonNullable<Deployment['spec']>) => unknown): Promise<Deployment> =>
  bench.client.update(deploymentKind, 'ns', 'w', (copy) => void (copy.spec && edit(copy.spec)));
const current = (): Deployment => {
  const found = bench.client.get(deploymentKind, 'ns', 'w');
  if (found === undefined) throw new Error('The Deployment is gone');
  return found;
};
const states = (): string[] =>
  (current().status?.conditions ?? []).map((c) => `${c.type} ${c.status} ${c.reason ?? ''}: ${c.message ?? ''}`).sort();
const complete = (replicas: number): Promise<void> =>
  eventually(() => {
    const { availableReplicas, updatedReplicas, replicas: total, observedGeneration } = current().status ?? {};
    expect([availableReplicas, updatedReplicas, total, observedGeneration]).toEqual([
      replicas,
      replicas,
      replicas,
      current().metadata.generation,
    ]);
  });
/** Names of ReplicaSets and pods end in letters made by chance. */
const words = (texts: readonly string[]): string[] =>
  [
    ...new Set(
      texts.map((text) =>
        text.replace(/w-[a-z0-9]{6,10}(-[a-z0-9]{5})?/g, (_all, pod) => (pod ? 'w-HASH-POD' : 'w-HASH')),
      ),
    ),
  ].sort();

test('a Deployment comes up with one ReplicaSet, its revision, conditions and events', async () => {
  start();
  await bench.client.create(deploymentKind, made(2));
  await complete(2);
  await eventually(() =>
    expect(words(states())).toEqual([
      'Available True MinimumReplicasAvailable: Deployment has minimum availability.',
      'Progressing True NewReplicaSetAvailable: ReplicaSet "w-HASH" has successfully progressed.',
    ]),
  );
  expect(current().metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
  const [set] = bench.client.list(replicaSetKind);
  expect(set?.metadata.annotations).toEqual({
    'deployment.kubernetes.io/desired-replicas': '2',
    'deployment.kubernetes.io/max-replicas': '3',
    'deployment.kubernetes.io/revision': '1',
  });
  expect(words(bench.events())).toEqual([
    'Normal ScalingReplicaSet Deployment/w: Scaled up replica set w-HASH to 2',
    'Normal SuccessfulCreate ReplicaSet/w-HASH: Created pod: w-HASH-POD',
  ]);
  expect(current().metadata.generation).toBe(1);
});

test('a rolling update never has fewer available pods than it may, and ends with the new ReplicaSet alone', async () => {
  start();
  await bench.client.create(deploymentKind, made(8));
  await complete(8);
  let least = 8;
  let most = 8;
  const end = bench.client.watch(podKind, {
    added: count,
    modified: count,
    deleted: count,
  });
  function count(): void {
    const pods = bench.client.list(podKind);
    const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    most = Math.max(most, alive.length);
    least = Math.min(least, alive.filter((pod) => pod.status?.phase === 'Running').length);
  }
  await annotate('two');
  await complete(8);
  end();
  expect(least).toBeGreaterThanOrEqual(6);
  expect(most).toBeLessThanOrEqual(10);
  expect(
    bench.client
      .list(replicaSetKind)
      .map((set) => set.spec?.replicas)
      .sort(),
  ).toEqual([0, 8]);
  expect(current().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
});

test('a rollback takes the old ReplicaSet again, with a new revision and a history', async () => {
  start();
  await bench.client.create(deploymentKind, made(2));
  await complete(2);
  await annotate('two');
  await complete(2);
  await change((spec) => delete spec.template.metadata?.annotations);
  await complete(2);
  const sets = bench.client.list(replicaSetKind);
  const revisions = sets.map((set) => [
    set.metadata.annotations?.['deployment.kubernetes.io/revision'],
    set.metadata.annotations?.['deployment.kubernetes.io/revision-history'],
  ]);
  expect(revisions.sort()).toEqual([
    ['2', undefined],
    ['3', '1'],
  ]);
  expect(words(bench.events())).toContain(
    'Normal ScalingReplicaSet Deployment/w: Scaled up replica set w-HASH to 1 from 0',
  );
});

test('a Deployment is scaled in both directions', async () => {
  start();
  await bench.client.create(deploymentKind, made(2));
  await complete(2);
  await change((spec) => (spec.replicas = 4));
  await complete(4);
  await change((spec) => (spec.replicas = 1));
  await complete(1);
  expect(words(bench.events()).filter((line) => line.includes('Scaled'))).toEqual([
    'Normal ScalingReplicaSet Deployment/w: Scaled down replica set w-HASH to 1 from 4',
    'Normal ScalingReplicaSet Deployment/w: Scaled up replica set w-HASH to 2',
    'Normal ScalingReplicaSet Deployment/w: Scaled up replica set w-HASH to 4 from 2',
  ]);
});

test('a paused Deployment rolls out nothing until it is resumed', async () => {
  start();
  await bench.client.create(deploymentKind, made(2, { paused: true }));
  await eventually(() =>
    expect(states()).toEqual([
      'Available False MinimumReplicasUnavailable: Deployment does not have minimum availability.',
      'Progressing Unknown DeploymentPaused: Deployment is paused',
    ]),
  );
  expect(bench.client.list(replicaSetKind)).toEqual([]);
  await change((spec) => delete spec.paused);
  await complete(2);
});

test('Recreate starts no new pod before the last old one is gone', async () => {
  start();
  await bench.client.create(deploymentKind, made(3, { strategy: { type: 'Recreate' } }));
  await complete(3);
  const old = new Set(bench.client.list(podKind).map((pod) => pod.metadata.uid));
  let mixed = false;
  const end = bench.client.watch(podKind, {
    added(pod) {
      if (!old.has(pod.metadata.uid)) mixed ||= bench.client.list(podKind).some((one) => old.has(one.metadata.uid));
    },
    modified() {},
    deleted() {},
  });
  await annotate('two');
  await complete(3);
  end();
  expect(mixed).toBe(false);
});

test('a rollout that stands still is told so after the deadline, and the old pods stay', async () => {
  start();
  await bench.client.create(deploymentKind, made(2, { progressDeadlineSeconds: 1 }));
  await complete(2);
  await change((spec) => (spec.template.metadata = { ...spec.template.metadata, annotations: { bad: 'yes' } }));
  await eventually(() =>
    expect(words(states())).toContain(
      'Progressing False ProgressDeadlineExceeded: ReplicaSet "w-HASH" has timed out progressing.',
    ),
  );
  const { availableReplicas, replicas, unavailableReplicas, updatedReplicas } = current().status ?? {};
  expect([availableReplicas, replicas, unavailableReplicas, updatedReplicas]).toEqual([2, 3, 1, 1]);
});

test('only revisionHistoryLimit old ReplicaSets are kept', async () => {
  start();
  await bench.client.create(deploymentKind, made(1, { revisionHistoryLimit: 1 }));
  for (const value of ['two', 'three', 'four']) {
    await complete(1);
    await annotate(value);
  }
  await complete(1);
  await eventually(() => expect(bench.client.list(replicaSetKind).length).toBe(2));
});

test('thirty pods are created within a quarter of a second', async () => {
  start();
  const before = performance.now();
  await bench.client.create(deploymentKind, made(30));
  await eventually(() => expect(bench.client.list(podKind).length).toBe(30));
  expect(performance.now() - before).toBeLessThan(250);
});
