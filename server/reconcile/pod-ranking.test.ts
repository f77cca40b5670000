import { expect, test } from 'bun:test';
import type { Pod } from '#api/kinds/core/pod.ts';
import { POD_DELETION_COST, inDeletionOrder } from './pod-ranking.ts';

const NOW = Date.parse('2026-01-02T00:00:00Z');
interface Sketch {
  readonly node?: string;
  readonly phase?: string;
  readonly readyAt?: string;
  readonly cost?: string;
  readonly restarts?: number;
  readonly created?: string;
}
const pod = (
  name: string,
  { node = 'n', phase = 'Running', readyAt = '', cost, restarts = 0, created = '2026-01-01T00:00:00Z' }: Sketch,
): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: {
    name,
    uid: name,
    creationTimestamp: created,
    ...(cost === undefined ? {} : { annotations: { [POD_DELETION_COST]: cost } }),
  },
  spec: { containers: [], ...(node === '' ? {} : { nodeName: node }) },
  status: {
    phase,
    ...(readyAt === '' ? {} : { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: readyAt }] }),
    containerStatuses: [{ name: 'c', ready: true, restartCount: restarts, image: '', imageID: '' }],
  },
});
const READY = '2026-01-01T00:00:00Z';

test.each<[string, Sketch, Sketch]>([
  ['without a node', { node: '' }, {}],
  ['pending', { phase: 'Pending' }, {}],
  ['not ready', {}, { readyAt: READY }],
  ['cheaper', { cost: '-5', readyAt: READY }, { cost: '3', readyAt: READY }],
  ['ready for a shorter time', { readyAt: '2026-01-01T23:59:00Z' }, { readyAt: READY }],
  ['restarted more often', { restarts: 3 }, { restarts: 1 }],
  ['younger', { created: '2026-01-01T23:00:00Z' }, {}],
])('inDeletionOrder() gives up first what is %s', (_what, first, second) => {
  const pods = [pod('second', second), pod('first', first)];
  expect(inDeletionOrder(pods, pods, NOW).map((one) => one.metadata.name)).toEqual(['first', 'second']);
});

test('inDeletionOrder() gives up first what is doubled up on a node', () => {
  const pods = [pod('alone', { node: 'a' }), pod('x', { node: 'b' }), pod('y', { node: 'b' })];
  expect(inDeletionOrder(pods, pods, NOW).map((one) => one.metadata.name)).toEqual(['x', 'y', 'alone']);
});
