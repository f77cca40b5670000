import { expect, test } from 'bun:test';
import { apiVersionOf, resourceOf, storedKindOf } from '#api/kind.ts';
import { decode } from '#api/schema/decode.ts';
import { validateCreate } from '#api/meta/object-meta-validation.ts';
import { deploymentKind } from './apps/deployment.ts';
import { eventKind } from './core/event.ts';
import { nodeKind } from './core/node.ts';
import { secretKind } from './core/secret.ts';
import { configMapKind } from './core/configmap.ts';
import { BUILT_IN_KINDS, REQUEST_KINDS } from './index.ts';

test('no two stored kinds have the same resource or the same short name; other versions have those of theirs', () => {
  const stored = BUILT_IN_KINDS.filter((kind) => storedKindOf(kind) === kind);
  const resources = stored.map(resourceOf);
  const shortNames = stored.flatMap((kind) => kind.shortNames);
  expect(new Set(resources).size).toBe(resources.length);
  expect(new Set(shortNames).size).toBe(shortNames.length);
  for (const kind of BUILT_IN_KINDS) {
    expect(stored).toContain(storedKindOf(kind));
    expect(kind.shortNames).toEqual(storedKindOf(kind).shortNames);
  }
});

test('every stored kind has columns, one of them its name; a request kind is only created', () => {
  for (const kind of BUILT_IN_KINDS)
    expect({ kind: kind.kind, named: kind.columns.some(({ format }) => format === 'name') }).toEqual({
      kind: kind.kind,
      named: true,
    });
  expect(REQUEST_KINDS.map((kind) => kind.verbs)).toEqual(REQUEST_KINDS.map(() => ['create']));
});

test('every kind shows an object that has nothing but a name', () => {
  const metadata = { name: 'x', namespace: 'n' };
  for (const kind of BUILT_IN_KINDS) {
    const { object } = decode(kind, { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata });
    for (const column of kind.columns)
      expect(['string', 'number', 'boolean']).toContain(typeof column.cell(object, new Date(0)));
    for (const label of Object.values(kind.fieldLabels)) expect(typeof label(object)).toBe('string');
  }
});

test('stringData is merged into data and forgotten', () => {
  const { object } = decode(secretKind, {
    metadata: { name: 's' },
    data: { a: 'QQ==', b: 'Qg==' },
    stringData: { a: 'grüße' },
  });
  secretKind.applyDefaults?.(object);
  expect(object).toMatchObject({ type: 'Opaque', data: { a: 'Z3LDvMOfZQ==', b: 'Qg==' } });
  expect(object.stringData).toBeUndefined();
});

test('an immutable ConfigMap keeps its mark and its data', () => {
  const map = (fields: object) => decode(configMapKind, { metadata: { name: 'm' }, ...fields }).object;
  const old = map({ data: { a: '1' }, immutable: true });
  const fields = (next: object) => (configMapKind.validateUpdate?.(map(next), old) ?? []).map(({ field }) => field);
  expect(fields({ data: { a: '1' }, immutable: true })).toEqual([]);
  expect(fields({ data: { a: '2' }, immutable: true })).toEqual(['data']);
  expect(fields({ data: { a: '1' } })).toEqual(['immutable']);
});

test.each([
  [
    { selector: { matchLabels: { a: 'b' } }, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } },
    ['spec.strategy.rollingUpdate.maxUnavailable'],
  ],
  [{ selector: { matchLabels: { a: 'x' } } }, ['spec.template.metadata.labels']],
  [{ selector: {} }, ['spec.selector']],
  [{}, ['spec.selector', 'spec.template.metadata.labels']],
  [
    { selector: { matchLabels: { a: 'b' } }, progressDeadlineSeconds: 5, minReadySeconds: 5 },
    ['spec.progressDeadlineSeconds'],
  ],
])('a Deployment with %j is refused for %j', (spec, fields) => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const { object } = decode(deploymentKind, { metadata: { name: 'd', namespace: 'n' }, spec: { template, ...spec } });
  deploymentKind.applyDefaults?.(object);
  expect(validateCreate(deploymentKind, object).map(({ field }) => field)).toEqual(fields);
});

test('nodes show health, roles and that they take no pods', () => {
  const { object } = decode(nodeKind, {
    metadata: { name: 'n', labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'edge' } },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'Unknown' }],
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    },
  });
  const cells = nodeKind.columns.map((column) => column.cell(object, new Date(0)));
  expect([cells[1], cells[2], cells[5]]).toEqual(['NotReady,SchedulingDisabled', 'control-plane,edge', '10.0.0.1']);
});

test('an event of a series shows its last sighting and count; one of another namespace is refused', () => {
  const { object } = decode(eventKind, {
    metadata: { name: 'e.1', namespace: 'n' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'n' },
    eventTime: '2026-11-21T07:00:00.000000Z',
    series: { count: 3, lastObservedTime: '2026-11-21T07:59:00.000000Z' },
    reportingComponent: 'kubelet',
    reportingInstance: 'node1',
    action: 'Pulling',
    reason: 'Pulled',
  });
  const cells = eventKind.columns.map((column) => column.cell(object, new Date('2026-11-21T08:00:00Z')));
  expect([cells[0], cells[3], cells[5], cells[7], cells[8]]).toEqual(['60s', 'pod/p', 'kubelet, node1', '60m', 3]);
  expect(eventKind.validate?.(object)).toEqual([]);
  delete object.eventTime;
  object.involvedObject.namespace = 'other';
  expect(eventKind.validate?.(object)).toHaveLength(1);
});
