import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ defaultRoles: true });
});
afterAll(() => api.stop());

/** Code, reason and message of an answer. */
const outcome = async (response: Response): Promise<string> => {
  const { reason, message } = (await response.json()) as { reason?: string; message?: string };
  return `${response.status} ${reason}: ${message}`;
};

test('a request without a token is anonymous: health is open to it, pods are not', async () => {
  const bare = { authorization: '' };
  expect(await (await api.call('GET', '/readyz', undefined, bare)).text()).toBe('ok');
  expect(await outcome(await api.call('GET', '/api/v1/namespaces/default/pods', undefined, bare))).toBe(
    '403 Forbidden: pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
  );
});

test('an unknown token is 401', async () => {
  const response = await api.call('GET', '/api', undefined, { authorization: 'Bearer nonsense' });
  expect(await outcome(response)).toBe('401 Unauthorized: Unauthorized');
});

test('an impersonated user has its own rights, and groups are asked for one by one', async () => {
  const jane = { 'impersonate-user': 'jane' };
  expect(await outcome(await api.call('GET', '/metrics', undefined, jane))).toBe(
    '403 Forbidden: forbidden: User "jane" cannot get path "/metrics"',
  );
  expect((await api.call('GET', '/apis', undefined, jane)).status).toBe(200);
  const janesMaster = { ...jane, 'impersonate-group': 'system:masters' };
  expect((await api.call('GET', '/api/v1/nodes', undefined, janesMaster)).status).toBe(200);
});

test('unknown paths are plain 404 outside of the groups that are served, a Status inside', async () => {
  for (const path of ['/nothing', '/apis/nogroup/v1/things', '/apis/none', '/healthz/nothing']) {
    const response = await api.call('GET', path);
    expect([response.status, await response.text()]).toEqual([404, '404 page not found\n']);
  }
  const unknown = '404 NotFound: the server could not find the requested resource';
  for (const path of [
    '/api/v2',
    '/apis/apps/v9/deployments',
    '/api/v1/namespaces/default/nothings',
    '/api/v1/pods/p',
    '/api/v1/namespaces/default/nodes',
  ])
    expect(await outcome(await api.call('GET', path))).toBe(unknown);
});

test('a method that a path does not have is 405', async () => {
  const refused = '405 MethodNotAllowed: the server does not allow this method on the requested resource';
  const requests = [
    ['POST', '/api/v1/configmaps'],
    ['PUT', '/api/v1/namespaces/default/configmaps'],
    ['DELETE', '/api/v1/configmaps'],
    ['DELETE', '/api/v1/namespaces'],
    ['OPTIONS', '/api/v1/namespaces/default/configmaps'],
    ['DELETE', '/apis/apps/v1/namespaces/default/deployments/d/scale'],
  ] as const;
  for (const [method, path] of requests) expect(await outcome(await api.call(method, path))).toBe(refused);
});

test('a broken percent escape is 400', async () => {
  expect((await api.call('GET', '/api/v1/namespaces/default/configmaps/%zz')).status).toBe(400);
});

test('a body above 3 MB is 413 and stores nothing', async () => {
  const big = JSON.stringify({ metadata: { name: 'big' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } });
  const type = { 'content-type': 'application/json', 'content-length': String(big.length) };
  const response = await api.call('POST', '/api/v1/namespaces/default/configmaps', big, type);
  expect(await outcome(response)).toBe('413 RequestEntityTooLarge: Request entity too large: limit is 3145728');
  expect((await api.call('GET', '/api/v1/namespaces/default/configmaps/big')).status).toBe(404);
});

test('discovery answers 304 to the hash that it gave', async () => {
  const first = await api.call('GET', '/apis');
  const again = await api.call('GET', '/apis', undefined, { 'if-none-match': first.headers.get('etag') ?? '' });
  expect([first.status, again.status]).toEqual([200, 304]);
});

test('aggregated discovery names each kind with its subresources', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const response = await api.call('GET', '/apis', undefined, { accept });
  expect(response.headers.get('content-type')).toBe(accept);
  const list = (await response.json()) as {
    items: { metadata: { name: string }; versions: { resources: { resource: string }[] }[] }[];
  };
  const apps = list.items.find(({ metadata }) => metadata.name === 'apps');
  expect(apps?.versions[0]?.resources.find(({ resource }) => resource === 'deployments')).toMatchObject({
    scope: 'Namespaced',
    singularResource: 'deployment',
    shortNames: ['deploy'],
    subresources: [
      { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
      { subresource: 'status', verbs: ['get', 'patch', 'update'] },
    ],
  });
});

test('each document of the OpenAPI index is there under its hash', async () => {
  const { paths } = (await (await api.call('GET', '/openapi/v3')).json()) as {
    paths: Record<string, { serverRelativeURL: string }>;
  };
  expect(Object.keys(paths)).toContain('apis/apps/v1');
  for (const { serverRelativeURL } of Object.values(paths)) {
    const response = await api.call('GET', serverRelativeURL);
    expect([response.status, response.headers.get('cache-control')]).toEqual([
      200,
      'public, immutable, max-age=31536000',
    ]);
  }
});

test('a kind added while the server runs is in discovery and served', async () => {
  const { kinds } = api;
  const configMaps = kinds.find('', 'v1', 'configmaps');
  if (configMaps === undefined) throw new Error('configmaps are not served');
  const widgets = {
    ...configMaps,
    group: 'example.com',
    plural: 'widgets',
    singular: 'widget',
    kind: 'Widget',
    listKind: 'WidgetList',
    shortNames: [],
  };
  expect((await api.call('GET', '/apis/example.com/v1')).status).toBe(404);
  kinds.add(widgets);
  expect(await (await api.call('GET', '/apis/example.com/v1')).json()).toMatchObject({
    resources: [{ name: 'widgets', kind: 'Widget' }],
  });
  expect((await api.call('GET', '/apis/example.com/v1/widgets')).status).toBe(200);
  kinds.remove(widgets);
  expect((await api.call('GET', '/apis/example.com/v1/widgets')).status).toBe(404);
});

test('a fault of ours is a 500 that tells nothing of it', async () => {
  const broken = { ...api.kinds.find('', 'v1', 'configmaps'), group: 'broken.example.com' } as never;
  api.kinds.add(broken);
  const original = api.store.list.bind(api.store);
  api.store.list = () => {
    throw new Error('secret detail');
  };
  try {
    const text = await outcome(await api.call('GET', '/apis/broken.example.com/v1/configmaps'));
    expect(text).toStartWith('500 InternalError: Internal error occurred');
    expect(text).not.toContain('secret detail');
  } finally {
    api.store.list = original;
    api.kinds.remove(broken);
  }
});
