import { describe, expect, test } from 'bun:test';
import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { podMetricsKind } from '#api/kinds/metrics/podmetrics.ts';
import { CHANNEL } from '#api/wire/stream-frame.ts';
import { type UsageReport, parseUsageReport } from '#api/wire/usage-report.ts';
import { StreamTable, type WireStream } from '#api/wire/wire-stream.ts';
import { createLogger } from '#base/logger.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { NodeUsages } from './node-usages.ts';
import { ResourceMetrics } from './resource-metrics.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const figures = (cpuNanoCores: number, memoryWorkingSetBytes: number) => ({
  cpuNanoCores,
  memoryWorkingSetBytes,
  cpuCoreNanoSeconds: 5,
});
const REPORT: UsageReport = {
  timestampMs: Date.UTC(2026, 0, 1),
  windowMs: 15_012,
  node: { ...figures(1_500_000_000, 3 * 1024 ** 3), memoryAvailableBytes: 1 },
  pods: [
    {
      namespace: 'd',
      name: 'p',
      uid: 'u1',
      containers: [
        { name: 'a', ...figures(12_345, 2 * 1024 * 1024) },
        { name: 'b', ...figures(0, 1024) },
      ],
    },
  ],
};
const node = (name: string): Node => ({ kind: 'Node', apiVersion: 'v1', metadata: { name, labels: { a: 'b' } } });
const pod = (uid: string, nodeName: string, running: readonly string[] = ['a', 'b']): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p', namespace: 'd', uid, labels: { app: 'x' } },
  spec: { nodeName, containers: [] },
  status: {
    containerStatuses: running.map((name) => ({
      name,
      state: { running: {} },
      image: '',
      imageID: '',
      ready: true,
      restartCount: 0,
    })),
  },
});

describe('ResourceMetrics', () => {
  const of = async (name: string): Promise<UsageReport | undefined> => (name === 'n' ? REPORT : undefined);
  const metrics = new ResourceMetrics({ of }, new ManualClock());

  test('nodes() gives figures in the units of metrics-server, and leaves out a node of which nothing is known', async () => {
    expect(await metrics.nodes([node('n'), node('silent')])).toEqual([
      {
        kind: 'NodeMetrics',
        apiVersion: 'metrics.k8s.io/v1beta1',
        metadata: { name: 'n', labels: { a: 'b' }, creationTimestamp: '2026-01-01T00:00:00Z' },
        timestamp: '2026-01-01T00:00:00Z',
        window: '15.012s',
        usage: { cpu: '1500m', memory: '3Gi' },
      },
    ]);
  });

  test('pods() gives each container, and the table shows their sum', async () => {
    const [found] = await metrics.pods([pod('u1', 'n')]);
    expect(found).toMatchObject({
      metadata: { name: 'p', namespace: 'd', labels: { app: 'x' } },
      containers: [
        { name: 'a', usage: { cpu: '12345n', memory: '2Mi' } },
        { name: 'b', usage: { cpu: '0', memory: '1Ki' } },
      ],
    });
    if (found === undefined) throw new Error('nothing found');
    const cells = podMetricsKind.columns.map((column) => [column.name, column.cell(found, new Date())]);
    expect(cells).toEqual([
      ['Name', 'p'],
      ['cpu', '12345n'],
      ['memory', '2049Ki'],
      ['Window', '15.012s'],
    ]);
  });

  test('pods() leaves out another pod of the name, one of another node, and one with a container not yet measured', async () => {
    const pods = [pod('u2', 'n'), pod('u1', 'silent'), pod('u1', 'n', ['a', 'new'])];
    expect(await metrics.pods(pods)).toEqual([]);
  });
});

describe('NodeUsages', () => {
  /** Nodes that do with a stream what `serve` does; `asked` counts. */
  function usages(serve: (stream: WireStream) => void) {
    const clock = new ManualClock();
    let asked = 0;
    let closed = 0;
    const streams = new StreamTable({ sendBinary: async () => undefined, sendFrame: () => undefined });
    const path = {
      isOver: false,
      open() {
        asked += 1;
        const stream = streams.add(asked);
        serve(stream);
        return stream;
      },
      close() {
        closed += 1;
      },
    };
    return {
      clock,
      counts: () => [asked, closed],
      usages: new NodeUsages({ nodes: { find: async () => path }, clock, log }),
    };
  }
  const say = (stream: WireStream, text: string): void => {
    stream.receive(CHANNEL.stdout, Buffer.from(text));
    stream.receiveClose({ type: 'closeStream', stream: stream.id });
  };

  test('of() asks once in 15 s, however many want to know', async () => {
    const node = usages((stream) => say(stream, JSON.stringify(REPORT)));
    expect(await Promise.all([node.usages.of('n'), node.usages.of('n')])).toEqual([REPORT, REPORT]);
    await node.clock.advance(14_999);
    await node.usages.of('n');
    expect(node.counts()).toEqual([1, 1]);
    await node.clock.advance(1);
    expect(await node.usages.of('n')).toEqual(REPORT);
    expect(node.counts()).toEqual([2, 2]);
  });

  test('of() gives up on a node that does not answer within 5 s', async () => {
    const node = usages(() => undefined);
    const answer = node.usages.of('n');
    await new Promise((resolve) => setImmediate(resolve));
    await node.clock.advance(5_000);
    expect(await answer).toBeUndefined();
    expect(node.counts()).toEqual([1, 1]);
  });

  test('of() takes no answer for a report that is none', async () => {
    for (const text of ['', '{}', JSON.stringify({ ...REPORT, pods: [{ uid: 1 }] })])
      expect(await usages((stream) => say(stream, text)).usages.of('n')).toBeUndefined();
  });
});

test('parseUsageReport() refuses figures that are no amounts', () => {
  const wrong = { ...REPORT, node: { ...REPORT.node, cpuNanoCores: -1 } };
  expect(parseUsageReport(JSON.stringify(REPORT))).toEqual(REPORT);
  expect(parseUsageReport(JSON.stringify(wrong))).toBeUndefined();
});
