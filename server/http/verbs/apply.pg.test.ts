import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const MERGE = { 'content-type': 'application/merge-patch+json' };

interface Answer {
  readonly code: number;
  readonly message?: string;
  readonly reason?: string;
  readonly data?: Record<string, string>;
  readonly spec?: { readonly replicas?: number };
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly managedFields?: readonly ManagedFieldsEntry[];
  };
}

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.stop());

const call = async (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<Answer> => {
  const response = await api.call(method, path, body, headers);
  return { ...((await response.json()) as Answer), code: response.status };
};
const apply = (name: string, manager: string, data: Record<string, unknown>, query = ''): Promise<Answer> =>
  call(
    'PATCH',
    `${CONFIGMAPS}/${name}?fieldManager=${manager}${query}`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data },
    APPLY,
  );
const owners = ({ metadata }: Answer): unknown =>
  (metadata.managedFields ?? []).map(({ manager, operation, subresource, fieldsV1 }) => [
    `${operation} ${manager}${subresource === undefined ? '' : `/${subresource}`}`,
    fieldsV1,
  ]);
const deployment = (name: string, more: object = {}): unknown => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...more,
  },
});

test('apply() creates what is not there, and changes nothing the second time', async () => {
  const made = await apply('made', 'one', { x: '1' });
  expect(made.code).toBe(201);
  expect(owners(made)).toEqual([['Apply one', { 'f:data': { 'f:x': {} } }]]);
  const again = await apply('made', 'one', { x: '1' });
  expect(again).toEqual({ ...made, code: 200 });
});

test('apply() answers 409 with the owner, and takes the field by force', async () => {
  await apply('fought', 'one', { x: '1' });
  const refused = await apply('fought', 'two', { x: '2' });
  expect([refused.code, refused.message]).toEqual([409, 'Apply failed with 1 conflict: conflict with "one": .data.x']);
  expect(owners(await apply('fought', 'two', { x: '2' }, '&force=true'))).toEqual([
    ['Apply two', { 'f:data': { 'f:x': {} } }],
  ]);
});

test('apply() of two who begin at once creates one object that both own', async () => {
  const both = await Promise.all([apply('raced', 'one', { x: '1' }), apply('raced', 'two', { y: '1' })]);
  expect(both.map(({ code }) => code).sort()).toEqual([200, 201]);
  expect((await call('GET', `${CONFIGMAPS}/raced`)).data).toEqual({ x: '1', y: '1' });
});

test('apply() of YAML, of another kind, of no manager, of nonsense', async () => {
  const path = `${CONFIGMAPS}/odd?fieldManager=one`;
  const yaml = (text: string): Promise<Answer> => call('PATCH', path, text, APPLY);
  expect((await yaml('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\ndata: {x: "1"}\n')).code).toBe(201);
  expect((await yaml('apiVersion: v1\nkind: Secret\nmetadata: {name: odd}\n')).message).toBe(
    'invalid object type: /v1, Kind=Secret',
  );
  expect((await yaml('kind: ConfigMap\nmetadata: {name: odd}\n')).message).toBe(
    'Incorrect version specified in apply patch. Specified patch version: , expected: v1',
  );
  expect((await yaml('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\nbogus: 1\n')).message).toBe(
    'failed to create typed patch object (/odd; /v1, Kind=ConfigMap): .bogus: field not declared in schema',
  );
  expect((await apply('odd', '', { x: '1' })).code).toBe(422);
});

test('apply() of a uid that is not there is 409, of another uid than the one there 422', async () => {
  const uid = '00000000-0000-0000-0000-000000000000';
  const body = (name: string): unknown => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, uid } });
  expect((await call('PATCH', `${CONFIGMAPS}/never?fieldManager=one`, body('never'), APPLY)).code).toBe(409);
  await apply('identified', 'one', {});
  expect((await call('PATCH', `${CONFIGMAPS}/identified?fieldManager=one`, body('identified'), APPLY)).code).toBe(422);
});

test('apply() as a dry run leaves the object alone', async () => {
  const { metadata } = await apply('dry', 'one', { x: '1' });
  expect((await apply('dry', 'one', { x: '2' }, '&dryRun=All')).data).toEqual({ x: '2' });
  const now = await call('GET', `${CONFIGMAPS}/dry`);
  expect([now.data, now.metadata.resourceVersion]).toEqual([{ x: '1' }, metadata.resourceVersion]);
  expect((await apply('dry-new', 'one', {}, '&dryRun=All')).code).toBe(201);
  expect((await call('GET', `${CONFIGMAPS}/dry-new`)).code).toBe(404);
});

test('a create, a patch and an update own what they change', async () => {
  const made = await call('POST', `${CONFIGMAPS}?fieldManager=maker`, {
    metadata: { name: 'written', labels: { l: '1' } },
    data: { x: '1', y: '1' },
  });
  expect(owners(made)).toEqual([
    [
      'Update maker',
      { 'f:data': { '.': {}, 'f:x': {}, 'f:y': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } } },
    ],
  ]);
  await call('PATCH', `${CONFIGMAPS}/written?fieldManager=patcher`, { data: { x: '2' } }, MERGE);
  const replaced = await call('PUT', `${CONFIGMAPS}/written?fieldManager=putter`, {
    metadata: { name: 'written' },
    data: { x: '2', z: '1' },
  });
  expect(Object.fromEntries(owners(replaced) as [string, unknown][])).toEqual({
    'Update maker': { 'f:data': {} },
    'Update patcher': { 'f:data': { 'f:x': {} } },
    'Update putter': { 'f:data': { 'f:z': {} } },
  });
});

test('a manager is called by its User-Agent when it does not say its name', async () => {
  const made = await call(
    'POST',
    CONFIGMAPS,
    { metadata: { name: 'named' }, data: { x: '1' } },
    {
      'user-agent': 'kubectl-create/v1.33 (linux)',
    },
  );
  expect(owners(made)).toEqual([['Update kubectl-create', { 'f:data': { '.': {}, 'f:x': {} } }]]);
});

test('a client may forget the owners, and later writes do not bring them back', async () => {
  await apply('forgotten', 'one', { x: '1' });
  const patch = { metadata: { managedFields: [{}] } };
  const path = `${CONFIGMAPS}/forgotten`;
  expect((await call('PATCH', path, patch, MERGE)).metadata.managedFields).toBeUndefined();
  expect((await call('PATCH', path, { data: { x: '2' } }, MERGE)).metadata.managedFields).toBeUndefined();
  const applied = await apply('forgotten', 'two', { y: '1' });
  expect(owners(applied)).toEqual([
    ['Apply two', { 'f:data': { 'f:y': {} } }],
    ['Update before-first-apply', { 'f:data': { '.': {}, 'f:x': {} } }],
  ]);
});

test('the status has owners of its own', async () => {
  await call('PATCH', `${DEPLOYMENTS}/d?fieldManager=one`, deployment('d', { replicas: 0 }), APPLY);
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    status: { observedGeneration: 1 },
  };
  const answer = await call('PATCH', `${DEPLOYMENTS}/d/status?fieldManager=ctl`, body, APPLY);
  expect((owners(answer) as unknown[])[0]).toEqual([
    'Apply ctl/status',
    { 'f:status': { 'f:observedGeneration': {} } },
  ]);
  expect((await call('PATCH', `${DEPLOYMENTS}/none/status?fieldManager=ctl`, body, APPLY)).code).toBe(404);
});

test('a Scale is applied through the owners of the replicas', async () => {
  await call('PATCH', `${DEPLOYMENTS}/s?fieldManager=one`, deployment('s', { replicas: 1 }), APPLY);
  const scale = (replicas: number, query = ''): Promise<Answer> =>
    call(
      'PATCH',
      `${DEPLOYMENTS}/s/scale?fieldManager=hpa${query}`,
      { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 's' }, spec: { replicas } },
      APPLY,
    );
  expect((await scale(2)).message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.replicas');
  expect((await scale(2, '&force=true')).spec).toEqual({ replicas: 2 });
  const now = await call('GET', `${DEPLOYMENTS}/s`);
  expect(now.metadata.generation).toBe(2);
  expect((owners(now) as [string, unknown][]).find(([who]) => who === 'Apply hpa/scale')).toEqual([
    'Apply hpa/scale',
    { 'f:spec': { 'f:replicas': {} } },
  ]);
  const patched = await call('PATCH', `${DEPLOYMENTS}/s/scale?fieldManager=p`, { spec: { replicas: 3 } }, MERGE);
  expect(patched.spec).toEqual({ replicas: 3 });
  const names = (owners(await call('GET', `${DEPLOYMENTS}/s`)) as [string, unknown][]).map(([who]) => who);
  expect(names).toContain('Update p/scale');
  expect(names).not.toContain('Apply hpa/scale');
});

test('apply() in one version respects the owners in another', async () => {
  const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 3 };
  const applied = (version: string, manager: string, wanted: unknown, query = ''): Promise<Answer> =>
    call(
      'PATCH',
      `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers/h?fieldManager=${manager}${query}`,
      { apiVersion: `autoscaling/${version}`, kind: 'HorizontalPodAutoscaler', metadata: { name: 'h' }, spec: wanted },
      APPLY,
    );
  expect((await applied('v1', 'one', spec)).code).toBe(201);
  expect((await applied('v2', 'two', { maxReplicas: 4 })).message).toBe(
    'Apply failed with 1 conflict: conflict with "one": .spec.maxReplicas',
  );
  expect((await applied('v2', 'two', { maxReplicas: 4 }, '&force=true')).code).toBe(200);
  const left = await applied('v1', 'one', { scaleTargetRef: spec.scaleTargetRef });
  expect(
    left.metadata.managedFields?.map(({ manager, apiVersion, fieldsV1 }) => [manager, apiVersion, fieldsV1]),
  ).toEqual([
    ['one', 'autoscaling/v1', { 'f:spec': { 'f:scaleTargetRef': {} } }],
    ['two', 'autoscaling/v2', { 'f:spec': { 'f:maxReplicas': {} } }],
  ]);
  // Nothing is left of what one manager had in this version: the other version has to be looked at all the same.
  expect((await applied('v1', 'one', {})).code).toBeLessThan(500);
});
