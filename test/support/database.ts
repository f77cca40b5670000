import { setDefaultTimeout } from 'bun:test';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { type Database, type DatabaseAddress, connect } from '#db/connect.ts';
import { type EmbeddedPostgres, startEmbedded } from '#db/embedded.ts';
import { migrate } from '#db/migrate.ts';
import { runningPostmaster } from '#db/postmaster.ts';

/** The server that all test files of one `bun test` share. */
interface TestServer {
  readonly postgres: EmbeddedPostgres;
  readonly admin: Database;
  databases: number;
}

// Making a cluster of databases takes half a second, and several on a machine whose cores are all busy.
setDefaultTimeout(30_000);

const shared = globalThis as typeof globalThis & { skepTestServer?: Promise<TestServer> };

/** Says nothing; for parts under test that log. */
export const silentLog: Logger = pino({ level: 'silent' });

/**
 * A database of its own, migrated, on the embedded Postgres that the test files of a process share. About 0.7 s for the first one, 30 ms for
 * the next ones. Close it in `afterAll`; the server and its directory go when the process ends, however it ends.
 */
export async function openTestDatabase(): Promise<Database> {
  return connect(await createTestDatabase());
}

/** As `openTestDatabase`, but only the address: for tests with several connections to one database. */
export async function createTestDatabase(): Promise<DatabaseAddress> {
  shared.skepTestServer ??= startServer();
  const server = await shared.skepTestServer;
  const database = `test_${++server.databases}`;
  await server.admin.pool.unsafe(`CREATE DATABASE ${database} TEMPLATE skep_template`);
  return { ...server.postgres.address, database } as DatabaseAddress;
}

async function startServer(): Promise<TestServer> {
  await removeAbandoned();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'skep-test-'));
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '100' };
  const postgres = await startEmbedded({ dataDirectory, log: silentLog, settings });
  removeAtEnd(postgres.pid, dataDirectory);
  const admin = await connect(postgres.address);
  await admin.pool.unsafe('CREATE DATABASE skep_template');
  const template = await connect({ ...postgres.address, database: 'skep_template' } as DatabaseAddress);
  await migrate(template.pool);
  await template.close();
  return { postgres, admin, databases: 0 };
}

/** `bun test` kills the children of a test that timed out, the shell below among them; what they left goes at the next start. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith('skep-test-')) continue;
    const directory = join(tmpdir(), name);
    const info = await stat(directory).catch(() => undefined);
    if (info === undefined || Date.now() - info.mtimeMs < 60_000) continue;
    if (runningPostmaster(join(directory, 'postgres', 'data')) === undefined)
      await rm(directory, { recursive: true, force: true });
  }
}

/** A shell that waits for our end of its pipe to close, which happens on every kind of exit, and then stops Postgres. */
function removeAtEnd(pid: number, directory: string): void {
  const script =
    'cat >/dev/null; kill -QUIT "$1"; while kill -0 "$1" 2>/dev/null && [ "$(cut -d" " -f3 /proc/$1/stat)" != Z ]; do sleep 0.05; done; rm -rf "$2"';
  const child = spawn('sh', ['-c', script, 'sh', String(pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  // The pipe itself must not keep the process alive either.
  const stdin: unknown = child.stdin;
  if (typeof stdin === 'object' && stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function')
    stdin.unref();
}
