import { afterAll, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { probeHttp, probeTcp } from './network-probe.ts';

const seen: Record<string, string> = {};
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request) => {
    const { pathname } = new URL(request.url);
    for (const name of ['user-agent', 'x-probe', 'host']) seen[name] = request.headers.get(name) ?? '';
    if (pathname === '/slow') return new Promise<Response>(() => undefined);
    return new Response('x'.repeat(100_000), { status: Number(pathname.slice(1)) });
  },
});
const silent = createServer((socket) => socket.end());
await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
const address = silent.address();
const silentPort = typeof address === 'object' && address !== null ? address.port : 0;
afterAll(async () => {
  await server.stop(true);
  silent.close();
});

const get = (path: string, port = server.port ?? 0) =>
  probeHttp(
    { scheme: 'http', host: '127.0.0.1', port, path, headers: [{ name: 'X-Probe', value: 'yes\r\nEvil: 1' }] },
    300,
  );
const url = (path: string): string => `http://127.0.0.1:${server.port}${path}`;

test.each([
  ['/200', { healthy: true, output: '' }],
  ['/302', { healthy: true, output: '' }],
  ['/404', { healthy: false, output: 'HTTP probe failed with statuscode: 404' }],
  ['/503', { healthy: false, output: 'HTTP probe failed with statuscode: 503' }],
])('probeHttp() of %s', async (path, outcome) => {
  expect(await get(path)).toEqual(outcome);
  expect(seen).toEqual({ 'user-agent': 'kube-probe/1.33', 'x-probe': 'yesEvil: 1', host: `127.0.0.1:${server.port}` });
});

test('probeHttp() says why there was no answer', async () => {
  const context = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  expect((await get('/slow')).output).toBe(`Get "${url('/slow')}": ${context}`);
  expect((await get('/', 1)).output).toBe(
    'Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused',
  );
  expect((await get('/', silentPort)).output).toBe(`Get "http://127.0.0.1:${silentPort}/": EOF`);
});

test('probeTcp() is healthy when somebody listens', async () => {
  expect(await probeTcp('127.0.0.1', silentPort, 300)).toEqual({ healthy: true, output: '' });
  expect((await probeTcp('127.0.0.1', 1, 300)).output).toBe('dial tcp 127.0.0.1:1: connect: connection refused');
});
