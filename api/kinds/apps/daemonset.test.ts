import { expect, test } from 'bun:test';
import { validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { controllerRevisionKind } from './controllerrevision.ts';
import { type DaemonSet, daemonSetKind } from './daemonset.ts';

const GENERATION = 'deprecated.daemonset.template.generation';
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } };

function daemonSet(spec: object = {}): DaemonSet {
  const metadata = { name: 'd', namespace: 'n', resourceVersion: '1' };
  const { object } = decode(daemonSetKind, {
    metadata,
    spec: { selector: { matchLabels: { a: 'b' } }, template, ...spec },
  });
  daemonSetKind.applyDefaults?.(object);
  return object;
}

test.each([
  [{}, []],
  [{ selector: { matchLabels: { x: 'y' } } }, ['spec.template.metadata.labels']],
  [{ selector: {} }, ['spec.selector']],
  [{ updateStrategy: { type: 'X' } }, ['spec.updateStrategy']],
  [{ updateStrategy: { rollingUpdate: { maxSurge: 1 } } }, ['spec.updateStrategy.rollingUpdate.maxSurge']],
  [{ updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } }, ['spec.updateStrategy.rollingUpdate.maxUnavailable']],
  [
    { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
    ['spec.template.spec.restartPolicy'],
  ],
])('a DaemonSet with %j: %j', (spec, fields) => {
  expect(validateCreate(daemonSetKind, daemonSet(spec)).map(({ field }) => field)).toEqual(fields);
});

test('the generation of the template counts up with its changes only, whatever a client says of it', () => {
  const old = daemonSet();
  daemonSetKind.prepareForCreate?.(old);
  expect(old.metadata.annotations).toEqual({ [GENERATION]: '1' });
  const same = daemonSet({ minReadySeconds: 3 });
  same.metadata.annotations = { [GENERATION]: '9', mine: 'x' };
  daemonSetKind.prepareForUpdate?.(same, old);
  expect(same.metadata.annotations).toEqual({ [GENERATION]: '1', mine: 'x' });
  const changed = daemonSet({ template: { ...template, spec: { containers: [{ name: 'c', image: 'i:2' }] } } });
  daemonSetKind.prepareForUpdate?.(changed, old);
  expect(changed.metadata.annotations).toEqual({ [GENERATION]: '2' });
});

test('a DaemonSet keeps its selector and its count of collisions', () => {
  const old = daemonSet();
  const fields = (next: DaemonSet): string[] =>
    (daemonSetKind.validateUpdate?.(next, old) ?? []).map(({ field }) => field);
  expect(fields(daemonSet())).toEqual([]);
  expect(fields(daemonSet({ selector: { matchLabels: { x: 'y' } } }))).toEqual(['spec.selector']);
  const counted = (collisionCount: number): DaemonSet =>
    ({ ...old, status: { ...old.status, collisionCount } }) as DaemonSet;
  expect(daemonSetKind.validateStatusUpdate?.(counted(1), counted(2)).map(({ detail }) => detail)).toEqual([
    'Invalid value: 1: cannot be decremented',
  ]);
});

test('a ControllerRevision has data, which never changes, and shows whose it is', () => {
  const revision = (fields: object) =>
    decode(controllerRevisionKind, { metadata: { name: 'r', namespace: 'n' }, revision: 1, ...fields }).object;
  const faults = validateCreate(controllerRevisionKind, revision({ revision: -1 })).map(({ field }) => field);
  expect(faults).toEqual(['revision', 'data']);
  const [old, next] = [revision({ data: { a: 1 } }), revision({ data: { a: 2 }, revision: 2 })];
  expect(controllerRevisionKind.validateUpdate?.(next, old).map(({ field }) => field)).toEqual(['data']);
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true };
  next.metadata.ownerReferences = [owner];
  expect(controllerRevisionKind.columns.slice(0, 3).map((column) => column.cell(next, new Date(0)))).toEqual([
    'r',
    'daemonset.apps/d',
    2,
  ]);
});

test('a template is warned of when it is new or changed, not again', () => {
  const odd = { ...template, spec: { ...template.spec, terminationGracePeriodSeconds: -1 } };
  const text =
    'spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1';
  const [set, old] = [daemonSet({ template: odd }), daemonSet()];
  expect(daemonSetKind.warnings?.(set)).toEqual([text]);
  expect(daemonSetKind.warnings?.(set, old)).toEqual([]);
  set.metadata.generation = 2;
  expect(daemonSetKind.warnings?.(set, old)).toEqual([text]);
});
