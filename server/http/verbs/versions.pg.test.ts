import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Kind, type KubeObject, defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { StatusError } from '#api/meta/status.ts';
import { int32, object, required, string } from '#api/schema/builders.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

const AUTOSCALERS = (version: string): string =>
  `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
const MERGE = { 'content-type': 'application/merge-patch+json' };
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

interface Answer extends KubeObject {
  message?: string;
  spec: Record<string, unknown>;
  items: Answer[];
  rows: { cells: unknown[] }[];
  details?: { group?: string };
}

/** Two versions of a kind: v2 is stored, v1 has its number under another name. As by a webhook, each conversion takes its time. */
const Versioned = (version: string, field: string) =>
  object(`test.${version}.Versioned`, {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    [field]: required(2, int32()),
  });
const SHARED = { group: 'test.example.com', kind: 'Versioned' };
const stored: Kind = defineKind<KubeObject>({ ...SHARED, version: 'v2', schema: Versioned('v2', 'size') });
/** How long the next conversions take, ms; 0 = at once. */
const delays: number[] = [];
const renamed = async (
  objects: readonly KubeObject[],
  apiVersion: string,
  [from, to]: readonly [string, string],
): Promise<KubeObject[]> => {
  if (objects.some(({ metadata }) => metadata.name === 'broken'))
    throw new StatusError('InternalError', 'conversion failed');
  const delay = delays.shift() ?? 0;
  await new Promise((resolve) => setTimeout(resolve, delay));
  return objects.map((one) => {
    const { [from]: value, ...rest } = one as unknown as Record<string, unknown>;
    return { ...rest, apiVersion, [to]: value } as unknown as KubeObject;
  });
};
const served: Kind = defineKind<KubeObject>({
  ...SHARED,
  version: 'v1',
  schema: Versioned('v1', 'count'),
  fieldLabels: { count: (one) => String((one as unknown as { count: number }).count) },
  storedAs: {
    kind: stored,
    toStored: (objects) => renamed(objects, 'test.example.com/v2', ['count', 'size']),
    fromStored: (objects) => renamed(objects, 'test.example.com/v1', ['size', 'count']),
  },
});
const VERSIONED = (version: string): string => `/apis/test.example.com/${version}/namespaces/default/versioneds`;

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  api.kinds.add(stored);
  api.kinds.add(served);
});
afterAll(() => api.stop());

const body = async (response: Promise<Response>): Promise<Answer> => (await response).json() as Promise<Answer>;
const make = (path: string, name: string, fields: object): Promise<Answer> =>
  body(api.call('POST', path, { metadata: { name }, ...fields }));

/** The events of a watch that ends by itself after a second, as `TYPE name <fields>`. */
async function watched(path: string, field: string, query = ''): Promise<string[]> {
  const text = await (await api.call('GET', `${path}?watch=1&timeoutSeconds=1${query}`)).text();
  const events = text.split('\n').filter((line) => line !== '');
  return events.map((line) => {
    const { type, object: one } = JSON.parse(line) as { type: string; object: Answer & Record<string, unknown> };
    return type === 'ERROR' ? `ERROR ${one.message}` : `${type} ${one.metadata.name} ${JSON.stringify(one[field])}`;
  });
}

test('an object made in one version is read, listed, patched and deleted in the other, and is one object', async () => {
  const scaleTargetRef = { kind: 'Deployment', name: 'd' };
  const spec = { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 };
  const made = await make(AUTOSCALERS('v1'), 'a', { spec });
  expect([made.apiVersion, made.spec]).toEqual(['autoscaling/v1', { ...spec, minReplicas: 1 }]);
  const metrics = [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
  ];
  const other = await body(api.call('GET', `${AUTOSCALERS('v2')}/a`));
  expect([other.apiVersion, other.metadata.uid, other.spec['metrics']]).toEqual([
    'autoscaling/v2',
    made.metadata.uid,
    metrics,
  ]);
  const patch = JSON.stringify({ spec: { targetCPUUtilizationPercentage: 60 } });
  expect((await body(api.call('PATCH', `${AUTOSCALERS('v1')}/a`, patch, MERGE))).spec).toMatchObject({
    targetCPUUtilizationPercentage: 60,
  });
  const [item] = (await body(api.call('GET', AUTOSCALERS('v2')))).items;
  expect(item?.spec['metrics']).toMatchObject([{ resource: { target: { averageUtilization: 60 } } }]);
  expect((await body(api.call('GET', AUTOSCALERS('v1'), undefined, TABLE))).rows[0]?.cells.slice(0, 3)).toEqual([
    'a',
    'Deployment/d',
    'cpu: <unknown>/60%',
  ]);
  expect((await api.call('DELETE', `${AUTOSCALERS('v1')}/a`)).status).toBe(200);
  expect((await api.call('GET', `${AUTOSCALERS('v2')}/a`)).status).toBe(404);
});

test('a refusal speaks of the version asked; a dry run is answered in it', async () => {
  const path = '/apis/events.k8s.io/v1/namespaces/default/events';
  const missing = await body(api.call('GET', `${path}/none`));
  expect([missing.message, missing.details?.group]).toEqual(['events.events.k8s.io "none" not found', 'events.k8s.io']);
  expect((await make(path, 'e', { eventTime: '2026-11-21T07:00:00.000000Z', type: 'Odd' })).message).toContain(
    'reportingController: Required value',
  );
  const whole = { action: 'a', reason: 'r', type: 'Normal', reportingController: 'x.io/c', reportingInstance: 'i' };
  const about = { eventTime: '2026-11-21T07:00:00.000000Z', regarding: { namespace: 'default' }, ...whole };
  expect((await make(path, 'e', about)).message).toBeUndefined();
  expect((await make(path, 'e', about)).message).toBe('events.events.k8s.io "e" already exists');
  const stale = { ...about, metadata: { name: 'e', resourceVersion: '1' } };
  expect((await body(api.call('PUT', `${path}/e`, stale))).message).toStartWith(
    'Operation cannot be fulfilled on events.events.k8s.io "e"',
  );
  const dry = await make(`${VERSIONED('v1')}?dryRun=All`, 'dry', { count: 3 });
  expect(dry).toMatchObject({ apiVersion: 'test.example.com/v1', count: 3 });
  expect(dry.metadata.resourceVersion).toBeUndefined();
});

test('lists convert all at once, and select by the fields of their version', async () => {
  for (const [name, size] of [
    ['l1', 1],
    ['l2', 2],
    ['l3', 2],
  ] as const)
    await make(VERSIONED('v2'), name, { size });
  const list = await body(api.call('GET', `${VERSIONED('v1')}?fieldSelector=count%3D2&limit=1`));
  expect(list.items).toMatchObject([{ metadata: { name: 'l2' }, count: 2 }]);
  const rest = await body(
    api.call(
      'GET',
      `${VERSIONED('v1')}?fieldSelector=count%3D2&continue=${(list.metadata as { continue?: string }).continue}`,
    ),
  );
  expect(rest.items).toMatchObject([{ metadata: { name: 'l3' }, count: 2 }]);
  await api.call('DELETE', VERSIONED('v1'));
});

test('a watch tells events in order however long each conversion takes, and by its own fields', async () => {
  const start = (await make(VERSIONED('v2'), 'w1', { size: 1 })).metadata.resourceVersion ?? '';
  const size = (value: number): Promise<Response> =>
    api.call('PATCH', `${VERSIONED('v2')}/w1`, JSON.stringify({ size: value }), MERGE);
  delays.push(80, 0, 40, 0);
  const events = watched(VERSIONED('v1'), 'count', `&resourceVersion=${start}`);
  const selected = watched(VERSIONED('v1'), 'count', `&resourceVersion=${start}&fieldSelector=count%3D3`);
  await size(2);
  await size(3);
  await api.call('DELETE', `${VERSIONED('v2')}/w1`);
  expect(await events).toEqual(['MODIFIED w1 2', 'MODIFIED w1 3', 'DELETED w1 3']);
  expect(await selected).toEqual(['ADDED w1 3', 'DELETED w1 3']);
});

test('an object that cannot be converted fails a read, and ends a watch', async () => {
  const start = (await make(VERSIONED('v2'), 'fine', { size: 1 })).metadata.resourceVersion ?? '';
  await make(VERSIONED('v2'), 'broken', { size: 1 });
  expect((await body(api.call('GET', `${VERSIONED('v1')}/broken`))).message).toBe('conversion failed');
  expect(await watched(VERSIONED('v1'), 'count', `&resourceVersion=${start}`)).toEqual(['ERROR conversion failed']);
  expect((await api.call('GET', `${VERSIONED('v1')}/fine`)).status).toBe(200);
});
