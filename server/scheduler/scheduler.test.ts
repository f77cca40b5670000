import { afterEach, beforeEach, expect, test } from 'bun:test';
import { eventKind } from '#api/kinds/core/event.ts';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { type Node, nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { Kinds } from '#server/store/kinds.ts';
import { eventually } from '#test/support/eventually.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { createScheduler } from './scheduler.ts';

let client: MemoryClient;
let scheduler: Service;
let run: Promise<void>;
beforeEach(() => {
  client = new MemoryClient(systemClock);
  scheduler = createScheduler({
    client,
    kinds: new Kinds(BUILT_IN_KINDS),
    log: createLogger({ name: 'test', level: 'silent' }),
    clock: systemClock,
    config: { clusterCIDR: '', serviceCIDR: '', apiAddress: '', apiPort: 0, rootCA: '' },
  });
  run = scheduler.run();
});
afterEach(async () => {
  await scheduler.stop();
  await run;
});

const node = (
  name: string,
  more: { spec?: Node['spec']; labels?: Record<string, string>; pods?: string } = {},
): Node => ({
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...more.labels } },
  ...(more.spec === undefined ? {} : { spec: more.spec }),
  status: {
    allocatable: { cpu: '2', memory: '4Gi', pods: more.pods ?? '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});
const pod = (name: string, spec: Partial<NonNullable<Pod['spec']>> = {}, labels: Record<string, string> = {}): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'ns', labels },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  status: { phase: 'Pending' },
});
const get = (name: string): Pod | undefined => client.get(podKind, 'ns', name);
const nodeOf = (name: string): Promise<string> =>
  eventually(() => {
    const found = get(name)?.spec?.nodeName;
    if (found === undefined) throw new Error(`${name} has no node`);
    return found;
  });
const message = (name: string): Promise<string> =>
  eventually(() => {
    const found = get(name)?.status?.conditions?.[0];
    if (found?.reason !== 'Unschedulable') throw new Error(`${name} is not told unschedulable`);
    return found.message ?? '';
  });

const HELPLESS = 'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling..';
const NO_VICTIMS = 'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod..';
const against = (label: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: [
    { labelSelector: { matchLabels: { app: label } }, topologyKey: 'kubernetes.io/hostname' },
  ],
});
const hostPort = { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 1, hostPort: 45678 }] }] };

test.each<[string, Partial<NonNullable<Pod['spec']>>, Node['spec'], string]>([
  [
    'asks for too much',
    { containers: [{ name: 'c', resources: { requests: { cpu: '1000', memory: '100Ti' } } }] },
    {},
    `0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. ${NO_VICTIMS}`,
  ],
  [
    'selects another node',
    { nodeSelector: { disk: 'ssd' } },
    {},
    `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${HELPLESS}`,
  ],
  [
    'does not tolerate a taint',
    {},
    { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] },
    `0/1 nodes are available: 1 node(s) had untolerated taint {k: v}. ${HELPLESS}`,
  ],
  [
    'meets a cordoned node',
    {},
    { unschedulable: true },
    `0/1 nodes are available: 1 node(s) were unschedulable. ${HELPLESS}`,
  ],
  [
    'wants to be beside a pod that is not there',
    { affinity: { podAffinity: against('nobody') } },
    {},
    `0/1 nodes are available: 1 node(s) didn't match pod affinity rules. ${HELPLESS}`,
  ],
  [
    'wants to be away from one that is there',
    { affinity: { podAntiAffinity: against('first') } },
    {},
    `0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules. ${NO_VICTIMS}`,
  ],
  [
    'wants a host port that is taken',
    hostPort,
    {},
    `0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. ${NO_VICTIMS}`,
  ],
  [
    'spreads over a label that nodes lack',
    {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'no/key', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
      ],
    },
    {},
    `0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label). ${HELPLESS}`,
  ],
  [
    'names a claim that is not there',
    { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'none' } }] },
    {},
    `0/1 nodes are available: persistentvolumeclaim "none" not found. ${NO_VICTIMS}`,
  ],
])('a pod that %s is told so', async (_what, spec, nodeSpec, expected) => {
  await client.create(nodeKind, node('a'));
  await client.create(podKind, pod('first', { ...hostPort, nodeName: 'a' }, { app: 'first' }));
  await client.update(nodeKind, '', 'a', (copy) => void (copy.spec = nodeSpec ?? {}));
  await client.create(podKind, pod('p', spec));
  expect(await message('p')).toBe(expected);
  await eventually(() =>
    expect(
      client.list(eventKind).map((event) => [event.type ?? '', event.reason ?? '', event.message ?? '']),
    ).toContainEqual(['Warning', 'FailedScheduling', expected]),
  );
});

test('a pod that fits nowhere is placed when a node that takes it appears', async () => {
  await client.create(podKind, pod('p', { nodeSelector: { disk: 'ssd' } }));
  expect(await message('p')).toBe('no nodes available to schedule pods');
  await client.create(nodeKind, node('a', { labels: { disk: 'ssd' } }));
  expect(await nodeOf('p')).toBe('a');
  expect(get('p')?.status?.conditions?.map(({ type, status }) => [type, status])).toEqual([['PodScheduled', 'True']]);
  await eventually(() =>
    expect(client.list(eventKind).map((event) => event.message)).toContain('Successfully assigned ns/p to a'),
  );
});

test('a pod with scheduling gates waits for the last of them', async () => {
  await client.create(nodeKind, node('a'));
  await client.create(podKind, pod('gated', { schedulingGates: [{ name: 'g' }] }));
  await client.create(podKind, pod('free'));
  await nodeOf('free');
  expect(get('gated')?.spec?.nodeName).toBeUndefined();
  await client.update(podKind, 'ns', 'gated', (copy) => void delete copy.spec?.schedulingGates);
  expect(await nodeOf('gated')).toBe('a');
});

test('a node that is not ready takes no pod, even before it is tainted', async () => {
  await client.create(nodeKind, {
    ...node('a'),
    status: { ...node('a').status, conditions: [{ type: 'Ready', status: 'Unknown' }] },
  });
  await client.create(podKind, pod('p'));
  expect(await message('p')).toBe(
    `0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }. ${HELPLESS}`,
  );
});

test('pods of one controller are spread evenly over alike nodes', async () => {
  for (const name of ['a', 'b', 'c']) await client.create(nodeKind, node(name));
  const owner = { kind: 'ReplicaSet', apiVersion: 'apps/v1', name: 's', uid: 'u', controller: true };
  const made = Array.from({ length: 12 }, (_, at) => pod(`p${at}`));
  await Promise.all(
    made.map((one) => client.create(podKind, { ...one, metadata: { ...one.metadata, ownerReferences: [owner] } })),
  );
  const nodes = await Promise.all(made.map((one) => nodeOf(one.metadata.name ?? '')));
  expect(['a', 'b', 'c'].map((name) => nodes.filter((one) => one === name).length)).toEqual([4, 4, 4]);
});

test('hard spread constraints keep the skew', async () => {
  for (const [name, zone] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'y'],
  ] as const)
    await client.create(nodeKind, node(name, { labels: { zone } }));
  const spread = {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app: 'w' } },
  };
  const names = Array.from({ length: 6 }, (_, at) => `p${at}`);
  await Promise.all(
    names.map((name) => client.create(podKind, pod(name, { topologySpreadConstraints: [spread] }, { app: 'w' }))),
  );
  const nodes = await Promise.all(names.map(nodeOf));
  expect(nodes.filter((one) => one === 'c').length).toBe(3);
});

test('a node never gets more pods than it may have, however fast they come', async () => {
  await client.create(nodeKind, node('a', { pods: '5' }));
  await client.create(nodeKind, node('b', { pods: '5' }));
  const names = Array.from({ length: 12 }, (_, at) => `p${at}`);
  await Promise.all(names.map((name) => client.create(podKind, pod(name))));
  await eventually(() =>
    expect(names.filter((name) => get(name)?.status?.conditions?.[0]?.reason === 'Unschedulable').length).toBe(2),
  );
  const counts = ['a', 'b'].map((name) => client.list(podKind).filter((one) => one.spec?.nodeName === name).length);
  expect(counts).toEqual([5, 5]);
});

test('a thousand pods over a hundred nodes are placed at more than 200 a second', async () => {
  for (let at = 0; at < 100; at += 1) await client.create(nodeKind, node(`n${at}`));
  const before = performance.now();
  const names = Array.from({ length: 1000 }, (_, at) => `p${at}`);
  await Promise.all(names.map((name) => client.create(podKind, pod(name))));
  await eventually(
    () => expect(client.list(podKind).every((one) => one.spec?.nodeName !== undefined)).toBe(true),
    20_000,
  );
  expect(1000 / ((performance.now() - before) / 1000)).toBeGreaterThan(200);
});
