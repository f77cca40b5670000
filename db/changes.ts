import type { Sql } from 'postgres';

/** One row of the log. `previousRevision` 0 = created; `value` null = deleted. */
export interface Change {
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly previousRevision: number;
  readonly value: string | null;
}

/** A page of the log. */
export interface ChangePage {
  /** In revision order, all of them from the revision asked for up to `upTo`. */
  readonly changes: readonly Change[];
  /** How far the page reaches; there may be no row at this number. */
  readonly upTo: number;
  /** Is there nothing after it. */
  readonly complete: boolean;
}

/** A change and the value that it replaced, as far as the log still has it. */
export interface ChangeWithPrevious extends Change {
  readonly previousValue: string | null;
}

/** How many revisions one partition of `changes` holds; 20,000 of 1–2 KB are 20–40 MB. */
const PARTITION_REVISIONS = 20_000;

/** The lock under which partitions are made and dropped. */
const PARTITION_LOCK = 0x5ce9_0002;

/**
 * read_changes: what was committed after `afterRevision`, at most `limit` rows. Counter and rows come from one snapshot, so `upTo` is right
 * also when the last numbers of a batch are holes.
 */
export async function readChanges(sql: Sql, afterRevision: number, limit = 1000): Promise<ChangePage> {
  const rows = await sql<
    {
      head: number;
      revision: number | null;
      resource: string;
      namespace: string;
      name: string;
      previous: number;
      value: string | null;
    }[]
  >`
    SELECT head.value AS head, page.* FROM revision AS head LEFT JOIN LATERAL (
      SELECT revision, resource, namespace, name, previous_revision AS previous, value
      FROM changes WHERE revision > ${afterRevision} ORDER BY revision LIMIT ${limit}
    ) AS page ON true WHERE head.id = 1 ORDER BY page.revision`;
  const changes: Change[] = [];
  for (const row of rows) {
    if (row.revision === null) continue;
    const { revision, resource, namespace, name, previous, value } = row;
    changes.push({ revision, resource, namespace, name, previousRevision: previous, value });
  }
  const complete = changes.length < limit;
  const head = rows[0]?.head ?? afterRevision;
  return { changes, upTo: complete ? Math.max(head, afterRevision) : (changes.at(-1)?.revision ?? head), complete };
}

/** recent_changes: the newest `limit` rows up to `upTo`, oldest first, each with what it replaced. */
export async function recentChanges(sql: Sql, upTo: number, limit: number): Promise<readonly ChangeWithPrevious[]> {
  return sql<ChangeWithPrevious[]>`
    SELECT c.revision, c.resource, c.namespace, c.name, c.previous_revision AS "previousRevision", c.value,
      p.value AS "previousValue"
    FROM (
      SELECT revision, resource, namespace, name, previous_revision, value
      FROM changes WHERE revision <= ${upTo} ORDER BY revision DESC LIMIT ${limit}
    ) AS c LEFT JOIN changes AS p ON p.revision = c.previous_revision AND c.previous_revision <> 0
    ORDER BY c.revision`;
}

/** resource_changes: what became of one resource in (after, upTo], oldest first, at most `limit` rows, each with what it replaced. */
export async function resourceChanges(
  sql: Sql,
  resource: string,
  { after, upTo, limit }: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<readonly ChangeWithPrevious[]> {
  return sql<ChangeWithPrevious[]>`
    SELECT c.revision, c.resource, c.namespace, c.name, c.previous_revision AS "previousRevision", c.value,
      p.value AS "previousValue"
    FROM (
      SELECT revision, resource, namespace, name, previous_revision, value
      FROM changes WHERE revision > ${after} AND revision <= ${upTo} AND resource = ${resource}
      ORDER BY revision LIMIT ${limit}
    ) AS c LEFT JOIN changes AS p ON p.revision = c.previous_revision AND c.previous_revision <> 0
    ORDER BY c.revision`;
}

/** oldest_revision: the lowest number from which the log is whole: the lower bound of its first partition. */
export async function oldestRevision(sql: Sql): Promise<number> {
  const lower = (await partitions(sql)).map((partition) => partition.from);
  return lower.length === 0 ? 0 : Math.min(...lower);
}

interface Partition {
  readonly name: string;
  readonly from: number;
}

/** list_partitions: names are `changes_<first revision>`. */
async function partitions(sql: Sql): Promise<Partition[]> {
  const rows = await sql<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'changes'::regclass`;
  return rows
    .map(({ name }) => ({ name, from: Number(name.slice('changes_'.length)) }))
    .sort((a, b) => a.from - b.from);
}

/**
 * Makes the partitions for the next 20,000–40,000 revisions and drops the oldest ones beyond `keptRevisions` before `head`.
 * Attaching does not stop writers; dropping waits at most a second for them and else leaves the work to the next call.
 */
export async function maintainPartitions(sql: Sql, head: number, keptRevisions: number): Promise<void> {
  const wanted = Math.trunc(head / PARTITION_REVISIONS) * PARTITION_REVISIONS + 2 * PARTITION_REVISIONS;
  const existing = await partitions(sql);
  const last = existing.at(-1)?.from ?? -PARTITION_REVISIONS;
  const old = existing.filter(({ from }) => from + PARTITION_REVISIONS <= head - keptRevisions);
  if (last >= wanted && old.length === 0) return;
  await sql.begin(async (transaction) => {
    await transaction`SELECT pg_advisory_xact_lock(${PARTITION_LOCK})`;
    const now = await partitions(transaction as unknown as Sql);
    const first = (now.at(-1)?.from ?? -PARTITION_REVISIONS) + PARTITION_REVISIONS;
    for (let from = first; from <= wanted; from += PARTITION_REVISIONS) {
      await transaction.unsafe(`CREATE TABLE changes_${from} (LIKE changes INCLUDING ALL)`);
      await transaction.unsafe(
        `ALTER TABLE changes ATTACH PARTITION changes_${from} FOR VALUES FROM (${from}) TO (${from + PARTITION_REVISIONS})`,
      );
    }
  });
  for (const { name } of old) {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(`SET LOCAL lock_timeout = '1s'`);
      await transaction.unsafe(`DROP TABLE IF EXISTS ${name}`);
    });
  }
}

/** The first number at or after `revision` with which a partition begins. */
export const nextLogStart = (revision: number): number =>
  Math.ceil(revision / PARTITION_REVISIONS) * PARTITION_REVISIONS;

/** Empties the log and lets it begin at `from` (see `nextLogStart`): whoever asks for what was before gets to know that it is gone. */
export async function restartLog(transaction: Sql, from: number): Promise<void> {
  for (const { name } of await partitions(transaction)) await transaction.unsafe(`DROP TABLE ${name}`);
  await transaction.unsafe(
    `CREATE TABLE changes_${from} PARTITION OF changes FOR VALUES FROM (${from}) TO (${from + PARTITION_REVISIONS})`,
  );
}
