import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '#test/support/eventually.ts';
import { DatabaseProxy } from './database-proxy.ts';

let directory: string;
/** Says back what it is told. */
let echo: Server;
let proxy: DatabaseProxy;
let clients: Client[];

interface Client {
  readonly socket: Socket;
  heard: string;
  closed: boolean;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-proxy-'));
  const path = join(directory, 'socket');
  echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(path, resolve));
  proxy = await DatabaseProxy.start(path);
  clients = [];
});
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await proxy.stop();
  await new Promise((resolve) => echo.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

const startup = (use: string): string => `application_name\0skep ${use}\0`;

/** A connection with this use, which has heard its start-up message back. */
async function open(use: string): Promise<Client> {
  const client: Client = { socket: connect(proxy.port, '127.0.0.1'), heard: '', closed: false };
  clients.push(client);
  client.socket.on('data', (bytes) => (client.heard += String(bytes)));
  client.socket.on('close', () => (client.closed = true));
  client.socket.on('error', () => undefined);
  client.socket.write(startup(use));
  await eventually(() => expect(client.heard).toBe(startup(use)));
  client.heard = '';
  return client;
}

test('freeze() holds back one use in silence, and thaw() lets what waited through in order', async () => {
  const [writer, listener] = [await open('writer'), await open('listener')];
  expect([...proxy.uses()].sort()).toEqual(['listener', 'writer']);
  proxy.freeze('writer');
  for (const word of ['one ', 'two ', 'three']) writer.socket.write(word);
  listener.socket.write('heard');
  await eventually(() => expect(listener.heard).toBe('heard'));
  expect([writer.heard, writer.closed]).toEqual(['', false]);
  proxy.thaw();
  await eventually(() => expect(writer.heard).toBe('one two three'));
});

test('freeze() of one direction holds back answers, and takes in connections that are made later', async () => {
  proxy.freeze('pool', ['down']);
  const late = connect(proxy.port, '127.0.0.1');
  const client: Client = { socket: late, heard: '', closed: false };
  clients.push(client);
  late.on('data', (bytes) => (client.heard += String(bytes)));
  late.write(startup('pool'));
  await eventually(() => expect(proxy.uses()).toEqual(['pool']));
  const other = await open('writer');
  other.socket.write('x');
  await eventually(() => expect(other.heard).toBe('x'));
  expect(client.heard).toBe('');
  proxy.thaw();
  await eventually(() => expect(client.heard).toBe(startup('pool')));
});

test('delay() makes answers late, and keeps their order', async () => {
  const client = await open('session');
  proxy.delay(150, 'session', ['down']);
  const sent = performance.now();
  client.socket.write('late ');
  client.socket.write('but whole');
  await eventually(() => expect(client.heard).toBe('late but whole'));
  expect(performance.now() - sent).toBeGreaterThan(140);
});

test('cut() closes the connections of one use, also frozen ones', async () => {
  const [writer, listener] = [await open('writer'), await open('listener')];
  proxy.freeze('listener');
  proxy.cut('listener');
  await eventually(() => expect(listener.closed).toBe(true));
  await eventually(() => expect(proxy.uses()).toEqual(['writer']));
  expect(writer.closed).toBe(false);
});
