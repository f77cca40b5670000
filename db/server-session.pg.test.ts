import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import { DatabaseProxy } from '#test/checker/database-proxy.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { type Database, connect } from './connect.ts';
import { ServerSession } from './server-session.ts';

let database: Database;
const sessions: ServerSession[] = [];
const times = { tickMs: 50, aloneTickMs: 1_000, answerMs: 1_000, confirmedMs: 100, outwaitMs: 110 };
/** Memory that has everything. */
const ALL = Number.MAX_SAFE_INTEGER;

beforeAll(async () => {
  database = await connect(await createTestDatabase());
});
afterEach(async () => {
  for (const one of sessions.splice(0)) await one.stop();
});
afterAll(() => database.close());

async function session(): Promise<ServerSession> {
  const one = new ServerSession({ address: database.address, log: silentLog, times });
  sessions.push(one);
  void one.run();
  await one.joined();
  return one;
}

const lead = (one: ServerSession) => one.lead('controllers', new AbortController().signal);
const alone = (one: ServerSession) => eventually(() => expect(one.isAlone(ALL)).toBe(true));
/** Ends the newest session as a crash would: at once, with nothing said. */
const terminate = () => database.pool`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'skep session' AND datname = current_database() ORDER BY backend_start DESC LIMIT 1`;

test('isAlone() is true of the only server, false as soon as a second is a member, true again when that has gone', async () => {
  const first = await session();
  await alone(first);
  const second = await session();
  expect([first.isAlone(ALL), second.isAlone(ALL)]).toEqual([false, false]);
  await second.stop();
  await alone(first);
});

test('isAlone() stays false while others are there, however many come and go', async () => {
  const first = await session();
  await alone(first);
  const others = await Promise.all([session(), session(), session()]);
  for (const one of others.slice(1)) await one.stop();
  const until = Date.now() + 500;
  await eventually(() => {
    expect(first.isAlone(ALL) || others[0]?.isAlone(ALL)).toBe(false);
    if (Date.now() < until) throw new Error('Not yet looked at for long enough');
  });
});

test('lead() gives one server the lead; it passes on when that stops', async () => {
  const [first, second] = [await session(), await session()];
  const { lost } = await lead(first);
  let taken = false;
  const waiting = lead(second).then((term) => ((taken = true), term));
  await second.liveServers();
  expect([first.isLeader, taken, lost.aborted]).toEqual([true, false, false]);
  await first.stop();
  expect(lost.aborted).toBe(true);
  expect((await waiting).lost.aborted).toBe(false);
});

test('a leader whose session is ended is told, and another one takes over', async () => {
  const [second, first] = [await session(), await session()];
  const { lost } = await lead(first);
  const taken = lead(second);
  await terminate();
  await taken;
  expect([lost.aborted, first.isLeader, second.isLeader]).toEqual([true, false, true]);
  await first.joined();
  expect((await second.liveServers()).size).toBe(2);
});

test('liveServers() names those whose session lives', async () => {
  const [first, second] = [await session(), await session()];
  expect([...(await first.liveServers())].sort()).toEqual([first.id, second.id].sort());
  await second.stop();
  expect([...(await first.liveServers())]).toEqual([first.id]);
});

test('a session that does not answer is given up', async () => {
  const first = await session();
  const { lost } = await lead(first);
  const { spawnSync } = await import('node:child_process');
  const [row] = await database.pool<{ pid: number }[]>`SELECT pid FROM pg_stat_activity
    WHERE application_name = 'skep session' AND datname = current_database()`;
  const pid = String(row?.pid);
  spawnSync('kill', ['-STOP', pid]);
  try {
    await eventually(() => expect([lost.aborted, first.isMember]).toEqual([true, false]), 10_000);
  } finally {
    spawnSync('kill', ['-CONT', pid]);
  }
  await first.joined();
});

test('a server whose process is stopped loses its session, and the lead, to the others', async () => {
  const proxy = await DatabaseProxy.start(
    'socketDirectory' in database.address ? `${database.address.socketDirectory}/.s.PGSQL.5432` : '',
  );
  const name = 'database' in database.address ? database.address.database : '';
  const frozen = new ServerSession({
    address: { url: `postgres://postgres@127.0.0.1:${proxy.port}/${name}` },
    log: silentLog,
    times: { ...times, silentMs: 3_000 },
  });
  sessions.push(frozen);
  void frozen.run();
  await frozen.joined();
  await lead(frozen);
  const other = await session();
  const taken = lead(other);
  // It asks no more, while its connection stays.
  proxy.freeze('session', ['up']);
  await taken;
  await alone(other);
  expect([other.isLeader, frozen.isLeader]).toEqual([true, false]);
  proxy.thaw();
  await frozen.joined();
  await frozen.stop();
  await proxy.stop();
});
