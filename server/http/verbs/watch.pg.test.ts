import { type TLSSocket as Socket, connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { eventually } from '#test/support/eventually.ts';

const PATH = '/api/v1/namespaces/watched/configmaps';
const MERGE = { 'content-type': 'application/merge-patch+json' };
interface Event {
  type: string;
  object: {
    kind?: string;
    code?: number;
    reason?: string;
    columnDefinitions?: unknown[] | null;
    metadata: {
      name?: string;
      resourceVersion?: string;
      labels?: Record<string, string>;
      annotations?: Record<string, string>;
    };
  };
}

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'watched' } });
});
afterAll(() => api.stop());

const write = async (name: string, labels: Record<string, string> = {}): Promise<string> => {
  const response = await api.call('POST', PATH, { metadata: { name, labels } });
  return ((await response.json()) as Event['object']).metadata.resourceVersion ?? '';
};
const relabel = (name: string, labels: Record<string, string | null>): Promise<Response> =>
  api.call('PATCH', `${PATH}/${name}`, JSON.stringify({ metadata: { labels } }), MERGE);

/** All events of a watch that ends by itself after a second. */
async function watched(query: string, accept = 'application/json', path = PATH): Promise<Event[]> {
  const response = await api.call('GET', `${path}?watch=1&timeoutSeconds=1&${query}`, undefined, { accept });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  return text
    .split('\n')
    .filter((one) => one.trim() !== '')
    .map((one) => JSON.parse(one) as Event);
}
const brief = (events: readonly Event[]): string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata.name}`);

test('watch() from a revision gives every event after it, in order', async () => {
  const revision = await write('one');
  await relabel('one', { a: 'b' });
  await write('two');
  await api.call('DELETE', `${PATH}/one`);
  const events = await watched(`resourceVersion=${revision}`);
  expect(brief(events)).toEqual(['MODIFIED one', 'ADDED two', 'DELETED one']);
  const revisions = events.map(({ object }) => Number(object.metadata.resourceVersion));
  expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
});

test('watch() turns a change of what a selector sees into ADDED and DELETED, the latter with the state last seen', async () => {
  const revision = await write('shy', { w: '1' });
  await relabel('shy', { w: '2' });
  await relabel('shy', { w: '1' });
  const events = await watched(`resourceVersion=${revision}&labelSelector=w%3D1`);
  expect(brief(events)).toEqual(['DELETED shy', 'ADDED shy']);
  expect(events[0]?.object.metadata.labels).toEqual({ w: '1' });
  expect(Number(events[0]?.object.metadata.resourceVersion)).toBeGreaterThan(Number(revision));
});

test('watch() without a revision begins with what there is', async () => {
  await write('there', { state: 'x' });
  for (const query of ['', 'resourceVersion=0&'])
    expect(brief(await watched(`${query}labelSelector=state`))).toEqual(['ADDED there']);
  expect(await watched('sendInitialEvents=false&resourceVersionMatch=NotOlderThan&labelSelector=state')).toEqual([]);
});

test('watch() ends with a bookmark, and marks the end of the initial events', async () => {
  await write('marked', { mark: 'x' });
  const query = 'allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=mark';
  const [added, end, last] = await watched(query);
  expect([added?.type, end?.type, last?.type]).toEqual(['ADDED', 'BOOKMARK', 'BOOKMARK']);
  expect(end?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  expect(last?.object.metadata.resourceVersion).toBe(String(api.store.revision()));
});

test('watch() as a Table names the columns once, as PartialObjectMetadata sends no data', async () => {
  const revision = await write('formed');
  await relabel('formed', { a: 'b' });
  await relabel('formed', { a: 'c' });
  const table = await watched(`resourceVersion=${revision}`, 'application/json;as=Table;v=v1;g=meta.k8s.io');
  expect(table.map(({ object }) => object.columnDefinitions?.length ?? null)).toEqual([3, null]);
  const partial = await watched(
    `resourceVersion=${revision}`,
    'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  );
  expect(partial.map(({ object }) => object.kind)).toEqual(['PartialObjectMetadata', 'PartialObjectMetadata']);
});

test('watch() on one name by the old path sees that object only', async () => {
  const revision = await write('named');
  await write('other');
  await relabel('named', { a: 'b' });
  const path = '/api/v1/watch/namespaces/watched/configmaps/named';
  expect(brief(await watched(`resourceVersion=${revision}`, 'application/json', path))).toEqual(['MODIFIED named']);
});

test('watch() from a revision that the log has lost is an ERROR event with 410', async () => {
  const { expired } = await import('#api/meta/status.ts');
  const { subscribe, resume } = api.store;
  const lost = expired('too old resource version: 1 (5)');
  api.store.subscribe = () => {
    throw lost;
  };
  api.store.resume = () => Promise.reject(lost);
  const [error] = await watched('resourceVersion=1');
  Object.assign(api.store, { subscribe, resume });
  expect(error).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
});

test('watch() from a revision that this server has yet to reach has no bookmark before it', async () => {
  const ahead = api.store.revision() + 1_000;
  const events = await watched(`resourceVersion=${ahead}&allowWatchBookmarks=1`);
  expect(events.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`)).toEqual([`BOOKMARK ${ahead}`]);
});

test('watch() has no bookmark while it still reads from the log what memory has lost', async () => {
  const { expired } = await import('#api/meta/status.ts');
  const { subscribe, resume } = api.store;
  const reading = Promise.withResolvers<() => void>();
  api.store.subscribe = () => {
    throw expired('too old resource version: 1 (5)');
  };
  api.store.resume = () => reading.promise;
  const events = await watched('resourceVersion=1&allowWatchBookmarks=1');
  Object.assign(api.store, { subscribe, resume });
  reading.resolve(() => undefined);
  expect(events).toEqual([]);
});

test('a watch that its client gives up leaves no subscriber behind', async () => {
  const before = api.store.figures().subscribers;
  const response = await api.call('GET', `${PATH}?watch=1`);
  expect(api.store.figures().subscribers).toBe(before + 1);
  await response.body?.cancel();
  expect(api.store.figures().subscribers).toBe(before);
});

test('a watcher that does not read is cut off when 16 MB wait for it', async () => {
  const before = api.store.figures().subscribers;
  await write('fat');
  const response = await api.call('GET', `${PATH}?watch=1&resourceVersion=${api.store.revision()}`);
  for (let turn = 0; turn < 40 && api.store.figures().subscribers > before; turn++)
    await api.call('PATCH', `${PATH}/fat`, JSON.stringify({ data: { a: `${turn}${'x'.repeat(500_000)}` } }), MERGE);
  expect(api.store.figures().subscribers).toBe(before);
  await expect(response.text()).rejects.toBeUndefined();
});

test('a watcher that does not read its socket is cut off, and another one gets every event meanwhile', async () => {
  const listening = await startApiServer({ port: 0 });
  await listening.call('POST', PATH.replace('/watched/', '/default/'), { metadata: { name: 'fat' } });
  const path = PATH.replace('/watched/', '/default/');
  const before = listening.store.figures().subscribers;
  const from = listening.store.revision();
  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(listening.url);
      const socket = connect({ host: hostname, port: Number(port), ca: listening.caCertificate }, () =>
        socket.write(
          `GET ${path}?watch=1&resourceVersion=${from} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${listening.adminToken}\r\n\r\n`,
        ),
      );
      socket.once('data', () => resolve(socket));
      socket.once('error', reject);
    });
  const slow = await open();
  slow.pause();
  const reader = await open();
  let seen = 0;
  reader.on('data', (bytes: Buffer) => (seen += bytes.toString().split('"type":"MODIFIED"').length - 1));
  expect(listening.store.figures().subscribers).toBe(before + 2);
  let written = 0;
  for (; written < 80 && listening.store.figures().subscribers > before + 1; written++)
    await listening.call(
      'PATCH',
      `${path}/fat`,
      JSON.stringify({ data: { a: `${written}${'x'.repeat(500_000)}` } }),
      MERGE,
    );
  expect(listening.store.figures().subscribers).toBe(before + 1);
  await eventually(() => expect(seen).toBe(written));
  slow.destroy();
  reader.destroy();
  await listening.stop();
});

test('a watch ends when the server stops', async () => {
  const stopping = await startApiServer();
  const reading = (await stopping.call('GET', '/api/v1/namespaces?watch=1&allowWatchBookmarks=1')).text();
  await stopping.stop();
  expect(await eventually(() => reading)).toContain('"type":"BOOKMARK"');
});
