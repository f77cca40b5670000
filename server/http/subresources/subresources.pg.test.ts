import { afterAll, beforeAll, expect, test } from 'bun:test';
import { nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { eventually } from '#test/support/eventually.ts';
import type { Subresource } from './subresource.ts';

const PODS = '/api/v1/namespaces/default/pods';
const DEPLOYMENT = '/apis/apps/v1/namespaces/default/deployments/d';
const MERGE = { 'content-type': 'application/merge-patch+json' };
interface Answer {
  kind?: string;
  message?: string;
  metadata: { name?: string; resourceVersion?: string };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown> & { user?: { username?: string } };
}

/** Sends back what it gets; asked for without an upgrade it tells what it saw. */
const echo: Subresource = {
  resource: 'pods',
  name: 'exec',
  methods: ['GET', 'POST'],
  verbs: ['create', 'get'],
  async handle({ isUpgrade, offeredProtocols, upgrade, namespace, name, url }) {
    if (!isUpgrade) return new Response(`${namespace}/${name} ${url.searchParams.getAll('command').join(' ')}`);
    upgrade(
      {
        open: (socket) => void socket.send('hello'),
        message: (socket, data) => void socket.send(data),
        drain: () => undefined,
        close: () => undefined,
      },
      offeredProtocols.at(-1) ?? '',
    );
    return undefined;
  },
};

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ subresources: [echo], port: 0 });
  const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } };
  await api.call('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'd' },
    spec: { replicas: 0, selector: { matchLabels: { app: 'd' } }, template },
  });
  await eventually(async () =>
    expect((await api.call('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status).toBe(200),
  );
  const node = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n1' } };
  await api.client.create(nodeKind, node);
});
afterAll(() => api.stop());

const pod = (name: string): Promise<Response> =>
  api.call('POST', PODS, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i:1' }] } });
const body = async (response: Promise<Response>): Promise<Answer> => (await response).json() as Promise<Answer>;
const outcome = async (response: Promise<Response>): Promise<string> =>
  `${(await response).status} ${(await body(response)).message ?? ''}`;

test('scale shows and sets the number of replicas, and nothing else', async () => {
  expect(await body(api.call('GET', `${DEPLOYMENT}/scale`))).toMatchObject({
    kind: 'Scale',
    spec: {},
    status: { replicas: 0, selector: 'app=d' },
  });
  const put = (scale: object): Promise<Response> => api.call('PUT', `${DEPLOYMENT}/scale`, scale);
  expect((await body(put({ metadata: { name: 'd' }, spec: { replicas: 2 } }))).spec).toEqual({ replicas: 2 });
  expect((await body(api.call('PATCH', `${DEPLOYMENT}/scale`, '{"spec":{"replicas":3}}', MERGE))).spec).toEqual({
    replicas: 3,
  });
  expect((await body(api.call('GET', DEPLOYMENT))).spec).toMatchObject({
    replicas: 3,
    selector: { matchLabels: { app: 'd' } },
  });
  expect(await outcome(put({ metadata: { name: 'd' }, spec: { replicas: -1 } }))).toBe(
    '422 Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  );
  expect(await outcome(put({ metadata: { name: 'd', resourceVersion: '1' }, spec: { replicas: 9 } }))).toStartWith(
    '409 ',
  );
  expect(await outcome(api.call('GET', `${DEPLOYMENT.replace(/d$/, 'none')}/scale`))).toBe(
    '404 deployments/scale.apps "none" not found',
  );
});

test('status changes by its own path only', async () => {
  await pod('st');
  await api.call('PATCH', `${PODS}/st/status`, '{"status":{"phase":"Running"},"spec":{"nodeName":"n1"}}', MERGE);
  const after = await body(api.call('GET', `${PODS}/st/status`));
  expect([after.status?.['phase'], after.spec?.['nodeName']]).toEqual(['Running', undefined]);
  await api.call('PATCH', `${PODS}/st`, '{"status":{"phase":"Failed"}}', MERGE);
  expect((await body(api.call('GET', `${PODS}/st`))).status?.['phase']).toBe('Running');
});

test('binding puts a pod on a node once', async () => {
  await pod('bound');
  const bind = (target: object, name = 'bound'): Promise<Response> =>
    api.call('POST', `${PODS}/bound/binding`, { metadata: { name }, target });
  expect(await outcome(bind({ kind: 'Service', name: 'n1' }))).toStartWith('400 target.kind: Unsupported value');
  expect(await outcome(bind({ name: 'n1' }, 'other'))).toBe('400 name in URL does not match name in Binding object');
  expect((await bind({ kind: 'Node', name: 'n1' })).status).toBe(201);
  expect(api.client.get(podKind, 'default', 'bound')?.spec?.nodeName).toBe('n1');
  expect(await outcome(bind({ kind: 'Node', name: 'n2' }))).toBe(
    '409 Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "n1"',
  );
});

test('eviction deletes the pod, unless it is a dry run', async () => {
  await pod('evicted');
  const evict = (query = ''): Promise<Response> =>
    api.call('POST', `${PODS}/evicted/eviction${query}`, { metadata: { name: 'evicted' } });
  expect((await evict('?dryRun=All')).status).toBe(201);
  expect((await api.call('GET', `${PODS}/evicted`)).status).toBe(200);
  expect((await evict()).status).toBe(201);
  expect((await api.call('GET', `${PODS}/evicted`)).status).toBe(404);
});

test('a token of a service account is known to TokenReview and may do little', async () => {
  const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
  const made = await body(api.call('POST', path, { spec: { expirationSeconds: 600 } }));
  const token = String(made.status?.['token']);
  const review = await body(api.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } }));
  expect(review.status).toMatchObject({
    authenticated: true,
    user: { username: 'system:serviceaccount:default:default' },
  });
  expect((await api.call('GET', PODS, undefined, { authorization: `Bearer ${token}` })).status).toBe(403);
  expect(await outcome(api.call('POST', path, { spec: { expirationSeconds: 5 } }))).toContain(
    'may not specify a duration less than 10 minutes',
  );
});

test('a subresource of another room gets the request, its methods kept', async () => {
  expect(await (await api.call('GET', `${PODS}/p/exec?command=a&command=b`)).text()).toBe('default/p a b');
  expect((await api.call('PUT', `${PODS}/p/exec`)).status).toBe(405);
});

test('upgrade() makes the request a WebSocket that speaks the protocol chosen, whichever came first', async () => {
  const socket = new WebSocket(`${api.url.replace('https', 'wss')}${PODS}/p/exec`, {
    headers: { authorization: `Bearer ${api.adminToken}` },
    protocols: ['v4.channel.k8s.io', 'v5.channel.k8s.io'],
    tls: { ca: api.caCertificate },
  });
  socket.binaryType = 'arraybuffer';
  const got: (string | number)[] = [];
  socket.onmessage = ({ data }) => got.push(typeof data === 'string' ? data : (data as ArrayBuffer).byteLength);
  socket.onopen = () => socket.send(new Uint8Array(70_000));
  await eventually(() => expect(got).toEqual(['hello', 70_000]));
  expect(socket.protocol).toBe('v5.channel.k8s.io');
  socket.close();
});

test('a WebSocket without a token is refused', async () => {
  const socket = new WebSocket(`${api.url.replace('https', 'wss')}${PODS}/p/exec`, { tls: { ca: api.caCertificate } });
  const outcome = await new Promise<string>((resolve) => {
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  });
  expect(outcome).toBe('refused');
});
