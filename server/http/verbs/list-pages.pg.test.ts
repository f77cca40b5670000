import { afterEach, beforeEach, expect, test } from 'bun:test';
import { connect } from '#db/connect.ts';
import { maintainLog } from '#db/log-partitions.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { createTestDatabase } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';

const PATH = '/api/v1/namespaces/paged/configmaps';
/** More than a ring holds, so that memory no longer knows what was before. */
const WRITES = 5_000;
const COUNT = 40;

interface List {
  message?: string;
  reason?: string;
  code?: number;
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: { metadata: { name: string; resourceVersion: string }; data: { at: string } }[];
}

const servers: ApiServer[] = [];
let address: Awaited<ReturnType<typeof createTestDatabase>>;
let api: ApiServer;

beforeEach(async () => {
  address = await createTestDatabase();
  api = await start();
  await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'paged' } });
  // The CA bundle of each namespace is in it too, before them all.
  await eventually(() => expect(api.store.get('configmaps', 'paged', 'kube-root-ca.crt')).toBeDefined());
  for (let index = 0; index < COUNT; index++) await write('POST', nameOf(index), 'first');
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(): Promise<ApiServer> {
  const server = await startApiServer({ database: await connect(address) });
  servers.push(server);
  return server;
}
const nameOf = (index: number): string => `o-${String(index).padStart(3, '0')}`;
async function write(method: 'POST' | 'PUT', name: string, at: string): Promise<void> {
  const path = method === 'POST' ? PATH : `${PATH}/${name}`;
  const response = await api.call(method, path, { metadata: { name }, data: { at } });
  if (!response.ok) throw new Error(await response.text());
}
const get = async (server: ApiServer, query: string): Promise<List> =>
  (await server.call('GET', `${PATH}?labelSelector=!none&${query}`)).json() as Promise<List>;

/** All later pages; `between` runs before each. */
async function rest(server: ApiServer, first: List, between: () => Promise<void>): Promise<List[]> {
  const pages: List[] = [];
  for (let token = first.metadata.continue; token !== undefined;) {
    await between();
    const page = await get(server, `limit=7&continue=${token}`);
    pages.push(page);
    token = page.metadata.continue;
    if (page.reason !== undefined) break;
  }
  return pages;
}
const brief = (pages: readonly List[]): string[] =>
  pages.flatMap(({ items }) => items.map(({ metadata, data }) => `${metadata.name} ${data.at ?? ''}`));
const WHOLE = ['kube-root-ca.crt ', ...Array.from({ length: COUNT }, (_, index) => `${nameOf(index)} first`)];

/** Through the store, as that is faster: `count` writes to objects 30 to 34. */
async function churn(count: number): Promise<void> {
  const one = async (index: number): Promise<void> => {
    const name = nameOf(30 + index);
    for (let round = 0; round < count / 5; round++) {
      const stored = api.store.get('configmaps', 'paged', name);
      if (stored === undefined) throw new Error(`${name} is gone`);
      const object = { ...stored.object, data: { at: `${round}` } };
      const expectedRevision = stored.revision;
      await api.store.write({
        operation: 'update',
        resource: 'configmaps',
        namespace: 'paged',
        name,
        expectedRevision,
        object,
      });
    }
  };
  await Promise.all([0, 1, 2, 3, 4].map(one));
}

/** What a page that comes late must not show: objects made, changed and deleted since. */
async function disturb(): Promise<void> {
  await churn(100);
  const name = `o-${Math.random().toString().slice(2, 8)}-new`;
  await write('POST', name, 'new');
  await write('PUT', nameOf(20), Math.random().toString());
  await api.call('DELETE', `${PATH}/${nameOf(39)}`);
}

test('the pages of one list are of one revision, whatever is written between them', async () => {
  const first = await get(api, 'limit=7');
  await churn(WRITES);
  // Not in the ring, not in the log: only the list itself can tell.
  await compact();
  const pages = await rest(api, first, disturb);
  expect(brief([first, ...pages])).toEqual(WHOLE);
  expect(new Set(pages.map(({ metadata }) => metadata.resourceVersion))).toEqual(
    new Set([first.metadata.resourceVersion]),
  );
}, 60_000);

test('another server answers the later pages from the change log', async () => {
  const first = await get(api, 'limit=7');
  await churn(WRITES);
  await disturb();
  const other = await start();
  expect(() =>
    other.store.subscribe('configmaps', Number(first.metadata.resourceVersion), { event: () => undefined }),
  ).toThrow();
  const pages = await rest(other, first, disturb);
  expect(brief([first, ...pages])).toEqual(WHOLE);
}, 60_000);

test('a token whose revision was compacted gets 410 with one for the rest as it is now, and the pages after that are of one revision', async () => {
  const first = await get(api, 'limit=7');
  await churn(WRITES);
  await compact();
  await write('PUT', nameOf(20), 'second');
  const other = await start();
  const gone = await get(other, `limit=7&continue=${first.metadata.continue}`);
  expect(gone).toMatchObject({ code: 410, reason: 'Expired' });
  expect(gone.message).toStartWith(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.',
  );
  const [second, ...others] = await rest(other, gone, () => Promise.resolve());
  if (second === undefined) throw new Error('no page');
  expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
  const shown = brief([first, second, ...others]);
  expect(shown.map((line) => line.split(' ')[0])).toEqual(WHOLE.map((line) => line.split(' ')[0]));
  expect(shown).toContain(`${nameOf(20)} second`);
  expect(new Set(others.map(({ metadata }) => metadata.resourceVersion))).toEqual(
    new Set([second.metadata.resourceVersion]),
  );
  expect(
    (await get(other, `resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`)).message,
  ).toBe('The resourceVersion for the provided list is too old.');
}, 60_000);

test('remainingItemCount is told without selectors, of the list that the pages are of', async () => {
  const plain = async (query: string): Promise<List> =>
    (await api.call('GET', `${PATH}?${query}`)).json() as Promise<List>;
  const first = await plain('limit=10');
  expect(first.metadata.remainingItemCount).toBe(COUNT + 1 - 10);
  await write('POST', 'o-more', 'new');
  const second = await plain(`limit=10&continue=${first.metadata.continue}`);
  expect(second.metadata.remainingItemCount).toBe(COUNT + 1 - 20);
  const last = await plain(`limit=100&continue=${second.metadata.continue}`);
  expect([last.metadata.remainingItemCount, last.metadata.continue]).toEqual([undefined, undefined]);
  expect((await get(api, 'limit=10')).metadata.remainingItemCount).toBeUndefined();
});

/** Two hours pass, and the log loses all that is older than one. */
async function compact(): Promise<void> {
  const { pool } = api.database;
  for (let round = 0; round < 2; round++) {
    await pool`UPDATE changes SET changed_at = changed_at - interval '2 hours'`;
    await maintainLog(pool, { seconds: 3_600, bytes: 256 * 1024 * 1024 }, true);
    await write('PUT', nameOf(30), `compact ${round}`);
  }
  await maintainLog(pool, { seconds: 3_600, bytes: 256 * 1024 * 1024 }, true);
}
