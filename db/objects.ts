import type { Sql } from 'postgres';
import { EpochEnded, startEpoch } from './epoch.ts';

/** One write of a batch. `value` null = delete; `expectedRevision` 0 = must not exist. A key may be in a batch once. */
export interface BatchWrite {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly expectedRevision: number;
  /** The object's JSON with an empty resourceVersion. */
  readonly value: string | null;
  /** Who writes, and the program it comes by; kept in the log. */
  readonly user?: string;
  readonly userAgent?: string;
}

/** What a committed batch did. Its numbers are (base, head]; the write at place i has base + i + 1, if it was applied. */
export interface BatchResult {
  readonly base: number;
  readonly head: number;
  /** By place in the batch: did its compare hold. */
  readonly applied: readonly boolean[];
  /** The backend that ran it, for `fence`. */
  readonly backendPid: number;
}

/** One row of `objects`. */
export interface ObjectRow {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly value: string;
}

/** The channel on which every committed batch tells its last revision. */
export const CHANNEL = 'skep_changes';

/** Separates values within one parameter: JSON never has it unescaped, so nothing needs quoting (arrays with quotes cost twice the time). */
const SEPARATOR = '\u001f';

/**
 * write_batch: the one statement that every change goes through.
 * Every join is with `counter`, so the counter's row lock is taken before any other: batches of several servers cannot deadlock, and numbers
 * come in commit order. An UPDATE or DELETE that meets a row changed since the statement's snapshot is re-checked against the new row, and
 * ON CONFLICT looks at the index, not at the snapshot: both are right under a snapshot older than the lock. So is the epoch: it is compared
 * with the newest version of the row, and without `counter` no other part does anything.
 */
const WRITE_BATCH = `
WITH input AS MATERIALIZED (
  SELECT place, resource, namespace, name, expected, nullif(value, '') AS value, origin
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], string_to_array($5::text, '${SEPARATOR}'), $7::int[])
    WITH ORDINALITY AS row (resource, namespace, name, expected, value, origin, place)
), counter AS MATERIALIZED (
  UPDATE revision SET value = value + $6::int WHERE id = 1 AND ($10::bigint IS NULL OR epoch = $10) RETURNING value - $6::int AS base
), updated AS (
  UPDATE objects SET revision = counter.base + input.place, value = input.value, written_at = now()
  FROM input, counter
  WHERE input.expected <> 0 AND input.value IS NOT NULL
    AND objects.resource = input.resource AND objects.namespace = input.namespace AND objects.name = input.name
    AND objects.revision = input.expected
  RETURNING input.place
), deleted AS (
  DELETE FROM objects USING input, counter
  WHERE input.expected <> 0 AND input.value IS NULL AND counter.base >= 0
    AND objects.resource = input.resource AND objects.namespace = input.namespace AND objects.name = input.name
    AND objects.revision = input.expected
  RETURNING input.place
), inserted AS (
  INSERT INTO objects (resource, namespace, name, revision, value)
  SELECT input.resource, input.namespace, input.name, counter.base + input.place, input.value
  FROM counter, input WHERE input.expected = 0 AND input.value IS NOT NULL
  ON CONFLICT (resource, namespace, name) DO NOTHING
  RETURNING revision - (SELECT base FROM counter) AS place
), done AS (
  SELECT place FROM updated UNION ALL SELECT place FROM deleted UNION ALL SELECT place FROM inserted
), logged AS (
  INSERT INTO changes (revision, resource, namespace, name, previous_revision, value, changed_by, user_agent)
  SELECT counter.base + input.place, input.resource, input.namespace, input.name, input.expected, input.value,
    nullif(($8::text[])[input.origin], ''), nullif(($9::text[])[input.origin], '')
  FROM done JOIN input USING (place), counter
  RETURNING revision
)
SELECT counter.base::float8 AS base, all_logged.places,
  CASE WHEN all_logged.places IS NOT NULL THEN pg_notify('${CHANNEL}', (counter.base + $6::int)::text) END AS notified
FROM counter, (SELECT string_agg((logged.revision - (SELECT base FROM counter))::text, ',') AS places FROM logged) AS all_logged`;

/**
 * Runs one batch, under `epoch` if given. Rejects with EpochEnded when that is no longer the epoch, else as postgres.js does; then either all
 * of it took effect or nothing.
 */
export async function writeBatch(lane: Sql, writes: readonly BatchWrite[], epoch?: number): Promise<BatchResult> {
  const origins = originsOf(writes);
  const result = await lane.unsafe<{ base: number; places: string | null }[]>(
    WRITE_BATCH,
    [
      arrayLiteral(writes.map((write) => write.resource)),
      arrayLiteral(writes.map((write) => write.namespace)),
      arrayLiteral(writes.map((write) => write.name)),
      `{${writes.map((write) => write.expectedRevision).join(',')}}`,
      writes.map((write) => write.value ?? '').join(SEPARATOR),
      writes.length,
      `{${origins.places.join(',')}}`,
      arrayLiteral(origins.users),
      arrayLiteral(origins.userAgents),
      epoch ?? null,
    ],
    { prepare: true },
  );
  const row = result[0];
  if (row === undefined && epoch !== undefined) throw new EpochEnded(epoch);
  if (row === undefined) throw new Error('Cannot write: the revision row is missing from the database');
  const applied = writes.map(() => false);
  for (const place of row.places === null ? [] : row.places.split(',')) applied[Number(place) - 1] = true;
  return { base: row.base, head: row.base + writes.length, applied, backendPid: result.state.pid };
}

const arrayLiteral = (values: readonly string[]): string =>
  `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;

/** The writers of a batch, each once, and for each write the place (from 1) of its own: most batches have few. */
function originsOf(writes: readonly BatchWrite[]) {
  const known = new Map<string, number>();
  const users: string[] = [];
  const userAgents: string[] = [];
  const places = writes.map(({ user = '', userAgent = '' }) => {
    const key = `${user}${SEPARATOR}${userAgent}`;
    const place = known.get(key) ?? known.size + 1;
    if (place > known.size) {
      known.set(key, place);
      users.push(user);
      userAgents.push(userAgent);
    }
    return place;
  });
  return { users, userAgents, places };
}

/** read_objects: every object, in pages; within `transaction` so that all pages are of one moment. */
export async function readObjects(transaction: Sql, page: (rows: readonly ObjectRow[]) => void): Promise<void> {
  await transaction<ObjectRow[]>`
    SELECT resource, namespace, name, revision, value FROM objects ORDER BY resource, namespace, name`.cursor(
    500,
    page,
  );
}

/** expired_objects: objects of a resource last written longer ago than `seconds`, at most `limit`, in no order. */
export async function expiredObjects(
  sql: Sql,
  resource: string,
  seconds: number,
  limit: number,
): Promise<readonly Pick<ObjectRow, 'namespace' | 'name' | 'revision'>[]> {
  return sql<Pick<ObjectRow, 'namespace' | 'name' | 'revision'>[]>`
    SELECT namespace, name, revision FROM objects
    WHERE resource = ${resource} AND written_at < now() - make_interval(secs => ${seconds})
    LIMIT ${limit}`;
}

/** first_expiry: in how many seconds the first object of a resource will be last written longer ago than `seconds`; undefined when there is none. */
export async function firstExpiry(sql: Sql, resource: string, seconds: number): Promise<number | undefined> {
  const rows = await sql<{ expires: number | null }[]>`
    SELECT extract(epoch FROM min(written_at) + make_interval(secs => ${seconds}) - now())::float8 AS expires
    FROM objects WHERE resource = ${resource}`;
  return rows[0]?.expires ?? undefined;
}

/**
 * fence: after it nothing that was sent before it can commit. It ends the backend of a lost lane, so that nobody waits for its locks, and starts
 * a new epoch: a statement that is still in a dead connection's buffer, or in a proxy's, does nothing when it comes. Other servers learn of the
 * epoch by their next batch. A pooler invents the number of the backend, and ends what a client leaves behind by itself.
 */
export async function fence(sql: Sql, backendPid: number): Promise<void> {
  await sql`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE pid = ${backendPid}::int8 AND application_name = 'skep writer' AND datname = current_database()`;
  await startEpoch(sql);
}
