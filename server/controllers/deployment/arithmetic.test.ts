import { expect, test } from 'bun:test';
import type { Deployment } from '#api/kinds/apps/deployment.ts';
import type { ReplicaSet } from '#api/kinds/apps/replicaset.ts';
import { MAX_REPLICAS } from './annotations.ts';
import { fenceposts, newSetReplicas, proportionalSizes, reductions } from './arithmetic.ts';

const deployment = (replicas: number, maxSurge: number | string, maxUnavailable: number | string): Deployment => ({
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name: 'd', namespace: 'default' },
  spec: {
    replicas,
    selector: {},
    template: {},
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
  },
});
const set = (name: string, replicas: number, availableReplicas = replicas, max?: number): ReplicaSet => ({
  kind: 'ReplicaSet',
  apiVersion: 'apps/v1',
  metadata: {
    name,
    uid: name,
    creationTimestamp: `2026-01-01T00:00:0${name.length}Z`,
    ...(max === undefined ? {} : { annotations: { [MAX_REPLICAS]: String(max) } }),
  },
  spec: { replicas, selector: {} },
  status: { replicas, availableReplicas },
});

test.each([
  [10, '25%', '25%', 3, 2],
  [1, '25%', '25%', 1, 0],
  [2, 0, 0, 0, 1],
  [3, '1%', '0%', 1, 0],
  [4, 0, '1%', 0, 1],
  [2, 1, 5, 1, 2],
  [0, '25%', '25%', 0, 0],
])(
  'fenceposts() of %d replicas with surge %p and unavailable %p are %d and %d',
  (replicas, surge, missing, maxSurge, maxUnavailable) => {
    expect(fenceposts(deployment(replicas, surge, missing))).toEqual({ maxSurge, maxUnavailable });
  },
);

test('fenceposts() of Recreate are none', () => {
  const recreate = deployment(4, 1, 1);
  if (recreate.spec) recreate.spec.strategy = { type: 'Recreate' };
  expect(fenceposts(recreate)).toEqual({ maxSurge: 0, maxUnavailable: 0 });
});

test.each([
  ['grows by the surge', 10, 3, [10], 0, 3],
  ['fills what old ones gave up', 10, 3, [8], 3, 5],
  ['stays when there is no room', 10, 3, [10], 3, 3],
  ['never passes the goal', 2, 5, [0], 1, 2],
])('newSetReplicas() %s', (_what, replicas, surge, old, current, expected) => {
  const olds = old.map((size, at) => set('o'.repeat(at + 1), size));
  expect(newSetReplicas(deployment(replicas, surge, 0), [...olds, set('new', current)], current)).toBe(expected);
});

test.each([
  ['nothing when the new pods are not ready and nothing may be missing', 10, 3, 0, [[10, 10]], [3, 0], []],
  ['available ones beyond the least', 10, 3, 2, [[10, 10]], [3, 0], [['o', 8]]],
  [
    'unhealthy ones first',
    10,
    3,
    2,
    [
      [5, 0],
      [5, 5],
    ],
    [3, 3],
    [['o', 0]],
  ],
  ['one for each new available pod', 2, 1, 0, [[2, 2]], [1, 1], [['o', 1]]],
  ['nothing without old pods', 2, 1, 0, [[0, 0]], [2, 2], []],
])('reductions() take %s', (_what, replicas, surge, missing, old, [size, available], expected) => {
  const olds = old.map(([wanted, there], at) => set('o'.repeat(at + 1), wanted ?? 0, there ?? 0));
  const found = reductions(deployment(replicas, surge, missing), olds, set('new', size ?? 0, available ?? 0));
  expect(found.map(({ set: one, to }) => [one.metadata.name ?? '', to])).toEqual(expected as [string, number][]);
});

test.each([
  [
    'in proportion, the rest to the largest',
    15,
    3,
    [
      [8, 13],
      [5, 13],
    ],
    [11, 7],
  ],
  [
    'down to nothing',
    0,
    3,
    [
      [8, 13],
      [5, 13],
    ],
    [0, 0],
  ],
  [
    'down in proportion',
    5,
    3,
    [
      [8, 13],
      [5, 13],
    ],
    [5, 3],
  ],
  [
    'not at all when the sum is right',
    10,
    3,
    [
      [8, 13],
      [5, 13],
    ],
    [8, 5],
  ],
])('proportionalSizes() scale %s', (_what, replicas, surge, sets, expected) => {
  const all = sets.map(([size, max], at) => set('o'.repeat(at + 1), size ?? 0, size ?? 0, max ?? 0));
  const sizes = proportionalSizes(deployment(replicas, surge, 0), all);
  expect(all.map((one) => sizes.get(one) ?? -1)).toEqual(expected);
});
