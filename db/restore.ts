import type { Sql } from 'postgres';
import { type BackupFile, OTHER_TABLES, SAVED_TABLES } from './backup.ts';
import { type BackupCounts, BackupError, type BackupHeader, readBackup } from './backup-file.ts';
import { nextLogStart, restartLog } from './log-partitions.ts';
import { SOMEBODY } from './epoch.ts';
import { DatabaseError } from './errors.ts';
import { applyMigrations, isOlderSchema } from './migrate.ts';
import { MEMBER_LOCK } from './server-session.ts';

/**
 * How far the counter jumps: beyond every revision that was handed out after the backup was made, so that no number ever means two things.
 * Clients that hold one from before get 410 Expired and list again. (etcd: etcdutl snapshot restore --bump-revision, with a thousandth of it: here
 * the counter leaps by up to 20,000 each time that a part of the log is closed, which is 700 million a year in a quiet cluster.)
 */
const JUMP = 1_000_000_000_000;

/** How many rows, or characters of them, go to Postgres at once. */
const BATCH_ROWS = 500;
const BATCH_CHARACTERS = 4 * 1024 * 1024;

/** A backup that was read to its end and found whole. */
export interface VerifiedBackup {
  readonly path: string;
  readonly header: BackupHeader;
  readonly counts: BackupCounts;
  /** Few and small: keys and certificates. */
  readonly files: readonly BackupFile[];
}

/** Reads a backup to its end. Throws BackupError when it is damaged, or of a newer Skep. */
export async function verifyBackup(path: string, header: BackupHeader): Promise<VerifiedBackup> {
  if (!isOlderSchema(header.migrations))
    throw new BackupError(
      path,
      `it was made by Skep ${header.skep}, whose tables this Skep does not know (${header.migrations.at(-1) ?? ''}). Restore it with that version`,
    );
  const counts: Record<string, number> = {};
  const files: BackupFile[] = [];
  let table = '';
  for await (const entry of readBackup(path)) {
    if ('table' in entry) {
      table = entry.table;
      if (!SAVED_TABLES.some((one) => one === table)) throw new BackupError(path, `it has a table ${table}`);
      counts[table] = 0;
    } else if ('file' in entry) files.push(entry);
    else counts[table] = (counts[table] ?? 0) + 1;
  }
  return { path, header, counts, files };
}

/** What `load` is told. */
export interface LoadOptions {
  /** Replace a cluster that is there. */
  readonly force: boolean;
  readonly onProgress: (rows: number) => void;
}

/**
 * Puts a verified backup into a database, in one transaction: all of it or nothing. Resolves with the new revision. Throws DatabaseError when a
 * server uses the database, or when it holds a cluster and `force` is not set.
 */
export async function load(sql: Sql, { path, header }: VerifiedBackup, options: LoadOptions): Promise<number> {
  return sql.begin(async (begun) => {
    const transaction = begun as unknown as Sql;
    // Every server holds this lock as long as it runs: none is there, and none can start meanwhile.
    const [lock] = await transaction<{ taken: boolean }[]>`SELECT pg_try_advisory_xact_lock(${MEMBER_LOCK}) AS taken`;
    if (lock?.taken !== true)
      throw new DatabaseError('other', 'Cannot restore: a server runs on this database; stop every server first');
    const before = await clear(transaction, options.force);
    await applyMigrations(transaction, header.migrations.length);
    await fill(transaction, path, options.onProgress);
    const revision = nextLogStart(Math.max(before, header.revision) + JUMP);
    await transaction`UPDATE revision SET value = ${revision} WHERE id = 1`;
    await restartLog(transaction, revision);
    await applyMigrations(transaction);
    // A batch of before names another epoch, and a server of before may still believe to be alone.
    await transaction`UPDATE revision SET epoch = ${revision}, alone = ${SOMEBODY} WHERE id = 1`;
    return revision;
  });
}

/** Takes away Skep's tables, empty or not; resolves with the revision that they had. */
async function clear(sql: Sql, force: boolean): Promise<number> {
  const [found] = await sql<{ there: boolean }[]>`SELECT to_regclass('objects') IS NOT NULL AS there`;
  let revision = 0;
  if (found?.there === true) {
    const [state] = await sql<{ objects: number; revision: number }[]>`
      SELECT (SELECT count(*) FROM objects) AS objects, (SELECT value FROM revision WHERE id = 1) AS revision`;
    const objects = state?.objects ?? 0;
    if (objects > 0 && !force)
      throw new DatabaseError(
        'other',
        `Cannot restore: there is a cluster with ${objects} objects in this database; --force replaces it`,
      );
    revision = state?.revision ?? 0;
  }
  await sql.unsafe(`DROP TABLE IF EXISTS ${[...SAVED_TABLES, ...OTHER_TABLES].join(', ')} CASCADE`);
  return revision;
}

async function fill(sql: Sql, path: string, onProgress: LoadOptions['onProgress']): Promise<void> {
  let insert = '';
  let batch: string[] = [];
  let characters = 0;
  let rows = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await sql.unsafe(insert, [`[${batch.join(',')}]`]);
    rows += batch.length;
    onProgress(rows);
    batch = [];
    characters = 0;
  };
  for await (const entry of readBackup(path)) {
    if ('file' in entry) continue;
    if ('table' in entry) {
      await flush();
      const columns = entry.columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
      insert = `INSERT INTO "${entry.table}" (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::"${entry.table}", $1::text::json)`;
    } else {
      batch.push(entry.row);
      characters += entry.row.length;
      if (batch.length === BATCH_ROWS || characters > BATCH_CHARACTERS) await flush();
    }
  }
  await flush();
}
