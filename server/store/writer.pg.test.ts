import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { Sql } from 'postgres';
import type { KubeObject } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Database } from '#db/connect.ts';
import { DatabaseError } from '#db/errors.ts';
import { startEpoch } from '#db/epoch.ts';
import { makePartitions } from '#db/log-partitions.ts';
import { writeBatch } from '#db/objects.ts';
import { openTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { encode } from './encoding.ts';
import { type Membership, soleMember } from './freshness.ts';
import { LogFollower } from './log-follower.ts';
import { WatchCache } from './watch-cache.ts';
import { BatchWriter } from './writer.ts';

let database: Database;
let cache: WatchCache;

beforeEach(async () => {
  database = await openTestDatabase();
  cache = new WatchCache(silentLog);
  await new LogFollower(database, cache, silentLog).load();
});
afterEach(() => database.close());

const lost = (code: string): Error => Object.assign(new Error(code), { code });
const configMap = (name: string): KubeObject =>
  ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'ns' } }) as KubeObject;
const create = (writer: BatchWriter, name: string) =>
  writer.write({
    operation: 'create',
    resource: 'configmaps',
    namespace: 'ns',
    name,
    expectedRevision: 0,
    object: configMap(name),
  });
const reasonOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'stored',
    (error: unknown) => (error instanceof StatusError ? error.reason : String(error)),
  );
/** A lane whose statements end as `run` does, given what it really does. */
const laneThat = (run: (statement: () => Promise<unknown>) => Promise<unknown>): Sql =>
  ({
    unsafe: (...args: Parameters<Sql['unsafe']>) => run(() => database.writer.unsafe(...args)),
  }) as unknown as Sql;

test('a batch that is committed is never refused, though memory cannot follow it because Postgres refuses connections', async () => {
  const follower = new LogFollower(database, cache, silentLog);
  let refusals = 2;
  const writer = new BatchWriter({
    database,
    cache,
    log: silentLog,
    follower: {
      catchUp: () => (refusals-- > 0 ? Promise.reject(lost('ECONNREFUSED')) : follower.catchUp()),
    } as unknown as LogFollower,
  });
  // Another server's batch in between: memory must read the log before it can have ours.
  const value = encode(configMap('x'));
  await writeBatch(database.pool, [{ resource: 'configmaps', namespace: 'ns', name: 'x', expectedRevision: 0, value }]);
  expect(await reasonOf(create(writer, 'committed'))).toBe('stored');
  expect(cache.get('configmaps', 'ns', 'committed')?.name).toBe('committed');
});

test('a batch whose outcome the log can no longer tell is unknown: Timeout, never ServiceUnavailable', async () => {
  const writer = new BatchWriter({
    database: {
      ...database,
      writer: laneThat(async (statement) => {
        await statement();
        await database.pool`UPDATE revision SET value = 20000 WHERE id = 1`;
        await makePartitions(database.pool);
        await database.pool.unsafe('DROP TABLE changes_0');
        throw lost('CONNECTION_CLOSED');
      }),
    },
    cache,
    log: silentLog,
    follower: new LogFollower(database, cache, silentLog),
  });
  expect(await reasonOf(create(writer, 'forgotten'))).toBe('Timeout');
});

test('a batch whose outcome nobody tells in time is unknown, also when the question itself hangs', async () => {
  const clock = new ManualClock();
  const hanging = Promise.withResolvers<never>();
  let asked = false;
  const writer = new BatchWriter({
    database: {
      ...database,
      writer: laneThat(() => Promise.reject(lost('CONNECTION_CLOSED'))),
      pool: (() => ((asked = true), hanging.promise)) as unknown as Sql,
    },
    cache,
    log: silentLog,
    clock,
    follower: new LogFollower(database, cache, silentLog),
  });
  const outcome = reasonOf(create(writer, 'unknown'));
  await eventually(() => expect(asked).toBe(true));
  await clock.advance(15_000);
  expect(await outcome).toBe('Timeout');
  expect(await reasonOf(create(writer, 'next'))).toBe('ServiceUnavailable');
});

test('a batch whose epoch has ended is sent again under the new one; refused, when this server is no member any more', async () => {
  const { epoch } = await startEpoch(database.pool);
  const membership = { ...soleMember, epoch, renewEpoch: () => Promise.resolve() };
  membership.renewEpoch = async () => {
    membership.epoch = (await startEpoch(database.pool)).epoch;
  };
  const follower = new LogFollower(database, cache, silentLog);
  const writer = new BatchWriter({ database, cache, follower, log: silentLog, membership: membership as Membership });
  await startEpoch(database.pool);
  expect(await reasonOf(create(writer, 'again'))).toBe('stored');
  await startEpoch(database.pool);
  membership.renewEpoch = () => Promise.reject(new DatabaseError('unavailable', 'no session'));
  expect(await reasonOf(create(writer, 'no-member'))).toBe('ServiceUnavailable');
  const rows = await database.pool<{ name: string }[]>`SELECT name FROM objects`;
  expect(rows.map(({ name }) => name)).toEqual(['again']);
});

test('a deletion whose outcome was lost is not taken for that of another client, who deleted the same revision', async () => {
  const follower = new LogFollower(database, cache, silentLog);
  const stored = await create(new BatchWriter({ database, cache, follower, log: silentLog }), 'contested');
  const key = { resource: 'configmaps', namespace: 'ns', name: 'contested', expectedRevision: stored.revision };
  const deletion = (user: string, throughOther: boolean) => {
    const lane = laneThat(async (statement) => {
      const other = { ...key, value: null, user: 'other', userAgent: 'kubectl' };
      await (throughOther ? writeBatch(database.pool, [other]) : statement());
      throw lost('CONNECTION_CLOSED');
    });
    const writer = new BatchWriter({ database: { ...database, writer: lane }, cache, follower, log: silentLog });
    const origin = { user, userAgent: 'kubectl' };
    return reasonOf(writer.write({ operation: 'delete', ...key, object: configMap('contested'), origin }));
  };
  expect(await deletion('me', true)).toBe('ServiceUnavailable');
  const again = await create(new BatchWriter({ database, cache, follower, log: silentLog }), 'contested');
  Object.assign(key, { expectedRevision: again.revision });
  expect(await deletion('me', false)).toBe('stored');
});
