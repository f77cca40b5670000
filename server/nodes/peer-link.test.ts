import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Elysia } from 'elysia';
import { StatusError } from '#api/meta/status.ts';
import { INITIAL_CREDIT_BYTES, type StreamRequest } from '#api/wire/frames.ts';
import { CHANNEL, decodeStreamData } from '#api/wire/stream-frame.ts';
import { type StreamCarrier, StreamTable, type WireStream } from '#api/wire/wire-stream.ts';
import { systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import { Metrics } from '#base/metrics.ts';
import { type Authority, loadAuthority } from '#server/identity/authority.ts';
import { eventually } from '#test/support/eventually.ts';
import { NodePaths } from './node-paths.ts';
import { NodeUsages } from './node-usages.ts';
import { PeerGateway } from './peer-gateway.ts';
import { linkToPeer } from './peer-link.ts';
import type { NodeSession } from './session.ts';
import { NodeSessions } from './sessions.ts';

const REQUEST: StreamRequest = { verb: 'portForward', namespace: 'ns', pod: 'p', port: 80 };
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

let directory: string;
let authority: Authority;
let app: { stop(closeAll?: boolean): unknown; server: { port?: number | undefined } | null };
let address: string;
/** The nodes' ends of the streams that were opened, the newest last. */
const opened: WireStream[] = [];
const sessions = new NodeSessions();
const metrics = new Metrics();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-peer-'));
  authority = await loadAuthority(directory, ['127.0.0.1']);
  const gateway = new PeerGateway({ sessions, isServerToken: async (token) => token === 'server', metrics });
  app = new Elysia().use(gateway.routes()).listen({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert: authority.servingCertificate, key: authority.servingKey },
  });
  address = `127.0.0.1:${app.server?.port}`;
  sessions.add(nodeInMemory('n1'));
});
afterAll(async () => {
  await app.stop(true);
  await rm(directory, { recursive: true, force: true });
});

/** A session whose agent is this test: both ends of each stream, joined without a socket. */
function nodeInMemory(nodeName: string): NodeSession {
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
  const hub: StreamTable = new StreamTable(carry(() => node));
  const node: StreamTable = new StreamTable(carry(() => hub));
  let id = 0;
  const session = {
    nodeName,
    heardAt: Date.now(),
    open(_request: StreamRequest) {
      id += 1;
      opened.push(node.add(id));
      return hub.add(id);
    },
    close: (reason: string) => hub.abort(`lost the link to node "${nodeName}": ${reason}`),
  };
  return session as unknown as NodeSession;
}

const connect = (options: Partial<Parameters<typeof linkToPeer>[0]> = {}) =>
  linkToPeer({
    address,
    nodeName: 'n1',
    caCertificate: authority.caCertificate,
    serverToken: async () => 'server',
    ...options,
  });

/** A stream by way of the link, and the node's end of it. */
async function stream() {
  const path = await connect();
  const before = opened.length;
  const near = path.open(REQUEST);
  const far = await eventually(() => {
    const newest = opened[before];
    if (newest === undefined) throw new Error('Not opened yet');
    return newest;
  });
  return { path, near, far };
}

/** What another client does meanwhile: when it is through, a writer that nobody holds up is through too. */
async function roundTrip(): Promise<void> {
  for (let count = 0; count < 5; count++) {
    const { path, near, far } = await stream();
    await far.write(1, bytes('x'));
    far.close();
    expect(await everything(near)).toEqual(['1 x']);
    path.close();
  }
}

async function everything(from: WireStream): Promise<string[]> {
  const got: string[] = [];
  for await (const message of from) got.push(`${message.channel} ${message.eof ? 'eof' : text(message.data)}`);
  return got;
}

async function refusal(connecting: Promise<unknown>): Promise<string> {
  try {
    await connecting;
    return 'connected';
  } catch (error) {
    return error instanceof StatusError ? `${error.code} ${error.message}` : `no Status: ${String(error)}`;
  }
}

test('a stream carries data, the end of a channel and its ending both ways, in order', async () => {
  const { path, near, far } = await stream();
  const atNode: string[] = [];
  void (async () => {
    for await (const message of far) {
      atNode.push(`${message.channel} ${message.eof ? 'eof' : text(message.data)}`);
      if (message.eof) break;
    }
    await far.write(1, bytes('out'));
    await far.write(3, bytes('{"status":"Failure"}'));
    far.close({ error: 'no such port', code: 400 });
  })();
  await near.write(4, bytes('{"Width":80}'));
  await near.write(0, bytes('in'));
  near.closeChannel(0);
  expect(await everything(near)).toEqual(['1 out', '3 {"status":"Failure"}']);
  expect(await near.ended).toEqual({ error: 'no such port', code: 400 });
  expect(atNode).toEqual(['4 {"Width":80}', '0 in', '0 eof']);
  path.close();
});

test('a client that does not read holds the node up, and loses nothing', async () => {
  const { path, near, far } = await stream();
  const piece = new Uint8Array(64 * 1024).fill(7);
  const pieces = 64;
  let written = 0;
  const writing = (async () => {
    for (let count = 0; count < pieces; count++) if (await far.write(1, piece)) written += piece.length;
    far.close();
  })();
  // Each of the two ways has its credit; the relay holds no more than a piece beside.
  await eventually(() => expect(written).toBeGreaterThanOrEqual(INITIAL_CREDIT_BYTES));
  await roundTrip();
  expect(written).toBeLessThanOrEqual(3 * INITIAL_CREDIT_BYTES);
  let read = 0;
  for await (const message of near) if (!message.eof) read += message.data.length;
  await writing;
  expect([read, await near.ended]).toEqual([pieces * piece.length, {}]);
  path.close();
});

test('a node that does not read holds the client up', async () => {
  const { path, near, far } = await stream();
  let written = 0;
  const writing = (async () => {
    for (let count = 0; count < 64; count++) if (await near.write(0, new Uint8Array(64 * 1024))) written += 64 * 1024;
    near.closeChannel(0);
  })();
  await eventually(() => expect(written).toBeGreaterThanOrEqual(INITIAL_CREDIT_BYTES));
  await roundTrip();
  expect(written).toBeLessThanOrEqual(3 * INITIAL_CREDIT_BYTES);
  let read = 0;
  for await (const message of far) {
    if (message.eof) break;
    read += message.data.length;
  }
  await writing;
  expect(read).toBe(64 * 64 * 1024);
  path.close();
});

test('close() ends what the client was doing on the node', async () => {
  const { path, near, far } = await stream();
  path.close();
  expect((await near.ended).error).toContain('is no longer needed');
  await far.ended;
  expect(path.isOver).toBe(true);
  expect((await path.open(REQUEST).ended).error).toContain('is gone');
});

test('a link is seen in the metrics as long as it lasts', async () => {
  const seen = (count: number) =>
    eventually(async () => expect(await metrics.text()).toContain(`\nskep_server_links ${count}\n`));
  await seen(0);
  const path = await connect();
  await seen(1);
  path.close();
  await seen(0);
});

test('a node that loses its link to the other server ends the stream with the reason', async () => {
  const leaving = nodeInMemory('n2');
  sessions.add(leaving);
  const path = await connect({ nodeName: 'n2' });
  const near = path.open(REQUEST);
  await eventually(() => expect(opened.at(-1)?.isOver).toBe(false));
  sessions.remove(leaving);
  leaving.close('a newer link of this node has taken over');
  expect(await near.ended).toEqual({ error: 'lost the link to node "n2": a newer link of this node has taken over' });
  const next = path.open(REQUEST);
  expect(await next.ended).toEqual({ error: 'node "n2" is not connected', code: 503 });
  path.close();
});

test('linkToPeer() is 503 that names the server, and says why', async () => {
  const server = (at: string, node = 'n1'): string =>
    `503 the server at https://${at}, which node "${node}" is connected to`;
  expect(await refusal(connect({ nodeName: 'n9' }))).toBe(`${server(address, 'n9')}, does not have it any more`);
  expect(await refusal(connect({ serverToken: async () => 'admin' }))).toBe(
    `${server(address)}, does not take this server for one of its cluster`,
  );
  expect(await refusal(connect({ address: '127.0.0.1:1' }))).toStartWith(`${server('127.0.0.1:1')}, does not answer`);
  const stranger = await mkdtemp(join(tmpdir(), 'skep-peer-'));
  const { caCertificate } = await loadAuthority(stranger, []);
  await rm(stranger, { recursive: true });
  expect(await refusal(connect({ caCertificate }))).toStartWith(`${server(address)}, does not answer`);
});

test('linkToPeer() gives up a server that takes connections and says nothing', async () => {
  const mute = await new Promise<Server>((resolve) => {
    const listening = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1', () =>
      resolve(listening),
    );
  });
  const where = mute.address();
  const at = `127.0.0.1:${typeof where === 'object' ? where?.port : ''}`;
  expect(await refusal(connect({ address: at, deadlineMs: 50 }))).toBe(
    `503 the server at https://${at}, which node "n1" is connected to, does not answer within 0.05 s`,
  );
  mute.close();
});

test('find() takes the link that is here, else asks where it is, by what was last known when the database is away', async () => {
  let elsewhere: () => Promise<ReadonlyMap<string, string>> = async () => new Map([['n1', address]]);
  const here = new NodeSessions();
  const peers = {
    elsewhere: () => elsewhere(),
    caCertificate: authority.caCertificate,
    serverToken: async () => 'server',
  };
  const paths = new NodePaths(here, peers);
  expect(await refusal(paths.find('n7'))).toBe('503 node "n7" is not connected');
  elsewhere = () => Promise.reject(new Error('away'));
  const far = await paths.find('n1');
  expect(far.isOver).toBe(false);
  far.close();
  here.add(nodeInMemory('n1'));
  const count = opened.length;
  (await paths.find('n1')).open(REQUEST);
  expect(opened.length).toBe(count + 1);
});

test('a node that is linked to another server is asked what it uses by way of that one', async () => {
  const usages = new NodeUsages({
    nodes: new NodePaths(new NodeSessions(), {
      elsewhere: async () => new Map([['n1', address]]),
      caCertificate: authority.caCertificate,
      serverToken: async () => 'server',
    }),
    clock: systemClock,
    log: createLogger({ name: 'test', level: 'silent' }),
  });
  const count = opened.length;
  const answer = usages.of('n1');
  await eventually(async () => expect(opened.length).toBe(count + 1));
  const report = {
    timestampMs: 1,
    windowMs: 1_000,
    node: { cpuNanoCores: 1, cpuCoreNanoSeconds: 2, memoryWorkingSetBytes: 3, memoryAvailableBytes: 4 },
    pods: [],
  };
  const node = opened.at(-1);
  await node?.write(CHANNEL.stdout, bytes(JSON.stringify(report)));
  node?.close();
  expect(await answer).toEqual(report);
});
