import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { type PodDisruptionBudget, podDisruptionBudgetKind } from '#api/kinds/policy/poddisruptionbudget.ts';
import type { Status } from '#api/meta/status.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { eventually } from '#test/support/eventually.ts';

const NAMESPACE = '/api/v1/namespaces/default';
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await eventually(async () =>
    expect((await api.call('GET', `${NAMESPACE}/serviceaccounts/default`)).status).toBe(200),
  );
});
afterAll(() => api.stop());

/** A pod with the label `app`, running, ready or not. */
async function runningPod(name: string, app: string, ready = 'True'): Promise<void> {
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace: 'default', labels: { app } },
    spec: { containers: [{ name: 'c', image: 'i:1' }] },
  };
  await api.client.create(podKind, pod as Pod);
  await api.client.updateStatus(podKind, 'default', name, (object) => {
    object.status = { ...object.status, phase: 'Running', conditions: [{ type: 'Ready', status: ready }] };
  });
}

/** A budget over `app` whose status is as a controller would have set it. */
async function budget(app: string, status: object, spec: object = {}): Promise<void> {
  const made = { kind: 'PodDisruptionBudget', apiVersion: 'policy/v1', metadata: { name: app, namespace: 'default' } };
  await api.client.create(podDisruptionBudgetKind, {
    ...made,
    spec: { selector: { matchLabels: { app } }, ...spec },
  } as PodDisruptionBudget);
  await api.client.updateStatus(podDisruptionBudgetKind, 'default', app, (object) => {
    Object.assign(object.status ?? {}, status);
  });
}

const budgetStatus = (app: string): PodDisruptionBudget['status'] =>
  api.client.get(podDisruptionBudgetKind, 'default', app)?.status;

async function evict(
  name: string,
  deleteOptions: object = {},
): Promise<{ code: number; status: Status; retry: string | null }> {
  const response = await api.call('POST', `${NAMESPACE}/pods/${name}/eviction`, { metadata: { name }, deleteOptions });
  return {
    code: response.status,
    status: (await response.json()) as Status,
    retry: response.headers.get('retry-after'),
  };
}

const isThere = (name: string): boolean =>
  api.client.get(podKind, 'default', name)?.metadata.deletionTimestamp === undefined &&
  api.client.get(podKind, 'default', name) !== undefined;

test('an eviction takes one disruption from the budget, notes the pod in it, and is refused when none is left', async () => {
  await budget('one', { observedGeneration: 1, disruptionsAllowed: 1, desiredHealthy: 1, currentHealthy: 2 });
  await runningPod('one-a', 'one');
  await runningPod('one-b', 'one');
  expect((await evict('one-a', { dryRun: ['All'] })).code).toBe(201);
  expect(budgetStatus('one')?.disruptionsAllowed).toBe(1);
  expect((await evict('one-a')).code).toBe(201);
  expect(isThere('one-a')).toBe(false);
  expect(budgetStatus('one')).toMatchObject({
    disruptionsAllowed: 0,
    disruptedPods: { 'one-a': expect.any(String) },
    conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }],
  });
  const { code, status, retry } = await evict('one-b');
  expect({ code, message: status.message, causes: status.details?.causes, retry }).toEqual({
    code: 429,
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    causes: [
      { reason: 'DisruptionBudget', message: 'The disruption budget one needs 1 healthy pods and has 2 currently' },
    ],
    retry: null,
  });
  expect(isThere('one-b')).toBe(true);
});

test('a budget that nobody has counted yet asks the client to try again', async () => {
  await budget('new', { disruptionsAllowed: 5 });
  await runningPod('new-a', 'new');
  const { code, status, retry } = await evict('new-a');
  expect([code, status.details?.causes?.[0]?.message, retry]).toEqual([
    429,
    'The disruption budget new is still being processed by the server.',
    '10',
  ]);
});

test.each([
  ['that has ended', 'Succeeded', 'True', {}, 201],
  ['that has yet to start', 'Pending', 'False', {}, 201],
  ['that is not ready while enough others are', 'Running', 'False', { currentHealthy: 2 }, 201],
  ['that is not ready while too few others are', 'Running', 'False', { currentHealthy: 1 }, 429],
])('a pod %s (%s, ready: %s) with a budget of nothing and %j: %i', async (_, phase, ready, healthy, wanted) => {
  const app = `f-${Object.values(healthy).join('')}-${phase.toLowerCase()}`;
  await budget(app, { observedGeneration: 1, disruptionsAllowed: 0, desiredHealthy: 2, currentHealthy: 0, ...healthy });
  await runningPod(app, app, ready);
  await api.client.updateStatus(
    podKind,
    'default',
    app,
    (object) => void (object.status = { ...object.status, phase }),
  );
  expect((await evict(app)).code).toBe(wanted);
  expect(budgetStatus(app)?.disruptedPods).toBeUndefined();
});

test('a pod that is not ready goes always where its budget says so', async () => {
  const counted = { observedGeneration: 1, disruptionsAllowed: 0, desiredHealthy: 2, currentHealthy: 0 };
  await budget('always', counted, { unhealthyPodEvictionPolicy: 'AlwaysAllow' });
  await runningPod('always-a', 'always', 'False');
  expect((await evict('always-a')).code).toBe(201);
});

test('a pod with two budgets cannot be evicted, a precondition that does not hold is a conflict', async () => {
  await budget('two', { observedGeneration: 1, disruptionsAllowed: 1 });
  await runningPod('two-a', 'two');
  expect((await evict('two-a', { preconditions: { uid: 'other' } })).status.message).toStartWith(
    'Operation cannot be fulfilled on Pod "two-a": the UID in the precondition (other) does not match',
  );
  expect(isThere('two-a')).toBe(true);
  const second = {
    kind: 'PodDisruptionBudget',
    apiVersion: 'policy/v1',
    metadata: { name: 'all', namespace: 'default' },
  };
  await api.client.create(podDisruptionBudgetKind, { ...second, spec: { selector: {} } } as PodDisruptionBudget);
  expect((await evict('two-a')).status.message).toBe(
    'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  );
  await api.client.delete(podDisruptionBudgetKind, 'default', 'all');
});

test('the pod says why it went', async () => {
  await runningPod('told', 'told');
  await api.client.update(podKind, 'default', 'told', (object) => void (object.metadata.finalizers = ['x.io/f']));
  expect((await evict('told')).code).toBe(201);
  expect(api.client.get(podKind, 'default', 'told')?.status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }),
  );
  await api.client.update(podKind, 'default', 'told', (object) => void delete object.metadata.finalizers);
});
