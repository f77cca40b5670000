import { type ChildProcess, spawn } from 'node:child_process';
import { chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseAddress, connectClient } from '#db/connect.ts';
import { eventually } from './eventually.ts';
import { freePort } from './server-process.ts';

/** A PgBouncer in front of a Postgres of the tests. */
export interface PgBouncer {
  /** The same database, through it. */
  readonly address: { readonly url: string };
  /** Runs a command of its console, e.g. `SHOW POOLS`. */
  console(command: string): Promise<readonly Record<string, unknown>[]>;
  /** Takes its listening socket away and ends all connections, as a restart of the machine does. */
  stop(): Promise<void>;
}

/** Is Debian's package here (`deploy/host.sh --with-test-parts`). */
export const hasPgBouncer = Bun.which('pgbouncer', { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }) !== null;

/**
 * Starts one on loopback before the database of `address`, with `mode` as its pool_mode and `settings` besides. Stop it in `afterEach`.
 * It runs as the user of Postgres, who alone may use the socket, and refuses to run as root.
 */
export async function startPgBouncer(
  address: DatabaseAddress,
  mode: 'transaction' | 'session',
  settings: Readonly<Record<string, string | number>> = {},
): Promise<PgBouncer> {
  if ('url' in address) throw new Error('Want the socket of a Postgres');
  const { uid, gid } = await stat(address.socketDirectory);
  const directory = await mkdtemp(join(tmpdir(), 'skep-pgbouncer-'));
  const port = Number(settings['listen_port'] ?? (await freePort()));
  const file = join(directory, 'pgbouncer.ini');
  const log = join(directory, 'log');
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    admin_users: 'console',
    pool_mode: mode,
    // Seconds: a test does not wait for long until it tries a Postgres again that was away.
    server_login_retry: 1,
    logfile: log,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const { database, user, socketDirectory } = address;
  await writeFile(
    file,
    `[databases]\n${database} = host=${socketDirectory} user=${user}\n[pgbouncer]\n${lines.join('\n')}\n`,
  );
  await Promise.all([directory, file].map((path) => chown(path, uid, gid)));
  const identity = process.getuid?.() === 0 ? { uid, gid } : {};
  const child = spawn('/usr/sbin/pgbouncer', ['-q', file], { stdio: 'ignore', ...identity });
  const url = (name: string, as: string): string => `postgres://${as}@127.0.0.1:${port}/${name}`;
  const ask = async (command: string): Promise<readonly Record<string, unknown>[]> => {
    const sql = connectClient({ url: url('pgbouncer', 'console') }, { name: 'console', max: 1 });
    try {
      return [...(await sql.unsafe(command).simple())] as Record<string, unknown>[];
    } finally {
      await sql.end({ timeout: 1 });
    }
  };
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually(() => ask('SHOW VERSION'));
  } catch (error) {
    const said = await readFile(log, 'utf8').catch(() => '');
    await stop();
    throw new Error(`Cannot start PgBouncer: ${said}`, { cause: error });
  }
  return { address: { url: url(database, user) }, console: ask, stop };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
