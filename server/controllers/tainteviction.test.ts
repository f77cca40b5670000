import { expect, test } from 'bun:test';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { Toleration } from '#api/podspec/pod-spec.ts';
import { conditionTaints } from './nodelifecycle.ts';
import { evictionMs } from './tainteviction.ts';

const ADDED = '2026-01-01T00:00:00Z';
const AT = Date.parse(ADDED);
const TAINTS = [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: ADDED }];
const pod = (tolerations: Toleration[]): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p' },
  spec: { containers: [], tolerations },
});
const unreachable = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' };

test.each<[string, Toleration[], number | undefined]>([
  ['at once without a toleration', [], 0],
  ['at once when the toleration is for another effect', [{ ...unreachable, effect: 'NoSchedule' }], 0],
  ['at once when the toleration wants another value', [{ ...unreachable, operator: 'Equal', value: 'x' }], 0],
  ['after tolerationSeconds', [{ ...unreachable, tolerationSeconds: 300 }], AT + 300_000],
  [
    'after the shortest of several',
    [
      { ...unreachable, tolerationSeconds: 300 },
      { operator: 'Exists', tolerationSeconds: 5 },
    ],
    AT + 5000,
  ],
  ['never when it tolerates without limit', [unreachable], undefined],
])('a pod leaves %s', (_what, tolerations, expected) => {
  expect(evictionMs(pod(tolerations), TAINTS)).toBe(expected);
});

test('a pod without taints to execute stays', () => {
  expect(evictionMs(pod([]), [])).toBeUndefined();
});

test.each([
  ['that is ready', [{ type: 'Ready', status: 'True' }], false, []],
  [
    'that is not ready',
    [{ type: 'Ready', status: 'False' }],
    false,
    ['node.kubernetes.io/not-ready NoSchedule', 'node.kubernetes.io/not-ready NoExecute'],
  ],
  [
    'out of reach',
    [{ type: 'Ready', status: 'Unknown' }],
    false,
    ['node.kubernetes.io/unreachable NoSchedule', 'node.kubernetes.io/unreachable NoExecute'],
  ],
  [
    'cordoned and short of disk',
    [{ type: 'DiskPressure', status: 'True' }],
    true,
    ['node.kubernetes.io/disk-pressure NoSchedule', 'node.kubernetes.io/unschedulable NoSchedule'],
  ],
])('a node %s has the taints of its conditions', (_what, conditions, cordoned, expected) => {
  const found = conditionTaints({
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { name: 'n' },
    spec: { unschedulable: cordoned },
    status: { conditions },
  });
  expect(found.map(({ key, effect }) => `${key} ${effect}`)).toEqual(expected);
});
