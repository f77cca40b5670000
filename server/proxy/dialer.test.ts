import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kind, KubeObject } from '#api/kind.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import { CHANNEL, decodeStreamData } from '#api/wire/stream-frame.ts';
import { type StreamCarrier, StreamTable, type WireStream } from '#api/wire/wire-stream.ts';
import { type Authority, loadAuthority } from '#server/identity/authority.ts';
import type { Client } from '#server/store/client.ts';
import { createDialer } from './dialer.ts';
import { exchange, readBody } from './http-exchange.ts';
import { createWebhookClient } from './webhook-client.ts';

let directory: string;
let authority: Authority;
let https: ReturnType<typeof Bun.serve>;
let plain: ReturnType<typeof Bun.serve>;
const BIG = new Uint8Array(3_000_000).fill(97);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-dialer-'));
  authority = await loadAuthority(directory, ['hook.ns.svc', '127.0.0.1']);
  const tls = { cert: authority.servingCertificate, key: authority.servingKey };
  https = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls,
    async fetch(request) {
      const url = new URL(request.url);
      if (url.pathname === '/fails') return new Response('no such luck', { status: 500 });
      if (url.pathname === '/slow') return new Promise<Response>(() => undefined);
      return Response.json({ heard: await request.json(), query: url.search, host: request.headers.get('host') });
    },
  });
  plain = Bun.serve<undefined>({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request, server) {
      if (request.headers.get('upgrade') === 'websocket')
        return server.upgrade(request, { data: undefined }) ? undefined : new Response('', { status: 400 });
      return new URL(request.url).pathname === '/big' ? new Response(BIG) : new Response(request.body);
    },
    websocket: { message: (socket, message) => void socket.send(`heard ${String(message)}`) },
  });
});
afterAll(async () => {
  await https.stop(true);
  await plain.stop(true);
  await rm(directory, { recursive: true, force: true });
});

/** The node's end of a stream: bytes to and from a port of this host. */
async function serveHere(wire: WireStream, port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', (error) => wire.close({ error: `error forwarding port ${port} to pod: ${error.message}` }));
  void (async () => {
    for await (const message of wire) {
      if (message.channel !== CHANNEL.stdin) continue;
      if (message.eof) socket.end();
      else socket.write(message.data);
    }
    socket.destroy();
  })();
  try {
    for await (const chunk of socket) await wire.write(CHANNEL.stdout, chunk as Uint8Array);
    wire.close();
  } catch {
    // Told by the event.
  }
}

let closedPaths = 0;
const nodes = {
  find: async () => {
    const carry = (to: () => StreamTable): StreamCarrier => ({
      async sendBinary(message) {
        const piece = decodeStreamData(message);
        if (piece !== undefined) to().find(piece.stream)?.receive(piece.channel, piece.data);
      },
      sendFrame(frame) {
        if (frame.type === 'credit') to().find(frame.stream)?.receiveCredit(frame.bytes);
        else to().find(frame.stream)?.receiveClose(frame);
      },
    });
    const hub: StreamTable = new StreamTable(carry(() => agent));
    const agent: StreamTable = new StreamTable(carry(() => hub));
    return {
      isOver: false,
      open(request: { verb: string; port?: number }) {
        void serveHere(agent.add(1), request.port ?? 0);
        return hub.add(1);
      },
      close: () => void (closedPaths += 1),
    };
  },
};

/** A cluster with the Service `ns/hook`: port 443 leads to pod `p` at `port`. */
function clusterWith(port: number, endpoints: readonly object[] = [podEndpoint]): Pick<Client, 'get' | 'list'> {
  const objects: readonly [Kind, object][] = [
    [serviceKind as unknown as Kind, { metadata: { name: 'hook' }, spec: { ports: [{ port: 443 }] } }],
    [podKind as unknown as Kind, { metadata: { name: 'p' }, spec: { nodeName: 'n1', containers: [] } }],
  ];
  const slice = {
    metadata: { labels: { 'kubernetes.io/service-name': 'hook' } },
    ports: [{ name: '', port }],
    endpoints,
  };
  return {
    get: <T extends KubeObject>(kind: Kind<T>, _namespace: string, name: string) =>
      objects.find(([one, object]) => one.kind === kind.kind && (object as T).metadata.name === name)?.[1] as T,
    list: <T extends KubeObject>(kind: Kind<T>) =>
      (kind.kind === endpointSliceKind.kind ? [slice] : []) as unknown as readonly T[],
  };
}
const podEndpoint = { addresses: ['10.42.0.5'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'p' } };
const service = { namespace: 'ns', name: 'hook' };
const caOf = (pem: string): string => Buffer.from(pem).toString('base64');
const portOf = (server: ReturnType<typeof Bun.serve>): number => server.port ?? 0;

test('a webhook of a Service is asked through the node of its pod, and its certificate is checked by caBundle', async () => {
  const webhooks = createWebhookClient(createDialer({ client: () => clusterWith(portOf(https)), nodes }));
  const before = closedPaths;
  const answer = await webhooks.call(
    { service: { ...service, path: '/p' }, caBundle: caOf(authority.caCertificate) },
    { a: 1 },
    10_000,
  );
  expect(answer).toEqual({ heard: { a: 1 }, query: '?timeout=10s', host: 'hook.ns.svc' });
  expect(closedPaths).toBe(before + 1);
});

test('a webhook whose certificate is of another authority is refused', async () => {
  const webhooks = createWebhookClient(createDialer({ client: () => clusterWith(portOf(https)), nodes }));
  await expect(webhooks.call({ service }, {}, 10_000)).rejects.toThrow(
    'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  );
});

test('a webhook that answers an error, nothing in time, or not at all is told in the words of Go', async () => {
  const target = (path: string) => ({ service: { ...service, path }, caBundle: caOf(authority.caCertificate) });
  const webhooks = createWebhookClient(createDialer({ client: () => clusterWith(portOf(https)), nodes }));
  await expect(webhooks.call(target('/fails'), {}, 10_000)).rejects.toThrow(
    'an error on the server ("no such luck") has prevented the request from succeeding',
  );
  await expect(webhooks.call(target('/slow'), {}, 100)).rejects.toThrow(
    'Post "https://hook.ns.svc/slow?timeout=1s": context deadline exceeded',
  );
  await expect(webhooks.call({ service: { namespace: 'ns', name: 'none' } }, {}, 1000)).rejects.toThrow(
    'service "none" not found',
  );
  const dead = createWebhookClient(createDialer({ client: () => clusterWith(1), nodes }));
  await expect(dead.call(target('/x'), {}, 1000)).rejects.toThrow('error forwarding port 1 to pod');
});

test('service() answers ServiceUnavailable when no endpoint is ready or the port is unknown', async () => {
  const asleep = createDialer({
    client: () => clusterWith(1, [{ ...podEndpoint, conditions: { ready: false } }]),
    nodes,
  });
  await expect(asleep.service({ ...service, port: 443 })).rejects.toThrow('no endpoints available for service "hook"');
  await expect(asleep.service({ ...service, port: 80 })).rejects.toThrow('no service port 80 found for service "hook"');
});

test('an endpoint that is no pod is dialed from the server', async () => {
  const outside = [{ addresses: ['127.0.0.1'] }];
  const webhooks = createWebhookClient(createDialer({ client: () => clusterWith(portOf(https), outside), nodes }));
  const answer = await webhooks.call({ service, caBundle: caOf(authority.caCertificate) }, { b: 2 }, 10_000);
  expect(answer).toMatchObject({ heard: { b: 2 } });
});

test('exchange() carries a body that is longer than the credit of a stream, both ways', async () => {
  const dialer = createDialer({ client: () => clusterWith(portOf(plain)), nodes });
  const url = new URL('http://hook.ns.svc/echo');
  const dial = () => dialer.service({ ...service, port: 443 });
  const sent = await exchange({ url, dial, method: 'POST', body: BIG });
  expect((await readBody(sent, 4_000_000)).length).toBe(BIG.length);
  const got = await exchange({ url: new URL('/big', url), dial, method: 'GET' });
  await expect(readBody(got, 1_000_000)).rejects.toThrow('response body too large');
});

test('exchange() hands over the connection after an upgrade', async () => {
  const dialer = createDialer({ client: () => clusterWith(portOf(plain)), nodes });
  const { status, upgraded } = await exchange({
    url: new URL('http://hook.ns.svc/ws'),
    dial: () => dialer.service({ ...service, port: 443 }),
    method: 'GET',
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    },
  });
  expect(status).toBe(101);
  // One masked text frame `hi`, its mask all zeros.
  upgraded?.write(new Uint8Array([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  const first = await new Promise<Buffer>((resolve) => upgraded?.once('data', resolve));
  expect(first.subarray(2).toString()).toBe('heard hi');
  upgraded?.destroy();
});
