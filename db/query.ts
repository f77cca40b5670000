import type { Sql } from 'postgres';
import { type Database, type DatabaseAddress, connectClient } from './connect.ts';
import { DatabaseError, codeOf } from './errors.ts';

/** The views that a person may ask; migrations/0003_views.sql makes them. */
export const VIEWS = [
  'namespaces',
  'nodes',
  'pods',
  'deployments',
  'replicasets',
  'services',
  'configmaps',
  'events',
] as const;

/** A role that may see the views and nothing else. Made in an embedded database when it is first needed. */
const READER = 'skep_reader';

/** How long one query may take. */
const TIMEOUT = '10s';

/** What a query may begin with; all else could end the transaction that keeps it from writing. */
const READS = /^(select|with|values|table|explain|show)\b/i;

/** A column of an answer. */
export interface QueryColumn {
  readonly name: string;
  /** The oid of its type. */
  readonly type: number;
}

/** A part of an answer: texts as Postgres writes them, null for NULL. */
export interface QueryPage {
  readonly columns: readonly QueryColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A connection for people's own questions: nothing that goes over it can write. */
export class ReadOnlyDatabase {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Runs one statement in a read-only transaction and hands over its answer in pages, the first one also when it has no rows, until `page`
   * returns false. Throws DatabaseError with Postgres' own message, or when the statement is none that reads.
   */
  async query(text: string, page: (answer: QueryPage) => boolean): Promise<void> {
    const statement = withoutComments(text);
    if (!READS.test(statement))
      throw new DatabaseError('denied', 'Only queries run here: SELECT, WITH, VALUES, TABLE, EXPLAIN and SHOW');
    try {
      await this.#sql.begin('READ ONLY', async (transaction) => {
        // Takes a snapshot too: after it Postgres lets no statement turn the transaction into one that writes.
        await transaction.unsafe(`SELECT set_config('statement_timeout', '${TIMEOUT}', true)`);
        // Not `simple`: the protocol then takes one statement and no more.
        const query = transaction.unsafe(text, [], { prepare: true, simple: false } as { prepare: boolean });
        let columns: QueryColumn[] = [];
        let told = false;
        for await (const rows of query.raw().cursor(500)) {
          // Only the first page of a cursor is described.
          if (!told) columns = columnsOf(rows);
          told = true;
          const texts = (rows as unknown as (Uint8Array | null)[][]).map((row) =>
            row.map((cell) => (cell === null ? null : Buffer.from(cell).toString())),
          );
          if (!page({ columns, rows: texts })) return;
        }
        // A cursor without rows yields nothing, but the columns are known by then.
        if (!told) page({ columns: columnsOf((query as unknown as { statement?: unknown }).statement), rows: [] });
      });
    } catch (error) {
      const isTimeout = codeOf(error) === '57014';
      const why = error instanceof Error ? error.message : String(error);
      throw new DatabaseError('other', isTimeout ? `The query took longer than ${TIMEOUT} and was ended` : why, error);
    }
  }

  close(): Promise<void> {
    return this.#sql.end({ timeout: 1 });
  }
}

const columnsOf = (rows: unknown): QueryColumn[] =>
  ((rows as { columns?: readonly QueryColumn[] } | undefined)?.columns ?? []).map(({ name, type }) => ({ name, type }));

function withoutComments(text: string): string {
  let rest = text.trimStart();
  for (;;) {
    const comment = /^(--[^\n]*(\n|$)|\/\*[^]*?\*\/|[\s(]+)/.exec(rest)?.[0];
    if (comment === undefined) return rest;
    rest = rest.slice(comment.length);
  }
}

/**
 * Opens `database` for reading only. An embedded one by the role `skep_reader`, which sees the views and no table; another by the role of its
 * URL, where the read-only transaction is what keeps it from writing.
 */
export async function openReadOnly({ address, pool }: Pick<Database, 'address' | 'pool'>): Promise<ReadOnlyDatabase> {
  const settings = { default_transaction_read_only: 'on', idle_in_transaction_session_timeout: '60000' };
  if ('url' in address) return new ReadOnlyDatabase(connectClient(address, { name: 'sql', max: 1, settings }));
  const [views] = await pool<{ there: boolean }[]>`SELECT to_regclass('pods') IS NOT NULL AS there`;
  if (views?.there !== true)
    throw new DatabaseError('other', 'The views are not in this database yet: start a server of this version once');
  await pool.begin(async (transaction) => {
    await transaction.unsafe(
      `DO $$ BEGIN CREATE ROLE ${READER} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    );
    await transaction.unsafe(`GRANT SELECT ON ${VIEWS.join(', ')} TO ${READER}`);
  });
  const reader: DatabaseAddress = { ...address, user: READER };
  return new ReadOnlyDatabase(connectClient(reader, { name: 'sql', max: 1, settings }));
}
