import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type DatabaseAddress, connect } from '#db/connect.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { eventually } from '#test/support/eventually.ts';

const PATH = '/api/v1/namespaces/default/configmaps';

let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer({ limits: { reads: 400, writes: 1_000, longRunning: 100 } });
});
afterAll(() => api.stop());

const scrape = async (): Promise<string> => (await api.call('GET', '/metrics')).text();

/** The value of one series; 0 when it is not there. */
async function value(series: string): Promise<number> {
  const line = (await scrape()).split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

test('a write moves revision, objects, the ring and the count of requests', async () => {
  const CREATES =
    'apiserver_request_total{verb="CREATE",group="",version="v1",resource="configmaps",subresource="",code="201"}';
  const TOOK =
    'apiserver_request_duration_seconds_count{verb="CREATE",group="",version="v1",resource="configmaps",subresource=""}';
  const names = [
    'skep_store_revision',
    'apiserver_storage_objects{resource="configmaps"}',
    'skep_store_ring_events',
    CREATES,
    TOOK,
  ];
  // The namespace gets its own ConfigMap first.
  await eventually(async () => expect(await value('apiserver_storage_objects{resource="configmaps"}')).toBe(2));
  const before = await Promise.all(names.map(value));
  const bytes = await value('skep_store_ring_bytes');
  await api.call('POST', PATH, { metadata: { name: 'one' }, data: { a: 'x'.repeat(1_000) } });
  expect(await Promise.all(names.map(value))).toEqual(before.map((number) => number + 1));
  expect(await value('skep_store_ring_bytes')).toBeGreaterThan(bytes + 1_000);
});

test('requests under way and writes that wait are seen while a batch is on its way', async () => {
  const UNDER_WAY = 'apiserver_current_inflight_requests{request_kind="mutating"}';
  const creates = Array.from({ length: 600 }, (_, index) =>
    api.call('POST', PATH, { metadata: { name: `many-${index}` } }),
  );
  await eventually(async () => expect(await value('skep_store_writes_waiting')).toBeGreaterThan(0));
  expect(await value(UNDER_WAY)).toBeGreaterThan(0);
  await Promise.all(creates);
  expect([await value('skep_store_writes_waiting'), await value(UNDER_WAY)]).toEqual([0, 0]);
  expect(await value('apiserver_current_inflight_requests{request_kind="readOnly"}')).toBe(1);
});

test('a watch is seen as long as it lasts, with the bytes that it has not read', async () => {
  const WATCHES =
    'apiserver_longrunning_requests{verb="WATCH",group="",version="v1",resource="configmaps",subresource=""}';
  const subscribers = await value('skep_store_subscribers');
  const response = await api.call('GET', `${PATH}?watch=1&resourceVersion=${api.store.revision()}`);
  expect([await value(WATCHES), await value('skep_store_subscribers')]).toEqual([1, subscribers + 1]);
  await api.call('POST', PATH, { metadata: { name: 'unread' }, data: { a: 'x'.repeat(10_000) } });
  expect(await value('skep_watch_waiting_bytes')).toBeGreaterThan(10_000);
  expect(await value('skep_watch_waiting_bytes_max')).toBeGreaterThan(10_000);
  await response.body?.cancel();
  expect([await value(WATCHES), await value('skep_store_subscribers')]).toEqual([0, subscribers]);
  expect(await value('skep_watch_waiting_bytes')).toBe(0);
});

test('what a client invents gets into no label', async () => {
  for (const path of [`${PATH}/one/invented`, '/apis/invented/v1/things', '/invented'])
    expect((await api.call('GET', path)).status).toBe(404);
  expect(await scrape()).not.toMatch(/invented/i);
});

test('readyz fails while the database is away, livez does not', async () => {
  const { address } = api.database;
  const database = 'database' in address ? address.database : '';
  const admin = await connect({ ...address, database: 'postgres' } as DatabaseAddress);
  const ready = async (): Promise<string> => (await api.call('GET', '/readyz')).text();
  expect(await ready()).toBe('ok');
  await admin.pool.unsafe(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
  await admin.pool`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${database}`;
  await eventually(async () => expect(await ready()).toContain('[-]database failed: reason withheld\n'));
  expect(await value('skep_store_stale')).toBe(1);
  expect(await (await api.call('GET', '/livez')).text()).toBe('ok');
  await admin.pool.unsafe(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
  await eventually(async () => expect(await ready()).toBe('ok'));
  expect(await value('skep_store_stale')).toBe(0);
  expect(await value('skep_database_answer_age_seconds')).toBeLessThan(30);
  await admin.close();
});
