import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import type { NodePath } from '#server/nodes/node-path.ts';
import { notConnected } from '#server/nodes/sessions.ts';
import { type NodeProxyParts, nodeProxySubresource } from './node-proxy.ts';
import { proxySubresources } from './proxy.ts';

const PODS = '/api/v1/namespaces/default/pods';
const PAGE = '<a href="/next?x=1#y">n</a> <a href="more">m</a> <img src="http://elsewhere.example/i.png">';
let api: ApiServer;

/** What the pod runs: tells what it was asked, and whatever a test wants. */
const target = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request, server) {
    const { pathname, search } = new URL(request.url);
    if (pathname === '/ws' && server.upgrade(request)) return undefined;
    if (pathname === '/page') return new Response(PAGE, { headers: { 'content-type': 'text/html; charset=utf-8' } });
    if (pathname === '/moved') return new Response(null, { status: 302, headers: { location: '/there?a=b' } });
    if (pathname === '/teapot') return new Response('short and stout', { status: 418, headers: { 'x-own': 'yes' } });
    if (pathname === '/big') return new Response('x'.repeat(5_000_000));
    const told = { method: request.method, path: pathname + search, headers: request.headers.toJSON() };
    return Response.json({ ...told, body: await request.text() });
  },
  websocket: {
    message(socket, data) {
      if (data === 'bye') socket.close(4001, 'as you wish');
      else socket.send(data);
    },
  },
});

const dial = (port: number): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', () => reject(new Error(`dial tcp 10.42.0.9:${port}: connect: connection refused`)));
  });
/** Port 8080 of the pod is the target's; the Service's port 80 too. */
const dialer = {
  pod: ({ port }: { readonly port: number }) => dial(port === 8080 ? (target.port ?? 0) : 1),
  service: () => dial(target.port ?? 0),
};

const idlePath: NodePath = {
  isOver: false,
  open() {
    throw new Error('nothing is opened in this test');
  },
  close: () => undefined,
};

beforeAll(async () => {
  const client: NodeProxyParts['client'] = {
    get: (kind, namespace, name) => api.client.get(kind, namespace, name),
    list: (kind, namespace) => api.client.list(kind, namespace),
  };
  const nodes: NodeProxyParts['nodes'] = {
    find: (name) => (name === 'linked' ? Promise.resolve(idlePath) : Promise.reject(notConnected(name))),
  };
  const figures = { cpuNanoCores: 2, cpuCoreNanoSeconds: 1_500_000_000, memoryWorkingSetBytes: 4096 };
  const container = { name: 'c', ...figures };
  const report = {
    timestampMs: Date.UTC(2026, 0, 1),
    windowMs: 15_000,
    node: { ...figures, memoryAvailableBytes: 8192 },
    pods: [{ namespace: 'default', name: 'p', uid: 'u', containers: [container, { ...container, name: 'd' }] }],
  };
  const usages = { of: async (name: string) => (name === 'linked' ? report : undefined) };
  const subresources = [...proxySubresources({ client, dialer }), nodeProxySubresource({ client, nodes, usages })];
  api = await startApiServer({ port: 0, subresources });
  const pod = (name: string) => ({
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 8080 }] }] },
  });
  expect((await api.call('POST', PODS, pod('p'))).status).toBe(201);
  expect((await api.call('POST', PODS, pod('new'))).status).toBe(201);
  const status = { status: { phase: 'Running', podIP: '10.42.0.9', podIPs: [{ ip: '10.42.0.9' }] } };
  const merge = { 'content-type': 'application/merge-patch+json' };
  expect((await api.call('PATCH', `${PODS}/p/status`, JSON.stringify(status), merge)).status).toBe(200);
  const service = { metadata: { name: 's' }, spec: { ports: [{ name: 'web', port: 80 }] } };
  expect((await api.call('POST', '/api/v1/namespaces/default/services', service)).status).toBe(201);
});
afterAll(async () => {
  await target.stop(true);
  await api.stop();
});

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${api.url}${path}`, {
    ...init,
    redirect: 'manual',
    headers: { authorization: `Bearer ${api.adminToken}`, ...(init.headers as Record<string, string> | undefined) },
    tls: { ca: api.caCertificate },
  });

interface Told {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

test('every method goes through with path, query and body; the credential does not', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? 'hello' : undefined;
    const response = await ask(`${PODS}/p/proxy/a/b%20c?x=1&y`, { method, ...(body === undefined ? {} : { body }) });
    const told = (await response.json()) as Told;
    expect([response.status, told.method, told.path, told.body]).toEqual([200, method, '/a/b%20c?x=1&y', body ?? '']);
    expect(told.headers['authorization']).toBeUndefined();
    expect(told.headers['x-forwarded-uri']).toBe(`${PODS}/p/proxy/a/b%20c`);
  }
  const head = await ask(`${PODS}/p/proxy/teapot`, { method: 'HEAD' });
  expect([head.status, head.headers.get('x-own'), await head.text()]).toEqual([418, 'yes', '']);
});

test('the name may bear scheme and port, of a Service the port by name or number', async () => {
  for (const path of [
    `${PODS}/p:8080`,
    `${PODS}/http:p:8080`,
    '/api/v1/namespaces/default/services/s:80',
    '/api/v1/namespaces/default/services/http:s:web',
  ]) {
    const told = (await (await ask(`${path}/proxy/x`)).json()) as Told;
    expect([path, told.path]).toEqual([path, '/x']);
  }
});

test('status, headers and long bodies come back as they are', async () => {
  const teapot = await ask(`${PODS}/p/proxy/teapot`);
  expect([teapot.status, teapot.headers.get('x-own'), await teapot.text()]).toEqual([418, 'yes', 'short and stout']);
  expect((await (await ask(`${PODS}/p/proxy/big`)).text()).length).toBe(5_000_000);
});

test('links and redirects of the target lead through the proxy', async () => {
  expect(await (await ask(`${PODS}/p/proxy/page`)).text()).toBe(
    PAGE.replace('"/next?x=1#y"', `"${PODS}/p/proxy/next?x=1#y"`),
  );
  const moved = await ask(`${PODS}/p/proxy/moved`);
  expect([moved.status, moved.headers.get('location')]).toEqual([302, `${PODS}/p/proxy/there?a=b`]);
  const bare = await ask(`${PODS}/p/proxy?q=1`);
  expect([bare.status, bare.headers.get('location')]).toEqual([301, `${PODS}/p/proxy/?q=1`]);
});

test('a WebSocket goes through, both ways, with its close', async () => {
  const socket = new WebSocket(`${api.url.replace('https', 'wss')}${PODS}/p/proxy/ws`, {
    headers: { authorization: `Bearer ${api.adminToken}` },
    tls: { ca: api.caCertificate },
  });
  socket.binaryType = 'arraybuffer';
  const heard: (string | number)[] = [];
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    heard.push(typeof data === 'string' ? data : data.byteLength);
    if (heard.length === 2) socket.send('bye');
  });
  socket.addEventListener('open', () => {
    socket.send('hello');
    socket.send(new Uint8Array(100_000));
  });
  const { code, reason } = await closed;
  expect([...heard, code, reason]).toEqual(['hello', 100_000, 4001, 'as you wish']);
});

const failure = async (path: string, headers = {}): Promise<string> => {
  const response = await ask(path, { headers });
  return `${response.status} ${((await response.json()) as { message: string }).message}`;
};

test("what cannot be proxied is told in upstream's words", async () => {
  expect(await failure(`${PODS}/none/proxy/`)).toBe('404 pods "none" not found');
  expect(await failure(`${PODS}/ftp:p:1/proxy/`)).toBe('400 invalid pod request "ftp:p:1"');
  expect(await failure(`${PODS}/new/proxy/`)).toBe('400 address not allowed');
  expect(await failure(`${PODS}/p:81/proxy/`)).toBe(
    '503 error trying to reach service: dial tcp 10.42.0.9:1: connect: connection refused',
  );
  const services = '/api/v1/namespaces/default/services';
  expect(await failure(`${services}/s:81/proxy/`)).toBe('503 no service port 81 found for service "s"');
  expect(await failure(`${services}/s/proxy/`)).toBe('503 no endpoints available for service "s"');
  expect(await failure(`${services}/none:80/proxy/`)).toBe('404 services "none" not found');
  expect(await failure(`${PODS}/p/proxy/`, { connection: 'Upgrade', upgrade: 'SPDY/3.1' })).toBe(
    '400 only WebSocket upgrades can be proxied',
  );
});

test('of a node there is its health and its pods; other ports of it are not opened', async () => {
  for (const name of ['linked', 'away'])
    expect((await api.call('POST', '/api/v1/nodes', { metadata: { name } })).status).toBe(201);
  const scheduled = {
    metadata: { name: 'there' },
    spec: { nodeName: 'linked', containers: [{ name: 'c', image: 'i' }] },
  };
  expect((await api.call('POST', PODS, scheduled)).status).toBe(201);
  expect(await (await ask('/api/v1/nodes/linked/proxy/healthz')).text()).toBe('ok');
  expect(await failure('/api/v1/nodes/away/proxy/healthz')).toStartWith('503 ');
  const pods = (await (await ask('/api/v1/nodes/linked:10250/proxy/pods')).json()) as {
    items: { metadata: { name: string } }[];
  };
  expect(pods.items.map(({ metadata }) => metadata.name)).toEqual(['there']);
  expect((await ask('/api/v1/nodes/linked/proxy/containerLogs/default/p/c')).status).toBe(404);
  expect(await failure('/api/v1/nodes/none/proxy/')).toBe('404 nodes "none" not found');
  expect(await failure('/api/v1/nodes/linked:9100/proxy/metrics')).toBe(
    '503 error trying to reach service: the agent of node "linked" opens no port 9100',
  );
});

test('of a node there is what it uses, as a summary and as metrics', async () => {
  const summary = (await (await ask('/api/v1/nodes/linked/proxy/stats/summary')).json()) as unknown;
  const time = '2026-01-01T00:00:00Z';
  const figures = (times: number) => ({
    cpu: { time, usageNanoCores: 2 * times, usageCoreNanoSeconds: 1_500_000_000 * times },
    memory: { time, workingSetBytes: 4096 * times },
  });
  expect(summary).toEqual({
    node: {
      nodeName: 'linked',
      cpu: figures(1).cpu,
      memory: { time, workingSetBytes: 4096, availableBytes: 8192 },
    },
    pods: [
      {
        podRef: { name: 'p', namespace: 'default', uid: 'u' },
        containers: [
          { name: 'c', ...figures(1) },
          { name: 'd', ...figures(1) },
        ],
        ...figures(2),
      },
    ],
  });
  const metrics = await (await ask('/api/v1/nodes/linked/proxy/metrics/resource')).text();
  const samples = metrics.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(samples).toEqual([
    'container_cpu_usage_seconds_total{container="c",namespace="default",pod="p"} 1.5 1767225600000',
    'container_cpu_usage_seconds_total{container="d",namespace="default",pod="p"} 1.5 1767225600000',
    'container_memory_working_set_bytes{container="c",namespace="default",pod="p"} 4096 1767225600000',
    'container_memory_working_set_bytes{container="d",namespace="default",pod="p"} 4096 1767225600000',
    'node_cpu_usage_seconds_total 1.5 1767225600000',
    'node_memory_working_set_bytes 4096 1767225600000',
    'pod_cpu_usage_seconds_total{namespace="default",pod="p"} 3 1767225600000',
    'pod_memory_working_set_bytes{namespace="default",pod="p"} 8192 1767225600000',
    'resource_scrape_error 0',
  ]);
  expect(await failure('/api/v1/nodes/away/proxy/stats/summary')).toBe(
    '503 error trying to reach service: the agent of node "away" does not say what is used',
  );
});
