import { expect, test } from 'bun:test';
import { createLogger } from '#base/logger.ts';
import { Health, type HealthCheck } from './health.ts';
import { type ServerParts, serverChecks } from './server-checks.ts';

const silentLog = createLogger({ name: 'test', level: 'silent' });
const ask = async (health: Health, path: string): Promise<[number, string]> => {
  const url = new URL(path, 'http://localhost');
  const response = await health.answer(url, url.pathname.split('/').slice(1));
  return [response.status, await response.text()];
};

const WELL: ServerParts = {
  store: { isLoaded: true, isStale: false, answerAgeSeconds: 3, refusesWrites: undefined },
  roles: [
    { name: 'controllers', state: 'leading' },
    { name: 'scheduler', state: 'waiting' },
  ],
  stopping: new AbortController().signal,
};
const serverHealth = (parts: Partial<ServerParts>): Health =>
  new Health(serverChecks({ ...WELL, ...parts }), silentLog);

test('answer() is ok, and with verbose the list of checks', async () => {
  const health = serverHealth({});
  expect(await ask(health, '/readyz')).toEqual([200, 'ok']);
  expect(await ask(health, '/readyz?verbose')).toEqual([
    200,
    '[+]ping ok\n[+]store ok\n[+]database ok\n[+]controllers ok\n[+]scheduler ok\n[+]shutdown ok\nreadyz check passed\n',
  ]);
  expect(await ask(health, '/livez?verbose')).toEqual([200, '[+]ping ok\n[+]store ok\nlivez check passed\n']);
  expect(await ask(health, '/healthz?verbose')).toEqual([200, '[+]ping ok\n[+]store ok\nhealthz check passed\n']);
});

test.each<[string, Partial<ServerParts>, string]>([
  ['the objects are not loaded', { store: { ...WELL.store, isLoaded: false } }, 'store'],
  ['memory may be old', { store: { ...WELL.store, isStale: true } }, 'database'],
  ['the database has been silent', { store: { ...WELL.store, answerAgeSeconds: 61 } }, 'database'],
  ['writes are refused', { store: { ...WELL.store, refusesWrites: 'the database does not answer' } }, 'database'],
  ['a role has not started', { roles: [{ name: 'controllers', state: 'new' }] }, 'controllers'],
  ['a role has ended', { roles: [{ name: 'scheduler', state: 'stopped' }] }, 'scheduler'],
  ['the server is stopping', { stopping: AbortSignal.abort() }, 'shutdown'],
])('readyz fails when %s, and names the check', async (_, parts, name) => {
  const health = serverHealth(parts);
  const [status, body] = await ask(health, '/readyz');
  expect(status).toBe(500);
  expect(body.split('\n').filter((line) => line.startsWith('[-]'))).toEqual([`[-]${name} failed: reason withheld`]);
  expect(body).toEndWith('readyz check failed\n');
  expect((await ask(health, `/readyz/${name}`))[0]).toBe(500);
  expect((await ask(health, '/livez'))[0]).toBe(name === 'store' ? 500 : 200);
  expect((await ask(health, `/readyz?exclude=${name}`))[1]).toBe('ok');
});

test('answer() says which checks were left out, and which it does not know', async () => {
  expect(await ask(serverHealth({ roles: [] }), '/readyz?verbose&exclude=store&exclude=etcd')).toEqual([
    200,
    '[+]ping ok\n[+]store excluded: ok\n[+]database ok\n[+]shutdown ok\n' +
      'warn: some health checks cannot be excluded: no matches for "etcd"\nreadyz check passed\n',
  ]);
  expect((await ask(serverHealth({}), '/readyz/etcd'))[0]).toBe(404);
});

test('a check that does not come back fails after the deadline', async () => {
  const hangs: HealthCheck = { name: 'hangs', endpoints: ['readyz'], check: () => new Promise(() => undefined) };
  const [status, body] = await ask(new Health([hangs], silentLog, 20), '/readyz');
  expect([status, body]).toEqual([500, '[+]ping ok\n[-]hangs failed: reason withheld\nreadyz check failed\n']);
});
