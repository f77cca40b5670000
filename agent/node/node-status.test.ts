import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { NodeStatus as Status } from '#api/kinds/core/node.ts';
import { GIT_VERSION } from '#base/version.ts';
import { createLogger } from '#base/logger.ts';
import { eventually } from '#test/support/eventually.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { FakeRuntime } from '../runtime/fake.ts';
import { RuntimeFailure } from '../runtime/runtime.ts';
import type { NodeUsage } from '../stats/node-usage.ts';
import { NodeStatus } from './node-status.ts';

const GIB = 2 ** 30;
const ROOMY: NodeUsage = {
  memoryTotalBytes: 4 * GIB,
  memoryAvailableBytes: 2 * GIB,
  diskTotalBytes: 100 * GIB,
  diskAvailableBytes: 50 * GIB,
  inodesTotal: 1000,
  inodesFree: 900,
  processes: 100,
  processLimit: 32_768,
};

let clock: ManualClock;
let runtime: FakeRuntime;
let usage: NodeUsage;
let statuses: Status[];
let events: string[];
let node: NodeStatus;
beforeEach(() => {
  clock = new ManualClock();
  runtime = new FakeRuntime({ clock, images: { 'localhost/bb:1': {} } });
  usage = ROOMY;
  statuses = [];
  events = [];
  node = new NodeStatus({
    runtime,
    nodeName: 'node1',
    nodeIPs: () => ['192.168.0.10'],
    dataDir: '/tmp',
    sendStatus: ({ status }) => statuses.push(status as Status),
    sendEvent: ({ reason, message }) => events.push(`${reason}: ${message}`),
    log: createLogger({ name: 'test', level: 'silent' }),
    clock,
    usage: async () => usage,
  });
});
afterEach(async () => {
  await node.stop();
  runtime.close();
});

const condition = (status: Status | undefined, type: string): string => {
  const found = status?.conditions?.find((one) => one.type === type);
  return `${found?.status} ${found?.reason}: ${found?.message}`;
};

test('node() is the object that kubelet registers', async () => {
  const { metadata, status } = await node.node();
  expect(metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'node1', 'kubernetes.io/os': 'linux' });
  expect(status?.addresses?.[0]).toEqual({ type: 'InternalIP', address: '192.168.0.10' });
  expect(status?.capacity).toMatchObject({ pods: '110', 'ephemeral-storage': '104857600Ki' });
  expect(status?.images).toEqual([{ names: ['localhost/bb:1'], sizeBytes: 1_000_000 }]);
  expect(status?.nodeInfo).toMatchObject({ kubeletVersion: GIT_VERSION, containerRuntimeVersion: 'fake://1.0.0' });
  expect(status?.conditions?.map(({ type }) => condition(status, type))).toEqual([
    'False KubeletHasSufficientMemory: kubelet has sufficient memory available',
    'False KubeletHasNoDiskPressure: kubelet has no disk pressure',
    'False KubeletHasSufficientPID: kubelet has sufficient PID available',
    'True KubeletReady: kubelet is posting ready status',
  ]);
});

test('run() tells of the start and then says nothing while nothing changes', async () => {
  await node.node();
  void node.run();
  await eventually(() => expect(events).toHaveLength(6));
  expect(events.map((event) => event.split(':')[0])).toEqual([
    'Starting',
    'NodeHasSufficientMemory',
    'NodeHasNoDiskPressure',
    'NodeHasSufficientPID',
    'NodeAllocatableEnforced',
    'NodeReady',
  ]);
  await clock.advance(3_600_000);
  expect(statuses).toEqual([]);
});

test.each([
  [
    { memoryAvailableBytes: 1 },
    'MemoryPressure',
    'True KubeletHasInsufficientMemory: kubelet has insufficient memory available',
  ],
  [{ diskAvailableBytes: GIB }, 'DiskPressure', 'True KubeletHasDiskPressure: kubelet has disk pressure'],
  [{ inodesFree: 1 }, 'DiskPressure', 'True KubeletHasDiskPressure: kubelet has disk pressure'],
  [{ processes: 32_000 }, 'PIDPressure', 'True KubeletHasInsufficientPID: kubelet has insufficient PID available'],
])('a shortage %p is told as %s', async (short, type, text) => {
  await node.node();
  void node.run();
  await eventually(() => expect(events).toHaveLength(6));
  usage = { ...ROOMY, ...short };
  await eventually(async () => {
    await clock.advance(10_000);
    expect(condition(statuses.at(-1), type)).toBe(text);
  });
});

test('a runtime that is down makes the node not ready, and ready again when it is back', async () => {
  runtime.failOn('status', new RuntimeFailure('status', 'Unavailable', 'connection refused'));
  await node.node();
  void node.run();
  await eventually(() => expect(events.length).toBeGreaterThan(4));
  expect(events.some((event) => event.startsWith('NodeReady'))).toBe(false);
  runtime.failOn('status', undefined);
  await eventually(async () => {
    await clock.advance(1000);
    expect(condition(statuses.at(-1), 'Ready')).toStartWith('True');
  });
  expect(events.at(-1)).toBe('NodeReady: Node node1 status is now: NodeReady');
});
