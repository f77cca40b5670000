import type { Sql } from 'postgres';
import { DatabaseError } from './errors.ts';
import ground from './migrations/0000_ground.sql' with { type: 'text' };
import history from './migrations/0001_history.sql' with { type: 'text' };
import servers from './migrations/0002_servers.sql' with { type: 'text' };
import views from './migrations/0003_views.sql' with { type: 'text' };
import epoch from './migrations/0004_epoch.sql' with { type: 'text' };
import storage from './migrations/0005_storage.sql' with { type: 'text' };

/** All migrations in order: name and text. They only go forward; a line is added here for each new file. */
const MIGRATIONS: readonly (readonly [name: string, text: string])[] = [
  ['0000_ground', ground],
  ['0001_history', history],
  ['0002_servers', servers],
  ['0003_views', views],
  ['0004_epoch', epoch],
  ['0005_storage', storage],
];

/** The advisory lock that migrating servers take in turn. */
const LOCK = 0x5ce9_0001;

/**
 * Brings the database to this version's schema, in one transaction, one server at a time.
 * Throws DatabaseError when a newer Skep has migrated it already: this version could not understand what it reads.
 */
export async function migrate(pool: Sql): Promise<void> {
  // The common case of a start costs one query and no lock.
  if ((await appliedMigrations(pool)).length === MIGRATIONS.length) return;
  await pool.begin(async (transaction) => {
    await applyMigrations(transaction as unknown as Sql);
  });
}

/**
 * The same within a transaction of the caller's; only the first `count` migrations if given, as a restore needs the tables of the backup.
 * Throws DatabaseError as `migrate` does.
 */
export async function applyMigrations(transaction: Sql, count = MIGRATIONS.length): Promise<void> {
  await transaction`SELECT pg_advisory_xact_lock(${LOCK})`;
  await transaction.unsafe(
    'CREATE TABLE IF NOT EXISTS skep_migrations (id int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  const applied = await appliedMigrations(transaction);
  for (const [index, [name, text]] of MIGRATIONS.slice(0, count).entries()) {
    if (index < applied.length) continue;
    for (const statement of text.split('--> statement-breakpoint')) await transaction.unsafe(statement);
    await transaction`INSERT INTO skep_migrations (id, name) VALUES (${index}, ${name})`;
  }
}

/** The names of the migrations that the database has, in order; none when it is nothing of Skep's. Throws DatabaseError when a newer Skep was there. */
export async function appliedMigrations(sql: Sql): Promise<string[]> {
  const [table] = await sql<{ there: boolean }[]>`SELECT to_regclass('skep_migrations') IS NOT NULL AS there`;
  if (table?.there !== true) return [];
  const rows = await sql<{ name: string }[]>`SELECT name FROM skep_migrations ORDER BY id`;
  refuseNewer(rows.length, rows.at(-1)?.name);
  return rows.map(({ name }) => name);
}

/** Are these migrations this version's, or the first ones of them. */
export const isOlderSchema = (migrations: readonly string[]): boolean =>
  migrations.every((name, index) => MIGRATIONS[index]?.[0] === name);

function refuseNewer(applied: number, last: string | undefined): void {
  if (applied <= MIGRATIONS.length) return;
  throw new DatabaseError(
    'other',
    `Cannot use this database: a newer Skep has changed its schema (${last ?? ''}); run that version or a later one`,
  );
}
