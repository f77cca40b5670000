import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Sql } from 'postgres';
import { connectClient } from '#db/connect.ts';
import { runningEmbedded } from '#db/embedded.ts';

/** What has been written up to one moment by an embedded Postgres and into its server's data directory. */
export interface WrittenSoFar {
  /** Bytes of write-ahead log since the cluster of databases was made. */
  readonly walBytes: number;
  readonly revision: number;
  /** Bytes that each live process of Postgres has caused to be written to disk (/proc/PID/io), by `name pid`. */
  readonly processBytes: ReadonlyMap<string, number>;
  /** Writes that Postgres has counted (pg_stat_io), by `backend type, object`; those of processes that have ended too. */
  readonly counted: ReadonlyMap<string, number>;
  /** Size and time of the last change of every file below the data directory. */
  readonly files: ReadonlyMap<string, string>;
}

/** What was written between two moments. All zero and empty: nothing at all. */
export interface Written {
  readonly walBytes: number;
  readonly revisions: number;
  readonly processBytes: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
  /** Files that were changed, made or removed, as paths below the data directory. */
  readonly files: readonly string[];
}

const LOOK_EVERY_MS = 1_000;

/**
 * Looks at what the embedded Postgres of a running server writes. It has one connection, opened before the first look, and writes nothing
 * itself: no transaction of its gets a number.
 */
export class WriteMeter {
  readonly #dataDir: string;
  readonly #sql: Sql;

  private constructor(dataDir: string, sql: Sql) {
    this.#dataDir = dataDir;
    this.#sql = sql;
  }

  /** Rejects when no embedded Postgres runs in the data directory. */
  static async open(dataDir: string): Promise<WriteMeter> {
    const address = await runningEmbedded(dataDir);
    if (address === undefined) throw new Error(`No embedded Postgres runs in ${dataDir}`);
    const meter = new WriteMeter(dataDir, connectClient(address, { name: 'write meter', max: 1 }));
    await meter.look();
    return meter;
  }

  /** The postmaster's process id. */
  get postmaster(): number {
    return Number(readFileSync(join(this.#dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** What has been written up to now. */
  async look(): Promise<WrittenSoFar> {
    const [row] = await this.#sql<{ wal: string; revision: number }[]>`
      SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal, (SELECT value FROM revision) AS revision`;
    const counted = await this.#sql<{ what: string; writes: number }[]>`
      SELECT backend_type || ', ' || object AS what, sum(coalesce(writes, 0) + coalesce(extends, 0))::int8 AS writes
      FROM pg_stat_io GROUP BY 1`;
    return {
      walBytes: Number(row?.wal),
      revision: row?.revision ?? 0,
      processBytes: new Map(processesOf(this.postmaster).map((pid) => [`${nameOf(pid)} ${pid}`, writeBytes(pid)])),
      counted: new Map(counted.map(({ what, writes }) => [what, writes])),
      files: filesBelow(this.#dataDir),
    };
  }

  /**
   * Waits until what earlier work left to do is done: autovacuum has looked at every table, and memory is written out by a checkpoint, which
   * would else come within 15 minutes. Resolves when nothing has been written for `quietMs`; rejects after `deadlineMs` with the last writes.
   */
  async settle(quietMs: number, deadlineMs: number): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    await this.#sql`CHECKPOINT`;
    let last = await this.look();
    for (let quietSince = Date.now(); Date.now() - quietSince < quietMs;) {
      await Bun.sleep(LOOK_EVERY_MS);
      const now = await this.look();
      const written = writtenBetween(last, now);
      if (isNothing(written)) continue;
      if (Date.now() > deadline) throw new Error(`Still being written: ${JSON.stringify(written)}`);
      // What has come meanwhile waits in memory for the next checkpoint.
      if (written.walBytes > 0) await this.#sql`CHECKPOINT`;
      last = await this.look();
      quietSince = Date.now();
    }
  }

  /** Ends the meter's connection. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }
}

/** What differs between an earlier and a later look. */
export function writtenBetween(before: WrittenSoFar, after: WrittenSoFar): Written {
  const files = new Set([...before.files.keys(), ...after.files.keys()]);
  return {
    walBytes: after.walBytes - before.walBytes,
    revisions: after.revision - before.revision,
    processBytes: rises(before.processBytes, after.processBytes),
    counted: rises(before.counted, after.counted),
    files: [...files].filter((path) => before.files.get(path) !== after.files.get(path)).toSorted(),
  };
}

/** Was nothing written. */
export const isNothing = (written: Written): boolean =>
  written.walBytes === 0 &&
  written.revisions === 0 &&
  written.files.length === 0 &&
  Object.keys(written.processBytes).length === 0 &&
  Object.keys(written.counted).length === 0;

function rises(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  const risen = [...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(risen.filter(([, by]) => by !== 0));
}

/** A process and its children. */
function processesOf(root: number): number[] {
  const children = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && parentOf(Number(entry)) === root);
  return [root, ...children.map(Number)];
}

function parentOf(pid: number): number {
  const stat = readProc(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

const nameOf = (pid: number): string => readProc(`/proc/${pid}/cmdline`).split('\0')[0] ?? '';
const writeBytes = (pid: number): number => Number(/^write_bytes: (\d+)/m.exec(readProc(`/proc/${pid}/io`))?.[1] ?? 0);

function filesBelow(directory: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    try {
      const { size, mtimeMs } = statSync(path);
      found.set(path.slice(directory.length + 1), `${size} ${mtimeMs}`);
    } catch {
      // Removed since it was listed: then it is none.
    }
  }
  return found;
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process ended meanwhile
  }
}
