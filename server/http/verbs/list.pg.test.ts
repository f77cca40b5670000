import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

const PATH = '/api/v1/namespaces/lists/configmaps';
interface List {
  kind: string;
  message?: string;
  reason?: string;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: { kind?: string; metadata: { name: string } }[];
}

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'lists' } });
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await api.call('POST', PATH, {
      metadata: { name, labels: { odd: String('ace'.includes(name)), of: 'test' } },
      data: { name },
    });
});
afterAll(() => api.stop());

const list = async (query: string, headers?: Record<string, string>): Promise<List> =>
  (await api.call('GET', `${PATH}?${query}`, undefined, headers)).json() as Promise<List>;
const names = ({ items }: List): string => items.map(({ metadata }) => metadata.name).join('');
const OURS = 'labelSelector=of%3Dtest';

test('list() gives items of built-in kinds without their kind, in order of their names', async () => {
  const all = await list(OURS);
  expect([all.kind, names(all), all.items[0]?.kind]).toEqual(['ConfigMapList', 'abcde', undefined]);
});

test('list() selects by labels and fields', async () => {
  expect(names(await list(`labelSelector=odd%3Dtrue`))).toBe('ace');
  expect(names(await list(`${OURS}&fieldSelector=metadata.name!%3Db`))).toBe('acde');
  expect(names(await list('fieldSelector=metadata.name%3Db,metadata.namespace%3Dlists'))).toBe('b');
  expect(names(await list('fieldSelector=metadata.name%3Dnone'))).toBe('');
});

test('list() in pages shows the state of the first page, whatever is written meanwhile', async () => {
  const first = await list(`${OURS}&limit=2`);
  expect(names(first)).toBe('ab');
  await api.call('DELETE', `${PATH}/c`);
  await api.call('POST', PATH, { metadata: { name: 'bb', labels: { of: 'test' } } });
  await api.call('PATCH', `${PATH}/d`, '{"metadata":{"labels":{"of":null}}}', {
    'content-type': 'application/merge-patch+json',
  });
  const rest = await list(`${OURS}&limit=3&continue=${first.metadata.continue}`);
  expect([names(rest), rest.metadata.resourceVersion, rest.metadata.continue]).toEqual([
    'cde',
    first.metadata.resourceVersion,
    undefined,
  ]);
  expect(
    names(await list(`${OURS}&resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`)),
  ).toBe('abcde');
  expect(names(await list(OURS))).toBe('abbbe');
});

test('list() counts what is left only without a selector', async () => {
  const all = await list('limit=1');
  expect(all.metadata.remainingItemCount).toBeGreaterThan(2);
  expect((await list(`${OURS}&limit=1`)).metadata.remainingItemCount).toBeUndefined();
});

test('list() refuses what upstream refuses', async () => {
  const message = async (query: string): Promise<unknown> => (await list(query)).message;
  expect(await message('labelSelector=x%20y')).toBe(
    "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt",
  );
  expect(await message('fieldSelector=spec.x%3D1')).toBe(
    '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
  );
  expect(await message('continue=nonsense')).toBe('invalid continue token: continue key is not valid');
  const token = (fields: Record<string, unknown>): string =>
    `continue=${Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 1, start: 'a', ...fields })).toString('base64url')}`;
  const invalid = 'invalid continue token: continue key is not valid: ';
  expect(await message(token({ v: 'v9' }))).toBe(`${invalid}server does not recognize this encoded version "v9"`);
  expect(await message(token({ rv: 0 }))).toBe(
    `${invalid}incorrect encoded start resourceVersion (version meta.k8s.io/v1)`,
  );
  expect(await message(token({ start: '' }))).toBe(`${invalid}encoded start key empty (version meta.k8s.io/v1)`);
  expect(await message(`${token({})}&resourceVersion=5`)).toBe(
    'specifying resource version is not allowed when using continue',
  );
  expect(await message('resourceVersionMatch=Exact')).toContain(
    'resourceVersionMatch is forbidden unless resourceVersion is provided',
  );
  expect(await message('limit=x')).toBe('strconv.ParseInt: parsing "x": invalid syntax');
});

test('list() and watch() judge resourceVersionMatch as upstream does', async () => {
  const answer = async (query: string): Promise<unknown> => {
    const { message, reason } = await list(query);
    return reason === undefined ? 'fine' : message?.replace('ListOptions.meta.k8s.io "" is invalid: ', '');
  };
  const field = 'resourceVersionMatch';
  const forbidden = (why: string): string => `${field}: Forbidden: ${why}`;
  const needed = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
  const now = (await list(OURS)).metadata.resourceVersion;
  const cases: [query: string, answer: string][] = [
    [`${field}=Exact`, forbidden(`${field} is forbidden unless resourceVersion is provided`)],
    [`${field}=NotOlderThan`, forbidden(`${field} is forbidden unless resourceVersion is provided`)],
    [`${field}=Exact&resourceVersion=0`, forbidden(`${field} "exact" is forbidden for resourceVersion "0"`)],
    [`${field}=NotOlderThan&resourceVersion=0`, 'fine'],
    [`${field}=NotOlderThan&resourceVersion=${now}`, 'fine'],
    [`${field}=Exact&resourceVersion=${now}`, 'fine'],
    [
      `${field}=Latest&resourceVersion=${now}`,
      `${field}: Unsupported value: "Latest": supported values: "Exact", "NotOlderThan", ""`,
    ],
    [`${field}=Exact&resourceVersion=${now}&continue=x`, forbidden(`${field} is forbidden when continue is provided`)],
    [`sendInitialEvents=true`, 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'],
    [
      `watch=1&${field}=NotOlderThan`,
      forbidden(`${field} is forbidden for watch unless sendInitialEvents is provided`),
    ],
    [`watch=1&sendInitialEvents=true`, forbidden(needed)],
    [
      `watch=1&sendInitialEvents=true&${field}=Exact`,
      `[${forbidden(needed)}, ${field}: Unsupported value: "Exact": supported values: "NotOlderThan"]`,
    ],
  ];
  for (const [query, expected] of cases) expect([query, await answer(query)]).toEqual([query, expected]);
});

test('list() answers 504 with a hint to try again for a revision that is yet to come', async () => {
  for (const query of ['', '&resourceVersionMatch=Exact', '&resourceVersionMatch=NotOlderThan', '&limit=1']) {
    const response = await api.call('GET', `${PATH}?resourceVersion=99999999999${query}`);
    expect(response.status).toBe(504);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({
      reason: 'Timeout',
      message: expect.stringMatching(/^Timeout: Too large resource version: 99999999999, current: \d+$/),
      details: {
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
        retryAfterSeconds: 1,
      },
    });
  }
});

test('list() as a Table has a row an object, with as much of it as asked for', async () => {
  const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const query = 'fieldSelector=metadata.name%3Da';
  const table = (extra: string): Promise<Response> => api.call('GET', `${PATH}?${query}${extra}`, undefined, accept);
  const rows = async (extra: string): Promise<unknown> =>
    ((await (await table(extra)).json()) as { rows: unknown }).rows;
  const partial = { kind: 'PartialObjectMetadata', metadata: { name: 'a' } };
  expect(await rows('')).toMatchObject([{ cells: ['a', 1, expect.any(String)], object: partial }]);
  expect(await rows('&includeObject=Object')).toMatchObject([{ object: { kind: 'ConfigMap', data: { name: 'a' } } }]);
  expect(await rows('&includeObject=None')).toMatchObject([{ object: null }]);
  expect((await table('&includeObject=Bad')).status).toBe(400);
});

test('list() and get() answer in YAML when asked to', async () => {
  const response = await api.call('GET', `${PATH}/a`, undefined, { accept: 'application/yaml' });
  expect(response.headers.get('content-type')).toBe('application/yaml');
  expect(await response.text()).toContain('\nmetadata:\n  name: a\n');
});

test('list() refuses the next page at a server that has yet to reach the revision of the first', async () => {
  const first = await list(`${OURS}&limit=2`);
  const { v, start } = JSON.parse(Buffer.from(first.metadata.continue ?? '', 'base64url').toString()) as {
    v: string;
    start: string;
  };
  const ahead = { v, rv: api.store.revision() + 1_000, start };
  const answer = await list(`limit=2&continue=${Buffer.from(JSON.stringify(ahead)).toString('base64url')}`);
  expect([answer.reason, answer.message]).toEqual([
    'Timeout',
    `Timeout: Too large resource version: ${ahead.rv}, current: ${ahead.rv - 1_000}`,
  ]);
});
