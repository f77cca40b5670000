import { type Socket, connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { eventually } from '#test/support/eventually.ts';
import { Metrics } from '#base/metrics.ts';
import { FlowControl } from './flow-control.ts';
import { parseRequest } from './request-info.ts';

const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
let api: ApiServer;
const sockets: Socket[] = [];
beforeAll(async () => {
  api = await startApiServer({ port: 0, limits: { reads: 2, writes: 2, longRunning: 1 } });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await api.stop();
});

const outcome = async (response: Response): Promise<string> =>
  `${response.status} ${((await response.json()) as { message?: string }).message}`;

/** Sends a text over a connection of its own; answers what comes back so far. */
function raw(text: string): { readonly said: () => string; readonly socket: Socket } {
  const { hostname, port } = new URL(api.url);
  const socket = tlsConnect({ host: hostname, port: Number(port), ca: api.caCertificate });
  let said = '';
  socket.on('data', (data) => (said += data.toString()));
  socket.on('error', () => undefined);
  socket.write(text);
  sockets.push(socket);
  return { said: () => said, socket };
}

const head = (method: string, path: string, headers: string): string =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${api.adminToken}\r\n${headers}\r\n`;

test('a watch beyond the limit is 429 with Retry-After, and gets in when the other has ended', async () => {
  const path = `${CONFIGMAPS}?watch=1`;
  const first = await api.call('GET', path);
  const second = await api.call('GET', path);
  expect(second.headers.get('retry-after')).toBe('1');
  expect(await outcome(second)).toBe('429 Too many requests, please try again later.');
  await first.body?.cancel();
  const third = await eventually(async () => {
    const response = await api.call('GET', path);
    expect(response.status).toBe(200);
    return response;
  });
  await third.body?.cancel();
});

test('writers that send no body have their deadline: 504, and the seats are free for others when they are gone', async () => {
  const slow = Array.from({ length: 2 }, () =>
    raw(head('POST', `${CONFIGMAPS}?timeout=300ms`, 'Content-Length: 100\r\n')),
  );
  for (const { said } of slow)
    await eventually(() => expect(said()).toContain('Timeout: request did not complete within the allotted timeout'));
  expect(slow[0]?.said()).toStartWith('HTTP/1.1 504');
  // Reads have seats of their own.
  expect((await api.call('GET', CONFIGMAPS)).status).toBe(200);
  const waiting = api.call('POST', CONFIGMAPS, { metadata: { name: 'waits' } });
  for (const { socket } of slow) socket.destroy();
  expect((await waiting).status).toBe(201);
});

test('a timeout that is no duration is 400', async () => {
  expect(await outcome(await api.call('GET', `${CONFIGMAPS}?timeout=5`))).toBe(
    '400 invalid timeout specified in the request URL - time: missing unit in duration "5"',
  );
  expect((await api.call('GET', `${CONFIGMAPS}?timeout=1m30s`)).status).toBe(200);
});

test('a body of more than 3 MB is 413, with its length told or not', async () => {
  const text = JSON.stringify({ metadata: { name: 'large' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } });
  const expected = '413 Request entity too large: limit is 3145728';
  const headers = { 'content-type': 'application/json' };
  expect(
    await outcome(await api.call('POST', CONFIGMAPS, text, { ...headers, 'content-length': String(text.length) })),
  ).toBe(expected);
  const chunked = raw(head('POST', CONFIGMAPS, 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n'));
  chunked.socket.write(`${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`);
  await eventually(() => expect(chunked.said()).toContain('Request entity too large: limit is 3145728'));
});

test('too large headers are 431, a plain HTTP request to the TLS port gets none of the server', async () => {
  const large = raw(head('GET', CONFIGMAPS, `X-Large: ${'y'.repeat(20_000)}\r\n`));
  await eventually(() => expect(large.said()).toStartWith('HTTP/1.1 431'));
  const plain = connect(Number(new URL(api.url).port), '127.0.0.1');
  sockets.push(plain);
  const ended = new Promise((resolve) => plain.once('close', resolve));
  plain.on('error', () => undefined);
  plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await ended;
});

test('FlowControl: an ordinary user has half of the seats, masters have seats of their own', async () => {
  const flow = new FlowControl({ reads: 4, writes: 2, longRunning: 4 }, new Metrics());
  const url = new URL('http://localhost/api/v1/namespaces/a/pods');
  const enter = (name: string, group: string, method = 'POST') =>
    flow.enter({ name, groups: [group] }, parseRequest(method, url), new Request(url.href, { method }));
  const jane = [enter('jane', 'people'), enter('jane', 'people'), enter('jane', 'people', 'GET')];
  const joe = [enter('joe', 'people'), enter('joe', 'people')];
  const system = [
    enter('admin', 'system:masters'),
    enter('admin', 'system:masters'),
    enter('system:serviceaccount:kube-system:dns', 'system:serviceaccounts', 'GET'),
  ];
  const waits = [jane, joe, system].map((entered) => entered.map((one) => one instanceof Promise));
  expect(waits).toEqual([
    [false, true, false],
    [false, true],
    [false, false, false],
  ]);
  // Nobody is left waiting: a wait that ends after the test would be another test's fault.
  await Promise.all([...jane, ...joe].map(async (one) => (await one)()));
});
