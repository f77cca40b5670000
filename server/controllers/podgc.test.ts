import { expect, test } from 'bun:test';
import { type Node, nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { Kinds } from '#server/store/kinds.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { podGCController } from './podgc.ts';

/** A client, the controller over it, and a clock that goes only when it is told to. */
function start() {
  let now = Date.now();
  const clock: Clock = { now: () => now, sleep: systemClock.sleep };
  const client = new MemoryClient(clock);
  const context: ControllerContext = {
    client,
    kinds: new Kinds(BUILT_IN_KINDS),
    log: createLogger({ name: 'test', level: 'silent' }),
    clock,
    events: { record() {} },
    config: { clusterCIDR: '', serviceCIDR: '', apiAddress: '', apiPort: 0, rootCA: '' },
  };
  return { client, controller: podGCController(context), pass: (ms: number) => void (now += ms) };
}
const podOn = (client: MemoryClient, nodeName: string) =>
  client.create(podKind, {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p', namespace: 'ns' },
    spec: { containers: [], nodeName },
  });
const node = (ready: string, taints: NonNullable<Node['spec']>['taints'] = []): Node => ({
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name: 'n' },
  spec: { taints },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

test('a pod of a node that is no more is removed after 40 seconds, in case the node is about to appear', async () => {
  const { client, controller, pass } = start();
  await podOn(client, 'n');
  expect(await controller.reconcile('ns/p')).toEqual({ againAfterMs: 40_000 });
  pass(39_000);
  expect(await controller.reconcile('ns/p')).toEqual({ againAfterMs: 1000 });
  pass(1000);
  await controller.reconcile('ns/p');
  expect(client.list(podKind)).toEqual([]);
});

test('a terminating pod on a node out of reach stays, so that it can never run beside itself', async () => {
  const { client, controller, pass } = start();
  await client.create(nodeKind, node('Unknown'));
  await podOn(client, 'n');
  await client.delete(podKind, 'ns', 'p');
  pass(3_600_000);
  await controller.reconcile('ns/p');
  expect(client.list(podKind).map((pod) => pod.metadata.deletionTimestamp !== undefined)).toEqual([true]);
});

test.each([
  ['is removed from a node that is out of service', 'Unknown', 0],
  ['stays on a node that is ready in spite of the taint', 'True', 1],
])('a terminating pod %s', async (_what, ready, left) => {
  const { client, controller } = start();
  await client.create(nodeKind, node(ready, [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }]));
  await podOn(client, 'n');
  await client.delete(podKind, 'ns', 'p');
  await controller.reconcile('ns/p');
  expect(client.list(podKind).length).toBe(left);
});
