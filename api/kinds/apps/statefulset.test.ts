import { expect, test } from 'bun:test';
import { validateChange, validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { type StatefulSet, statefulSetKind } from './statefulset.ts';

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } };
const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } };

function statefulSet(spec: object = {}): StatefulSet {
  const metadata = { name: 's', namespace: 'n', resourceVersion: '1' };
  const { object } = decode(statefulSetKind, {
    metadata,
    spec: { selector: { matchLabels: { a: 'b' } }, serviceName: 'svc', template, ...spec },
  });
  statefulSetKind.applyDefaults?.(object);
  return object;
}

test('it gets its defaults, and those of its claims, which always say what they are', () => {
  expect(statefulSet({ volumeClaimTemplates: [claim] }).spec).toMatchObject({
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    volumeClaimTemplates: [
      {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' },
        status: { phase: 'Pending' },
      },
    ],
  });
  expect(statefulSet({ updateStrategy: { type: 'OnDelete' } }).spec?.updateStrategy).toEqual({ type: 'OnDelete' });
});

test.each([
  [{}, []],
  [{ podManagementPolicy: 'X' }, ['spec.podManagementPolicy']],
  [{ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }, ['spec.updateStrategy.rollingUpdate']],
  [{ updateStrategy: { rollingUpdate: { partition: -1 } } }, ['spec.updateStrategy.rollingUpdate.partition']],
  [{ updateStrategy: { type: 'X' } }, ['spec.updateStrategy']],
  [
    { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Keep' } },
    ['spec.persistentVolumeClaimRetentionPolicy.whenScaled'],
  ],
  [{ ordinals: { start: -1 }, replicas: -1 }, ['spec.replicas', 'spec.ordinals.start']],
  [{ selector: {} }, ['spec.selector']],
  [{ selector: { matchLabels: { x: 'y' } } }, ['spec.template.metadata.labels']],
  [{ serviceName: 'not a name' }, ['spec.serviceName']],
  [
    { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never', activeDeadlineSeconds: 5 } } },
    ['spec.template.spec.restartPolicy', 'spec.template.spec.activeDeadlineSeconds'],
  ],
])('a StatefulSet with %j: %j', (spec, fields) => {
  expect(validateCreate(statefulSetKind, statefulSet(spec)).map(({ field }) => field)).toEqual(fields);
});

test('only some of its fields may change', () => {
  const change = (next: object): string[] =>
    validateChange(statefulSetKind, statefulSet(next), statefulSet()).map(({ field, type }) => `${type} ${field}`);
  const allowed = { replicas: 3, minReadySeconds: 2, ordinals: { start: 1 }, revisionHistoryLimit: 2 };
  expect(
    change({ ...allowed, template: { ...template, spec: { containers: [{ name: 'c', image: 'i:2' }] } } }),
  ).toEqual([]);
  for (const next of [{ serviceName: 'other' }, { podManagementPolicy: 'Parallel' }, { volumeClaimTemplates: [claim] }])
    expect(change(next)).toEqual(['FieldValueForbidden spec']);
});

test('its status counts no more pods of a sort than there are', () => {
  const status = { replicas: 1, availableReplicas: 2, readyReplicas: 1, currentReplicas: 3, collisionCount: 0 };
  const [set, old] = [statefulSet(), statefulSet()];
  set.status = status;
  old.status = { replicas: 1, availableReplicas: 0, collisionCount: 1 };
  expect(statefulSetKind.validateStatusUpdate?.(set, old).map(({ field }) => field)).toEqual([
    'status.currentReplicas',
    'status.availableReplicas',
    'status.availableReplicas',
    'status.collisionCount',
  ]);
});

test('a negative history limit is warned of', () => {
  expect(statefulSetKind.warnings?.(statefulSet({ revisionHistoryLimit: -1 }))).toEqual([
    'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
  ]);
  expect(statefulSetKind.warnings?.(statefulSet())).toEqual([]);
});
