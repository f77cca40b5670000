import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createTestDatabase } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { type PgBouncer, hasPgBouncer, startPgBouncer } from '#test/support/pgbouncer.ts';
import { databaseUrl } from '#test/support/server-process.ts';
import { dump } from './backup.ts';
import { createBackup, readHeader } from './backup-file.ts';
import { type Database, type DatabaseAddress, connect, poolerOf } from './connect.ts';
import { ChangeListener } from './listen.ts';
import { writeBatch } from './objects.ts';
import { type QueryPage, openReadOnly } from './query.ts';
import { load, verifyBackup } from './restore.ts';

let address: DatabaseAddress;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  address = await createTestDatabase();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function bouncer(...[mode, settings]: ['session' | 'transaction', Record<string, number>?]): Promise<PgBouncer> {
  const one = await startPgBouncer(address, mode, settings);
  ends.push(() => one.stop());
  return one;
}

async function open(at: DatabaseAddress): Promise<Database> {
  const database = await connect(at);
  ends.push(() => database.close());
  return database;
}

const create = (database: Database, name: string) =>
  writeBatch(database.writer, [{ resource: 'r', namespace: '', name, expectedRevision: 0, value: '{}' }]);

test('connect() finds no pooler before Postgres itself', async () => {
  expect(poolerOf((await open({ url: databaseUrl(address) })).address)).toBeUndefined();
});

describe.skipIf(!hasPgBouncer)('behind PgBouncer', () => {
  test('connect() tells transaction mode from session mode, however connections are given out', async () => {
    for (const [mode, settings] of [
      ['transaction', {}],
      ['transaction', { server_round_robin: 1, min_pool_size: 5 }],
      ['session', {}],
    ] as const) {
      const { address: through } = await bouncer(mode, settings);
      expect([mode, poolerOf((await open(through)).address)]).toEqual([mode, mode]);
    }
  });

  test('statements go through in transaction mode, also when each comes to another connection', async () => {
    const { address: through } = await bouncer('transaction', { server_round_robin: 1, min_pool_size: 6 });
    const database = await open(through);
    const pids = new Set<number>();
    await eventually(async () => {
      const [row] = await database.pool<{ pid: number }[]>`SELECT pg_backend_pid() AS pid WHERE ${'a'} = ${'a'}`;
      pids.add(row?.pid ?? 0);
      expect(pids.size).toBeGreaterThan(3);
    });
    for (let round = 0; round < 20; round++) expect((await create(database, `n-${round}`)).applied).toEqual([true]);
  });

  test('a backup, a restore and a question in SQL go through in transaction mode', async () => {
    const { address: through } = await bouncer('transaction', { server_round_robin: 1, min_pool_size: 3 });
    const database = await open(through);
    for (let round = 0; round < 3; round++) expect((await create(database, `saved-${round}`)).applied).toEqual([true]);
    const directory = await mkdtemp(join(tmpdir(), 'skep-pooler-'));
    ends.push(() => rm(directory, { recursive: true }));
    const path = join(directory, 'backup');
    const writer = await createBackup(path);
    await dump(database.pool, { writer, files: [], onProgress: () => undefined });
    await writer.finish();
    const saved = await database.pool`SELECT name, revision, value FROM objects ORDER BY name`;
    await database.pool`DELETE FROM objects`;
    const backup = await verifyBackup(path, await readHeader(path));
    await load(database.pool, backup, { force: true, onProgress: () => undefined });
    expect([...(await database.pool`SELECT name, revision, value FROM objects ORDER BY name`)]).toEqual([...saved]);

    const asking = await openReadOnly(database);
    ends.push(() => asking.close());
    const ask = async (text: string) => {
      const pages: QueryPage[] = [];
      await asking.query(text, (page) => pages.push(page) > 0);
      return pages.map(({ columns, rows }) => [columns.map(({ name }) => name), rows]);
    };
    expect(await ask('SELECT 1 AS one')).toEqual([[['one'], [['1']]]]);
    expect(await ask('SELECT name, phase FROM pods')).toEqual([[['name', 'phase'], []]]);
    await expect(
      asking.query('WITH d AS (DELETE FROM objects RETURNING 1) SELECT * FROM d', () => true),
    ).rejects.toThrow('read-only transaction');
  });

  test('the listener polls in transaction mode, says so once, and tells of a write within a second', async () => {
    const { address: through } = await bouncer('transaction');
    const database = await open(through);
    const said: string[] = [];
    const nudges: (number | 'look')[] = [];
    const listener = new ChangeListener({
      database,
      log: pino({ level: 'info' }, { write: (line: string) => void said.push(line) }),
      onNudge: (revision) => nudges.push(revision ?? 'look'),
    });
    const running = listener.run();
    ends.push(() => listener.stop());
    await eventually(() => expect(nudges[0]).toBe('look'));
    const { head } = await create(database, 'polled');
    await eventually(() => expect(nudges).toContain(head), 1_000);
    const warnings = said.map((line) => JSON.parse(line) as { msg: string; why: string; pollMs: number });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ why: 'a pooler in transaction mode is in between', pollMs: 500 });
    expect(warnings[0]?.msg).toContain(
      'give --database-url the address of Postgres itself, or of a pool in session mode',
    );
    const listening = await database.pool`SELECT 1 FROM pg_stat_activity
      WHERE application_name = 'skep listener' AND datname = current_database()`;
    expect(listening).toHaveLength(0);
    await listener.stop();
    await running;
  });

  test('the listener hears notifications in session mode', async () => {
    const { address: through } = await bouncer('session');
    const database = await open(through);
    const nudges: (number | 'look')[] = [];
    const listener = new ChangeListener({
      database,
      log: pino({ level: 'silent' }),
      onNudge: (revision) => nudges.push(revision ?? 'look'),
    });
    void listener.run();
    ends.push(() => listener.stop());
    await eventually(() => expect(nudges).toEqual(['look']));
    const { head } = await create(database, 'heard');
    await eventually(() => expect(nudges).toEqual(['look', head]), 400);
  });
});
