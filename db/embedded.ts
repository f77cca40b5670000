import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, readFile, realpath, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '#base/logger.ts';
import type { DatabaseAddress } from './connect.ts';
import { DatabaseError } from './errors.ts';
import { firstClosed, postgresFiles, usableFiles } from './postgres-files.ts';
import { type PostgresUser, dropsByItself, namedUserCommand, postgresUser } from './postgres-user.ts';
import { isRunning, removeStaleFiles, runningPostmaster, stopPostmaster } from './postmaster.ts';

/** What an embedded Postgres needs. */
export interface EmbeddedOptions {
  /** The server's data directory; Postgres lives in `postgres/` below it. */
  readonly dataDirectory: string;
  readonly log: Logger;
  /** Where Postgres' files are, when not beside the executable or in the npm package. */
  readonly filesDirectory?: string;
  /** Added to the settings below, e.g. `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long a start may take, ms; recovery after a crash counts. Default 120,000. */
  readonly startDeadlineMs?: number;
}

/** Small: 16 MB resident, no background writes when idle. Measured in docs/benchmarks.md. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '16MB',
  max_connections: '50',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_worker_processes: '0',
  max_parallel_workers: '0',
  autovacuum_max_workers: '1',
  autovacuum_worker_slots: '1',
  io_method: 'sync',
  jit: 'off',
  wal_buffers: '512kB',
  min_wal_size: '32MB',
  max_wal_size: '128MB',
  wal_compression: 'pglz',
  wal_writer_delay: '1s',
  checkpoint_timeout: '15min',
  bgwriter_lru_maxpages: '0',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  timezone: 'UTC',
};

/** A socket's path may have 107 bytes, and Postgres adds `/.s.PGSQL.5432.lock`. */
const LONGEST_SOCKET_DIRECTORY = 107 - '/.s.PGSQL.5432.lock'.length;

/** The log is cut when Postgres starts and it is longer than this. */
const LOG_MOST_BYTES = 4 * 1024 * 1024;

const WATCH_MS = 1_000;
const RESTART_MOST_MS = 10_000;

/** A Postgres of our own. Made by `startEmbedded`. */
export class EmbeddedPostgres {
  readonly address: DatabaseAddress;
  readonly #stop: () => Promise<void>;
  readonly #pid: () => number;

  constructor(address: DatabaseAddress, pid: () => number, stop: () => Promise<void>) {
    this.address = address;
    this.#pid = pid;
    this.#stop = stop;
  }

  /** The postmaster's process id, for memory figures. */
  get pid(): number {
    return this.#pid();
  }

  /** Fast shutdown: at most 30 s, then at once. */
  stop(): Promise<void> {
    return this.#stop();
  }
}

/** Where everything of one embedded Postgres is. */
interface Layout {
  readonly files: string;
  readonly data: string;
  readonly sockets: string;
  readonly logFile: string;
  readonly user: PostgresUser;
}

/**
 * Starts Postgres below `dataDirectory`, making its cluster of databases first if there is none. One that a killed server has left running is
 * adopted when it answers, replaced when it does not. While it is ours, a postmaster that dies is started again.
 * Throws DatabaseError that says what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const layout = await prepare(options);
  const state = { pid: 0, stopping: false, timer: undefined as ReturnType<typeof setTimeout> | undefined };

  const begin = async (): Promise<void> => {
    const left = runningPostmaster(layout.data);
    if (left?.ready === true && left.socketDirectory === layout.sockets) {
      state.pid = left.pid;
      options.log.info({ pid: left.pid }, 'adopted the Postgres that was running');
      return;
    }
    if (left !== undefined) await stopPostmaster(left.pid, 5_000);
    state.pid = await startPostmaster(layout, options);
  };
  // A look at /proc a second: works for an adopted postmaster, which is no child of ours, too. What cannot start is tried ever more seldom.
  const watch = (waitMs = WATCH_MS): void => {
    state.timer = setTimeout(() => {
      if (state.stopping) return;
      if (isRunning(state.pid)) return watch();
      if (waitMs === WATCH_MS) options.log.error({ pid: state.pid }, 'Postgres has died, starting it again');
      begin().then(
        () => watch(),
        (error: unknown) => {
          const nextMs = Math.min(2 * waitMs, RESTART_MOST_MS);
          options.log.error({ err: error, waitMs: nextMs }, 'cannot start Postgres again');
          watch(nextMs);
        },
      );
    }, waitMs);
    state.timer.unref();
  };
  await begin();
  watch();
  return new EmbeddedPostgres(
    { socketDirectory: layout.sockets, user: 'postgres', database: 'postgres' },
    () => state.pid,
    async () => {
      state.stopping = true;
      clearTimeout(state.timer);
      await stopPostmaster(state.pid, 30_000);
    },
  );
}

async function prepare(options: EmbeddedOptions): Promise<Layout> {
  await mkdir(options.dataDirectory, { recursive: true, mode: 0o711 });
  const home = join(await realpath(options.dataDirectory), 'postgres');
  await mkdir(home, { recursive: true, mode: 0o755 });
  const data = join(home, 'data');
  const user = await postgresUser(data);
  await openTheWay(options.dataDirectory, home, user);
  const files = await usableFiles(postgresFiles(options.filesDirectory), join(home, 'files'), user.uid);
  const logFile = join(home, 'postgres.log');
  const sockets = await socketDirectory(home, user);
  const layout: Layout = { files, data, sockets, logFile, user };
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(layout, home);
  return layout;
}

/** The data directory itself may be opened for passing through; what lies above it is the operator's. */
async function openTheWay(dataDirectory: string, home: string, user: PostgresUser): Promise<void> {
  const own = await realpath(dataDirectory);
  for (const directory of [own, home]) {
    if ((await firstClosed(directory, user.uid)) === directory)
      await chmod(directory, ((await stat(directory)).mode & 0o777) | 0o011);
  }
  const closed = await firstClosed(home, user.uid);
  if (closed === undefined) return;
  throw new DatabaseError(
    'other',
    `Cannot start the embedded Postgres in ${home}: it runs as user ${user.uid}, which may not enter ${closed}; use a --data-dir outside of it, or run chmod o+x ${closed}`,
  );
}

async function socketDirectory(home: string, user: PostgresUser): Promise<string> {
  const beside = join(home, 'run');
  const short = `skep-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`;
  const parent = process.getuid?.() === 0 && existsSync('/run') ? '/run' : '/tmp';
  const directory = Buffer.byteLength(beside) <= LONGEST_SOCKET_DIRECTORY ? beside : join(parent, short);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const info = await lstat(directory);
  if (!info.isDirectory() || (info.uid !== user.uid && info.uid !== process.getuid?.())) {
    throw new DatabaseError(
      'other',
      `Cannot use ${directory} for Postgres' socket: it belongs to user ${info.uid}; remove it`,
    );
  }
  await giveTo(directory, user);
  await chmod(directory, 0o700);
  return directory;
}

async function giveTo(path: string, user: PostgresUser): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, user.uid, user.gid);
}

/** initdb into a directory beside, which then takes the name: a half-made cluster is never taken for a whole one. */
async function initialise(layout: Layout, home: string): Promise<void> {
  const unfinished = `${layout.data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await giveTo(unfinished, layout.user);
  const argv = [
    join(layout.files, 'bin', 'initdb'),
    '-D',
    unfinished,
    '-U',
    'postgres',
    '-A',
    'trust',
    '--locale=C',
    '--encoding=UTF8',
    '--wal-segsize=4',
    '--no-instructions',
  ];
  const command = await namedUserCommand(argv, layout.user, home);
  const child = run(command, dropsByItself(command) ? undefined : layout.user, 'pipe');
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await exitOf(child);
  await rm(join(home, 'passwd'), { force: true });
  if (code !== 0) {
    throw new DatabaseError(
      'other',
      `Cannot make the Postgres database in ${layout.data}: initdb ended with ${code}: ${lastLines(Buffer.concat(output).toString())}`,
    );
  }
  await rename(unfinished, layout.data);
}

async function startPostmaster(layout: Layout, options: EmbeddedOptions, attempt = 1): Promise<number> {
  await removeStaleFiles(layout.data, layout.sockets);
  const settings = Object.entries({ ...SETTINGS, ...options.settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const logged = await stat(layout.logFile).then(
    (info) => info.size,
    () => 0,
  );
  if (logged > LOG_MOST_BYTES) await truncate(layout.logFile);
  const logHandle = await open(layout.logFile, 'a', 0o600);
  const from = (await logHandle.stat()).size;
  const child = run(
    [join(layout.files, 'bin', 'postgres'), '-D', layout.data, '-k', layout.sockets, ...settings],
    layout.user,
    logHandle.fd,
  );
  const ended = exitOf(child);
  void ended.catch(() => undefined);
  await logHandle.close();
  const deadline = Date.now() + (options.startDeadlineMs ?? 120_000);
  let gone = false;
  void ended.then(
    () => (gone = true),
    () => (gone = true),
  );
  while (!gone && Date.now() < deadline) {
    const found = runningPostmaster(layout.data);
    if (found?.ready === true && found.pid === child.pid) {
      child.unref();
      return found.pid;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const said = (await readFile(layout.logFile, 'utf8')).slice(from);
  if (!gone) child.kill('SIGQUIT');
  // Backends of a killed postmaster hold its shared memory until they notice.
  else if (attempt < 10 && said.includes('shared memory block')) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return startPostmaster(layout, options, attempt + 1);
  }
  throw new DatabaseError(
    'unavailable',
    `Cannot start Postgres in ${layout.data}: ${gone ? 'it ended' : 'it was not ready in time'}; ${layout.logFile} says: ${lastLines(said)}`,
  );
}

/** `detached`: a Ctrl-C in the terminal is for the server, which then stops Postgres in its own order. */
function run(command: readonly string[], user: PostgresUser | undefined, output: 'pipe' | number): ChildProcess {
  const drop = user === undefined || process.getuid?.() !== 0 ? {} : { uid: user.uid, gid: user.gid };
  const [program = '', ...args] = command;
  return spawn(program, args, {
    ...drop,
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    detached: true,
    stdio: ['ignore', output, output],
  });
}

const exitOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
  });

/** Why it ended: after the cause come lines of the shutdown. */
function lastLines(text: string): string {
  const lines = text.trim().split('\n');
  const causes = lines.filter((line) => /\b(?:FATAL|PANIC):/.test(line));
  return (causes.length === 0 ? lines.slice(-4) : causes.slice(-2)).join(' | ');
}

/**
 * Stops the Postgres that a killed server left below `dataDirectory`, and removes its socket when that lies elsewhere. Fine when there is none.
 * For a reset: the caller then deletes the data directory.
 */
export async function stopEmbedded(dataDirectory: string): Promise<void> {
  const data = join(await realpath(dataDirectory), 'postgres', 'data');
  if (!existsSync(data)) return;
  const left = runningPostmaster(data);
  if (left === undefined) return;
  await stopPostmaster(left.pid, 10_000);
  if (!left.socketDirectory.startsWith(dataDirectory)) await rm(left.socketDirectory, { recursive: true, force: true });
}

/** Where the Postgres below `dataDirectory` answers, when one runs there already, whoever started it. */
export async function runningEmbedded(dataDirectory: string): Promise<DatabaseAddress | undefined> {
  if (!existsSync(dataDirectory)) return undefined;
  const found = runningPostmaster(join(await realpath(dataDirectory), 'postgres', 'data'));
  if (found?.ready !== true) return undefined;
  return { socketDirectory: found.socketDirectory, user: 'postgres', database: 'postgres' };
}
