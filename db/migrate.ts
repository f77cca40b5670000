import type { Sql } from 'postgres';
import { DatabaseError } from './errors.ts';
import ground from './migrations/0000_ground.sql' with { type: 'text' };
import history from './migrations/0001_history.sql' with { type: 'text' };
import servers from './migrations/0002_servers.sql' with { type: 'text' };
import views from './migrations/0003_views.sql' with { type: 'text' };

/** All migrations in order: name and text. They only go forward; a line is added here for each new file. */
const MIGRATIONS: readonly (readonly [name: string, text: string])[] = [
  ['0000_ground', ground],
  ['0001_history', history],
  ['0002_servers', servers],
  ['0003_views', views],
];

/** The advisory lock that migrating servers take in turn. */
const LOCK = 0x5ce9_0001;

/**
 * Brings the database to this version's schema, in one transaction, one server at a time.
 * Throws DatabaseError when a newer Skep has migrated it already: this version could not understand what it reads.
 */
export async function migrate(pool: Sql): Promise<void> {
  if ((await appliedWithoutLock(pool)) === MIGRATIONS.length) return;
  await pool.begin(async (transaction) => {
    await transaction`SELECT pg_advisory_xact_lock(${LOCK})`;
    await transaction.unsafe(
      'CREATE TABLE IF NOT EXISTS skep_migrations (id int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const rows = await transaction<{ id: number; name: string }[]>`SELECT id, name FROM skep_migrations ORDER BY id`;
    refuseNewer(rows.length, rows.at(-1)?.name);
    for (const [index, [name, text]] of MIGRATIONS.entries()) {
      if (index < rows.length) continue;
      for (const statement of text.split('--> statement-breakpoint')) await transaction.unsafe(statement);
      await transaction`INSERT INTO skep_migrations (id, name) VALUES (${index}, ${name})`;
    }
  });
}

/** How many migrations are applied; the common case of a start costs one query and no lock. */
async function appliedWithoutLock(pool: Sql): Promise<number> {
  const [table] = await pool<{ there: boolean }[]>`SELECT to_regclass('skep_migrations') IS NOT NULL AS there`;
  if (table?.there !== true) return 0;
  const rows = await pool<{ name: string }[]>`SELECT name FROM skep_migrations ORDER BY id`;
  refuseNewer(rows.length, rows.at(-1)?.name);
  return rows.length;
}

function refuseNewer(applied: number, last: string | undefined): void {
  if (applied <= MIGRATIONS.length) return;
  throw new DatabaseError(
    'other',
    `Cannot use this database: a newer Skep has changed its schema (${last ?? ''}); run that version or a later one`,
  );
}
