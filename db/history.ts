import type { Sql } from 'postgres';

/** Which object's history. */
export interface HistoryKey {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** One kept revision of an object. */
export interface HistoryRow {
  readonly revision: number;
  /** 0 = created by this one. Undefined when the log no longer has this change, only the object that came of it. */
  readonly previousRevision: number | undefined;
  /** Null = deleted. */
  readonly value: string | null;
  readonly time: Date;
  readonly user: string | null;
  readonly userAgent: string | null;
}

/** What is asked for: the newest revisions, or one. */
export interface HistoryRange {
  /** At most so many rows. */
  readonly limit: number;
  /** Stops after the row with which the values have reached so many characters. */
  readonly characters: number;
  /** Only revisions up to this one. */
  readonly upTo?: number;
}

/** The part of a history that was asked for. */
export interface HistoryPage {
  /** Newest first. */
  readonly rows: readonly HistoryRow[];
  /** Is nothing older kept. */
  readonly complete: boolean;
}

type Stored = Omit<HistoryRow, 'previousRevision' | 'time'> & { readonly previous: number | null; readonly ms: number };

/** How long a look through the log may take. */
const TIMEOUT = '20s';

/**
 * read_history: the kept revisions of an object, newest first, from the log; and the object itself when its last change has left the log.
 * The log has no index by name, for writes would pay for it: this reads all that is kept of it (60,000 changes of 1 KB in 35 ms when they are in memory).
 */
export async function readHistory(
  sql: Sql,
  { resource, namespace, name }: HistoryKey,
  { limit, characters, upTo = Number.MAX_SAFE_INTEGER }: HistoryRange,
): Promise<HistoryPage> {
  const rows: HistoryRow[] = [];
  let isCut = false;
  await sql.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', async (transaction) => {
    await transaction.unsafe(`SET LOCAL statement_timeout = '${TIMEOUT}'`);
    const pages = transaction<Stored[]>`
      SELECT revision, previous_revision AS previous, value, changed_by AS "user", user_agent AS "userAgent",
        extract(epoch FROM changed_at)::float8 * 1000 AS ms
      FROM changes
      WHERE resource = ${resource} AND namespace = ${namespace} AND name = ${name} AND revision <= ${upTo}
      UNION ALL
      SELECT revision, NULL, value, NULL, NULL, extract(epoch FROM written_at)::float8 * 1000 FROM objects
      WHERE resource = ${resource} AND namespace = ${namespace} AND name = ${name} AND revision <= ${upTo}
        AND NOT EXISTS (SELECT FROM changes WHERE changes.revision = objects.revision)
      ORDER BY revision DESC LIMIT ${limit + 1}`.cursor(20);
    let size = 0;
    for await (const page of pages) {
      for (const { previous, ms, ...row } of page) {
        isCut = rows.length === limit || size >= characters;
        if (isCut) return;
        size += row.value?.length ?? 0;
        rows.push({ ...row, time: new Date(ms), previousRevision: previous ?? undefined });
      }
    }
  });
  return { rows, complete: !isCut };
}
