import type { Sql } from 'postgres';
import { VERSION } from '#base/version.ts';
import type { BackupWriter } from './backup-file.ts';
import { DatabaseError } from './errors.ts';
import { appliedMigrations } from './migrate.ts';

/** The tables whose rows are in a backup. */
export const SAVED_TABLES = ['objects', 'allocations'] as const;

/**
 * The other tables, which a restore makes anew: the counter is in the header; the log begins again; the identity is in the backup as files, and
 * the first server that starts puts it back; servers and links are of the moment.
 */
export const OTHER_TABLES = ['revision', 'changes', 'identity', 'servers', 'node_links', 'skep_migrations'] as const;

/** A file that goes into the backup; `content` in base64. */
export interface BackupFile {
  readonly file: string;
  readonly mode: number;
  readonly content: string;
}

/** What `dump` is told. */
export interface DumpOptions {
  readonly writer: BackupWriter;
  readonly files: readonly BackupFile[];
  /** Called now and then with the number of rows written. */
  readonly onProgress: (rows: number) => void;
}

/** Writes all of a database, as it is at one moment, to a backup. Servers may go on writing. Resolves with the revision of that moment. */
export async function dump(sql: Sql, { writer, files, onProgress }: DumpOptions): Promise<number> {
  return sql.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', async (transaction) => {
    const snapshot = transaction as unknown as Sql;
    const migrations = await appliedMigrations(snapshot);
    if (migrations.length === 0)
      throw new DatabaseError('other', 'Cannot back up: there is nothing of Skep in this database');
    const [counter] = await snapshot<{ value: number }[]>`SELECT value FROM revision WHERE id = 1`;
    const revision = counter?.value ?? 0;
    await writer.header({ skep: VERSION, createdAt: new Date().toISOString(), revision, migrations });
    for (const file of files) await writer.add(file);
    let rows = 0;
    for (const table of SAVED_TABLES) {
      await writer.add({ table, columns: await columnsOf(snapshot, table) });
      // By key, so that two backups of one state are the same.
      const cursor = snapshot<{ row: string }[]>`
        SELECT row_to_json(saved)::text AS row FROM ${snapshot(table)} AS saved ORDER BY ${snapshot.unsafe(ORDER[table])}`.cursor(
        200,
      );
      for await (const page of cursor) {
        for (const { row } of page) await writer.add({ row });
        rows += page.length;
        onProgress(rows);
      }
    }
    return revision;
  });
}

const ORDER = { objects: 'resource, namespace, name', allocations: 'scope, value' } as const;

async function columnsOf(sql: Sql, table: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    SELECT attname AS name FROM pg_attribute WHERE attrelid = ${table}::regclass AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum`;
  return rows.map(({ name }) => name);
}
