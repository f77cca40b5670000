import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

const NAMESPACE = '/api/v1/namespaces/default';
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.stop());

test('answers are indented for ?pretty and for programs that people read', async () => {
  const plain = await (await api.call('GET', NAMESPACE)).text();
  const indented = JSON.stringify(JSON.parse(plain), null, 2);
  expect(await (await api.call('GET', `${NAMESPACE}?pretty=true`)).text()).toBe(indented);
  const curl = { 'user-agent': 'curl/8.0' };
  expect(await (await api.call('GET', NAMESPACE, undefined, curl)).text()).toBe(indented);
  expect(await (await api.call('GET', `${NAMESPACE}?pretty=0`, undefined, curl)).text()).toBe(plain);
});

test('a PUT of a Lease or a Service that is not there makes it, one of a ConfigMap is 404', async () => {
  const lease = `/apis/coordination.k8s.io/v1/namespaces/default/leases/l`;
  expect((await api.call('PUT', lease, { metadata: { name: 'l' } })).status).toBe(201);
  expect((await api.call('GET', lease)).status).toBe(200);
  const gone = { metadata: { name: 'gone', resourceVersion: '7' } };
  expect((await api.call('PUT', lease.replace(/l$/, 'gone'), gone)).status).toBe(404);
  const service = { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
  const made = (await (await api.call('PUT', `${NAMESPACE}/services/s`, service)).json()) as {
    spec: { clusterIP?: string };
  };
  expect(made.spec.clusterIP).toStartWith('10.43.');
  expect((await api.call('PUT', `${NAMESPACE}/services/s`, service)).status).toBe(200);
  expect((await api.call('PUT', `${NAMESPACE}/configmaps/none`, { metadata: { name: 'none' } })).status).toBe(404);
});

test('HEAD and OPTIONS of a resource are 405', async () => {
  for (const method of ['HEAD', 'OPTIONS'])
    expect((await api.call(method, `${NAMESPACE}/configmaps`)).status).toBe(405);
});

test('a name with NUL, which no database text may hold, is 422', async () => {
  const role = { metadata: { name: 'a\u0000b' } };
  expect((await api.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', role)).status).toBe(422);
});
