import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

const PATH = '/api/v1/namespaces/default/configmaps';
const TYPES = {
  json: { 'content-type': 'application/json-patch+json' },
  merge: { 'content-type': 'application/merge-patch+json' },
  strategic: { 'content-type': 'application/strategic-merge-patch+json' },
} as const;
interface Answer {
  kind?: string;
  message?: string;
  data?: Record<string, string>;
  details?: { uid?: string };
  items?: unknown[];
  metadata: { name?: string; uid?: string; resourceVersion?: string; labels?: Record<string, string> };
}

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.stop());

const body = async (response: Promise<Response>): Promise<Answer> => (await response).json() as Promise<Answer>;
/** `<code> <message>`. */
const outcome = async (response: Promise<Response>): Promise<string> => {
  const { status } = await response;
  return `${status} ${(await body(response)).message ?? ''}`;
};
const make = (name: string, data: Record<string, string> = { a: '1' }): Promise<Answer> =>
  body(api.call('POST', PATH, { metadata: { name }, data }));

test('create() answers 201 with the object as it is stored', async () => {
  const response = await api.call('POST', PATH, { metadata: { name: 'made' }, data: { a: '1' } });
  const text = await response.text();
  expect(response.status).toBe(201);
  expect(await (await api.call('GET', `${PATH}/made`)).text()).toBe(text);
});

test('create() reads YAML and protobuf as well', async () => {
  const yaml =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-yaml}\ndata: {when: 2020-01-01, hour: "12:30"}\n';
  expect((await body(api.call('POST', PATH, yaml, { 'content-type': 'application/yaml' }))).data).toEqual({
    when: '2020-01-01',
    hour: '12:30',
  });
  const field = (number: number, bytes: Uint8Array): Uint8Array =>
    new Uint8Array([(number << 3) | 2, bytes.length, ...bytes]);
  const text = (number: number, value: string): Uint8Array => field(number, new TextEncoder().encode(value));
  const raw = field(1, text(1, 'from-protobuf'));
  const type = field(1, new Uint8Array([...text(1, 'v1'), ...text(2, 'ConfigMap')]));
  const message = new Uint8Array([0x6b, 0x38, 0x73, 0, ...type, ...field(2, raw)]);
  const made = await body(api.call('POST', PATH, message, { 'content-type': 'application/vnd.kubernetes.protobuf' }));
  expect(made.metadata.name).toBe('from-protobuf');
});

test('create() treats unknown and repeated fields as fieldValidation says, and stores nothing when it refuses', async () => {
  const given = '{"metadata":{"name":"odd","bogus":1},"data":{"a":"1","a":"2"}}';
  const post = (query: string): Promise<Response> => api.call('POST', `${PATH}?dryRun=All${query}`, given);
  expect(await outcome(post('&fieldValidation=Strict'))).toBe(
    '400 ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.bogus", duplicate field "data.a"',
  );
  const warned = await post('');
  expect([warned.status, warned.headers.get('warning')]).toEqual([
    201,
    '299 - "unknown field \\"metadata.bogus\\"", 299 - "duplicate field \\"data.a\\""',
  ]);
  expect((await post('&fieldValidation=Ignore')).headers.has('warning')).toBe(false);
  expect((await api.call('GET', `${PATH}/odd`)).status).toBe(404);
});

test('a malformed body, another kind or another namespace is 400', async () => {
  expect(await outcome(api.call('POST', PATH, '{'))).toBe(
    "400 the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({)",
  );
  expect(await outcome(api.call('POST', PATH, { kind: 'Pod', apiVersion: 'v1', metadata: {} }))).toContain(
    'cannot be handled as a ConfigMap',
  );
  expect(await outcome(api.call('POST', PATH, { metadata: { name: 'x', namespace: 'other' } }))).toBe(
    '400 the namespace of the provided object does not match the namespace sent on the request',
  );
  expect(await outcome(api.call('POST', PATH, 'x', { 'content-type': 'text/plain' }))).toStartWith('415 ');
  expect(await outcome(api.call('POST', `${PATH}?dryRun=Some`, {}))).toBe(
    '422 CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All"',
  );
});

test('update() refuses another name and a stale resourceVersion, and changes nothing then', async () => {
  const made = await make('updated');
  const put = (metadata: object, data: object): Promise<Response> =>
    api.call('PUT', `${PATH}/updated`, { metadata, data });
  expect((await body(put({ name: 'updated' }, { a: '2' }))).data).toEqual({ a: '2' });
  expect(await outcome(put({ name: 'else' }, {}))).toBe(
    '400 the name of the object (else) does not match the name on the URL (updated)',
  );
  expect(
    await outcome(put({ name: 'updated', resourceVersion: made.metadata.resourceVersion }, { a: '3' })),
  ).toStartWith('409 Operation cannot be fulfilled on configmaps "updated": the object has been modified');
  expect((await body(api.call('GET', `${PATH}/updated`))).data).toEqual({ a: '2' });
});

test('patch() takes the three kinds of patch', async () => {
  await make('patched', { a: '1', b: '1' });
  const patch = (type: keyof typeof TYPES, change: unknown): Promise<Answer> =>
    body(api.call('PATCH', `${PATH}/patched`, JSON.stringify(change), TYPES[type]));
  expect((await patch('merge', { data: { a: null, c: '2' } })).data).toEqual({ b: '1', c: '2' });
  expect((await patch('json', [{ op: 'replace', path: '/data/b', value: '3' }])).data).toEqual({ b: '3', c: '2' });
  expect((await patch('strategic', { data: { $patch: 'replace', d: '4' } })).data).toEqual({ d: '4' });
  expect((await patch('merge', { metadata: { name: 'else' } })).message).toContain(
    'does not match the name on the URL',
  );
});

test('patches of one object at once all take effect', async () => {
  await make('busy', {});
  const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
  await Promise.all(
    keys.map((key) => api.call('PATCH', `${PATH}/busy`, JSON.stringify({ data: { [key]: 'x' } }), TYPES.merge)),
  );
  expect(Object.keys((await body(api.call('GET', `${PATH}/busy`))).data ?? {}).sort()).toEqual(keys.toSorted());
});

test('patch() tells of an object that is not there before it looks at the patch', async () => {
  expect(await outcome(api.call('PATCH', `${PATH}/none`, 'nope', TYPES.json))).toBe('404 configmaps "none" not found');
  expect(await outcome(api.call('PATCH', `${PATH}/none`, '{}', { 'content-type': 'text/x' }))).toBe(
    '415 415: Unsupported Media Type',
  );
});

test('delete() answers a Status with the uid, and keeps its preconditions', async () => {
  const made = await make('gone');
  const wrong = { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } };
  expect(await outcome(api.call('DELETE', `${PATH}/gone`, wrong))).toStartWith('409 ');
  expect(await outcome(api.call('DELETE', `${PATH}/gone`, { propagationPolicy: 'Sideways' }))).toStartWith('422 ');
  expect(await outcome(api.call('DELETE', `${PATH}/gone`, { kind: 'ConfigMap' }))).toStartWith('400 ');
  expect((await body(api.call('DELETE', `${PATH}/gone?dryRun=All`))).kind).toBe('Status');
  expect((await body(api.call('DELETE', `${PATH}/gone`))).details?.uid).toBe(made.metadata.uid ?? '');
  expect((await api.call('GET', `${PATH}/gone`)).status).toBe(404);
});

test('deleteCollection() deletes what the selector wants and answers with it', async () => {
  for (const name of ['dc1', 'dc2', 'dc3'])
    await api.call('POST', PATH, { metadata: { name, labels: { dc: name === 'dc3' ? 'keep' : 'go' } } });
  expect((await body(api.call('DELETE', `${PATH}?labelSelector=dc%3Dgo&dryRun=All`))).items?.length).toBe(2);
  expect((await body(api.call('DELETE', `${PATH}?labelSelector=dc%3Dgo`))).items?.length).toBe(2);
  expect((await body(api.call('GET', `${PATH}?labelSelector=dc`))).items?.length).toBe(1);
});
