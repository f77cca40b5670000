import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { type PgBouncer, hasPgBouncer, startPgBouncer } from '#test/support/pgbouncer.ts';
import { type Database, type DatabaseAddress, connect } from './connect.ts';
import { PooledSession } from './pooled-session.ts';
import { load } from './restore.ts';
import { ServerSession } from './server-session.ts';

let direct: DatabaseAddress;
let bouncer: PgBouncer;
let database: Database;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  direct = await createTestDatabase();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function begin(
  settings: Record<string, number> = {},
  mode: 'transaction' | 'session' = 'transaction',
): Promise<void> {
  bouncer = await startPgBouncer(direct, mode, settings);
  ends.push(() => bouncer.stop());
  database = await connect(bouncer.address);
  ends.push(() => database.close());
}

async function pooled(): Promise<PooledSession> {
  const one = new PooledSession({ database, log: silentLog });
  ends.push(() => one.stop());
  void one.run();
  await one.joined();
  return one;
}

async function unpooled(): Promise<ServerSession> {
  const one = new ServerSession({ address: direct, log: silentLog, times: { tickMs: 50, confirmedMs: 200 } });
  ends.push(() => one.stop());
  void one.run();
  await one.joined();
  return one;
}

const lead = (one: PooledSession | ServerSession) => one.lead('controllers', new AbortController().signal);
const ALWAYS = Number.MAX_SAFE_INTEGER;

describe.skipIf(!hasPgBouncer)('PooledSession', () => {
  test('several are members, none is alone, one leads; the lead passes on when that stops', async () => {
    await begin();
    const [first, second] = [await pooled(), await pooled()];
    expect([first.isMember, second.isMember, first.isAlone(), second.isAlone()]).toEqual([true, true, false, false]);
    expect([...(await first.liveServers())].toSorted()).toEqual([first.id, second.id].toSorted());
    const { lost } = await lead(first);
    let taken = false;
    const waiting = lead(second).then((term) => ((taken = true), term));
    await second.renewEpoch();
    expect([first.isLeader, taken, lost.aborted]).toEqual([true, false, false]);
    await first.stop();
    expect(lost.aborted).toBe(true);
    expect((await waiting).lost.aborted).toBe(false);
  });

  test('the locks stay with the session, however busy the other connections are', async () => {
    await begin({ server_round_robin: 1 });
    const one = await pooled();
    await lead(one);
    const busy = Array.from({ length: 200 }, () => database.pool`SELECT pg_sleep(0.001)`);
    await Promise.all(busy);
    expect(await Promise.all([one.renewEpoch(), one.liveServers()])).toEqual([undefined, new Set([one.id])]);
    expect([one.isMember, one.isLeader, one.joins]).toEqual([true, true, 1]);
  });

  test('the open transaction holds no snapshot, no row and no table', async () => {
    await begin();
    const one = await pooled();
    await lead(one);
    await one.renewEpoch();
    const [row] = await database.pool`SELECT a.state, a.backend_xmin, a.backend_xid,
        (SELECT count(*)::int FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'relation'
          AND relation >= 16384) AS tables
      FROM pg_stat_activity a WHERE application_name = 'skep session' AND datname = current_database()`;
    expect({ ...row }).toEqual({ state: 'idle in transaction', backend_xmin: null, backend_xid: null, tables: 0 });
  });

  test('a server that is alone shares with one behind the pooler, and is not alone again while that is there', async () => {
    await begin();
    const alone = await unpooled();
    await eventually(() => expect(alone.isAlone(ALWAYS)).toBe(true));
    const one = await pooled();
    expect([alone.isAlone(ALWAYS), one.isMember]).toEqual([false, true]);
    const until = Date.now() + 500;
    await eventually(() => {
      expect(alone.isAlone(ALWAYS)).toBe(false);
      if (Date.now() < until) throw new Error('Not yet looked at for long enough');
    });
    await one.stop();
    await eventually(() => expect(alone.isAlone(ALWAYS)).toBe(true));
  });

  test('a leader whose session is ended is told, joins again, and again one leads', async () => {
    await begin();
    const [first, second] = [await pooled(), await pooled()];
    const { lost } = await lead(first);
    lead(second).catch(() => undefined);
    await database.pool`SELECT pg_terminate_backend(pid) FROM pg_locks
      WHERE locktype = 'advisory' AND objsubid = 2 AND objid = ${first.id}::int8::oid`;
    await eventually(() => expect(lost.aborted).toBe(true));
    await eventually(() => expect([first.isMember, first.joins]).toEqual([true, 2]));
    await eventually(() => expect(first.isLeader || second.isLeader).toBe(true));
    expect(first.isLeader && second.isLeader).toBe(false);
  });

  test.each([
    ['transaction', 'pooled-session', 'PooledSession'],
    ['session', 'server-session', 'ServerSession'],
  ] as const)(
    'in %s mode Postgres ends the session of a server that has vanished, though the pooler goes on',
    async (mode, file, session) => {
      await begin({}, mode);
      const next = mode === 'session' ? await unpooled() : await pooled();
      const script = `
      import pino from 'pino';
      import { connect } from '#db/connect.ts';
      import { ${session} } from '#db/${file}.ts';
      const database = await connect({ url: process.argv[1] });
      const session = new ${session}({ database, address: database.address, log: pino({ level: 'silent' }) });
      void session.run();
      await session.lead('controllers', new AbortController().signal);
      console.log('leads');
    `;
      const frozen = Bun.spawn([process.execPath, '-e', script, bouncer.address.url], { stdout: 'pipe' });
      ends.push(async () => {
        frozen.kill('SIGKILL');
        await frozen.exited;
      });
      const { value } = await frozen.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toBe('leads\n');
      const before = performance.now();
      frozen.kill('SIGSTOP');
      await lead(next);
      const tookMs = performance.now() - before;
      // It said something at most a second before.
      expect(tookMs).toBeGreaterThan(2_500);
      expect(tookMs).toBeLessThan(7_500);
    },
  );

  test('restore refuses while a server runs behind the pooler', async () => {
    await begin();
    await pooled();
    const header = { format: '', formatVersion: 1, skep: '', createdAt: '', revision: 1, migrations: [] };
    const backup = { path: '/nonexistent', header, counts: {}, files: [] };
    const target = await connect(direct);
    ends.push(() => target.close());
    await expect(load(target.pool, backup, { force: true, onProgress: () => undefined })).rejects.toThrow(
      'a server runs on this database',
    );
  });
});
