import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import { connect } from './connect.ts';
import { type EmbeddedPostgres, startEmbedded } from './embedded.ts';
import { migrate } from './migrate.ts';
import { writeBatch } from './objects.ts';
import { isRunning } from './postmaster.ts';

describe('startEmbedded()', () => {
  let dataDirectory: string;
  let postgres: EmbeddedPostgres;

  beforeAll(async () => {
    // Long: a socket's path could not lie in it.
    const parent = await mkdtemp(join(tmpdir(), 'skep-embedded-'));
    await chmod(parent, 0o711);
    dataDirectory = join(parent, 'x'.repeat(90));
    postgres = await startEmbedded({ dataDirectory, log: silentLog });
  });
  afterAll(async () => {
    await postgres.stop();
    await rm(join(dataDirectory, '..'), { recursive: true, force: true });
    if ('socketDirectory' in postgres.address)
      await rm(postgres.address.socketDirectory, { recursive: true, force: true });
  });

  test('adopts the Postgres that a killed server has left', async () => {
    const adopted = await startEmbedded({ dataDirectory, log: silentLog });
    expect(adopted.pid).toBe(postgres.pid);
    await adopted.stop();
    expect(isRunning(postgres.pid)).toBe(false);
    await postgres.stop();
    postgres = await startEmbedded({ dataDirectory, log: silentLog });
  });

  test('starts it again when it dies, and nothing acknowledged is lost', async () => {
    const database = await connect(postgres.address);
    await migrate(database.pool);
    const create = (name: string) =>
      writeBatch(database.writer, [{ resource: 'r', namespace: '', name, expectedRevision: 0, value: '{}' }]);
    const acknowledged: string[] = [];
    const { pid } = postgres;
    for (let index = 0; index < 10_000 && isRunning(pid); index++) {
      if (index === 200) process.kill(pid, 'SIGKILL');
      await create(`n${index}`).then(
        () => acknowledged.push(`n${index}`),
        () => undefined,
      );
    }
    await eventually(() => expect(postgres.pid).not.toBe(pid), 10_000);
    await eventually(() => create('after'), 10_000);
    const rows = await database.pool<{ name: string }[]>`SELECT name FROM objects`;
    const stored = new Set(rows.map(({ name }) => name));
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    expect(acknowledged.filter((name) => !stored.has(name))).toEqual([]);
    await database.close();
  }, 20_000);

  test('as root says what to do when the way to the data is closed', async () => {
    if (process.getuid?.() !== 0) return;
    const closed = await mkdtemp(join(tmpdir(), 'skep-closed-'));
    await chmod(closed, 0o700);
    const starting = startEmbedded({ dataDirectory: join(closed, 'data'), log: silentLog });
    await expect(starting).rejects.toThrow(`which may not enter ${closed}; use a --data-dir outside of it`);
    await rm(closed, { recursive: true });
  });
});
