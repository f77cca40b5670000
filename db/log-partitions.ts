import type { Sql } from 'postgres';

/**
 * How many numbers a partition of `changes` spans at the most. One that is full in bytes or old enough is closed before (`closePartition`), so
 * this bounds the rows only: 20,000 of 1–2 KB are 20–40 MB.
 */
const PARTITION_REVISIONS = 20_000;

/** The lock under which partitions are made and dropped. */
const PARTITION_LOCK = 0x5ce9_0002;

/** How long a drop may wait for the batch under way. Whoever writes meanwhile waits behind it, so this is what a writer may lose. */
const DROP_WAIT_MS = 50;

/** How much of the log is kept. */
export interface LogRetention {
  /** A change stays so long at least, s, unless the log is larger than `bytes`. */
  readonly seconds: number;
  /** The size of the log on disk with its indexes and TOAST, above which the oldest goes whatever its age. */
  readonly bytes: number;
}

/** What a server keeps when it is told nothing. */
export const DEFAULT_RETENTION: LogRetention = { seconds: 3_600, bytes: 256 * 1024 * 1024 };

/** The log is kept in so many parts, so it may be larger or older by one of them. */
const PARTS_BY_BYTES = 8;
const PARTS_BY_AGE = 4;

/** A partition of `changes`: its rows have the numbers [from, to). */
export interface LogPartition {
  /** `changes_<from>`. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** On disk, with indexes and TOAST. */
  readonly bytes: number;
  /** How long ago the first change at or after `from` was made, s; undefined when there is none. */
  readonly ageSeconds: number | undefined;
}

/** What there is to do with a log. */
export interface LogPlan {
  /** To be made: the first numbers of the partitions that are missing ahead. */
  readonly make: readonly number[];
  /** The partition that takes changes now, when it is full or old enough to be closed. */
  readonly close: LogPartition | undefined;
  /** Oldest first. */
  readonly drop: readonly LogPartition[];
  /** When there is something to drop by its age, s from now; undefined = nothing will be by time alone. */
  readonly dropInSeconds: number | undefined;
  /** When the partition that takes changes now is old enough to be closed, should there be changes then. */
  readonly closeInSeconds: number;
}

/**
 * What is to be done about a log whose counter stands at `head`. The partition that takes changes now always stays, and so does the one before it
 * as long as nothing was written after it.
 */
export function planLog(partitions: readonly LogPartition[], head: number, retention: LogRetention): LogPlan {
  const at = partitions.findIndex(({ from, to }) => head + 1 >= from && head + 1 < to);
  const open = partitions[at];
  const needed = Math.floor((head + 1) / PARTITION_REVISIONS) * PARTITION_REVISIONS;
  const aheadTo = (open?.to ?? needed + PARTITION_REVISIONS) + PARTITION_REVISIONS;
  const make: number[] = [];
  let next = partitions.at(-1)?.to ?? 0;
  if (next <= head) next = needed;
  for (; next < aheadTo; next += PARTITION_REVISIONS) make.push(next);

  const closeAge = retention.seconds / PARTS_BY_AGE;
  const age = open?.ageSeconds;
  const isFull = open !== undefined && open.bytes > retention.bytes / PARTS_BY_BYTES;
  const close = age !== undefined && (isFull || age >= closeAge) ? open : undefined;

  const past = at === -1 ? [] : partitions.slice(0, at);
  let total = partitions.reduce((sum, { bytes }) => sum + bytes, 0);
  const drop: LogPartition[] = [];
  let dropInSeconds: number | undefined;
  for (const [index, partition] of past.entries()) {
    // The first change after it: all of its own are older.
    const ended = partitions[index + 1]?.ageSeconds;
    const isOld = ended !== undefined && ended >= retention.seconds;
    if (!isOld && total <= retention.bytes) {
      dropInSeconds = ended === undefined ? undefined : retention.seconds - ended;
      break;
    }
    drop.push(partition);
    total -= partition.bytes;
  }
  return { make, close, drop, dropInSeconds, closeInSeconds: Math.max(0, closeAge - (age ?? 0)) };
}

/** The counter and the partitions, in order. */
export interface LogState {
  readonly head: number;
  readonly partitions: readonly LogPartition[];
}

/** log_state: reads no more than one change a partition. */
export async function readLogState(sql: Sql): Promise<LogState> {
  const rows = await sql<{ head: number; name: string; from: number; to: number; bytes: number; age: number | null }[]>`
    SELECT (SELECT value FROM revision WHERE id = 1) AS head, name, "from", "to", coalesce(pg_total_relation_size(oid), 0) AS bytes,
      (SELECT extract(epoch FROM now() - changed_at)::float8 FROM changes WHERE revision >= part."from"
        ORDER BY revision LIMIT 1) AS age
    FROM (
      SELECT c.oid, c.relname AS name, substr(c.relname, 9)::bigint AS "from",
        (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''?(\\d+)'))[1]::bigint AS "to"
      FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'changes'::regclass
    ) AS part ORDER BY "from"`;
  return {
    head: rows[0]?.head ?? 0,
    partitions: rows.map(({ name, from, to, bytes, age }) => ({ name, from, to, bytes, ageSeconds: age ?? undefined })),
  };
}

/** oldest_revision: the lowest number from which the log is whole: the lower bound of its first partition. */
export async function oldestRevision(sql: Sql): Promise<number> {
  const rows = await sql<{ oldest: number }[]>`SELECT ${oldestOf(sql)} AS oldest`;
  return rows[0]?.oldest ?? 0;
}

/**
 * The same as part of a statement. Beside rows of `changes` in one statement (or after them) it is right: they were read under a lock on the table
 * that keeps drops away to the end of the transaction, and the snapshot is newer than that lock.
 */
export const oldestOf = (sql: Sql) => sql`coalesce((
  SELECT min(substr(c.relname, 9)::bigint) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'changes'::regclass), 0)`;

/** What `maintainLog` found. */
export interface LogCare {
  /** How many partitions it dropped. */
  readonly dropped: number;
  /** Where the counter stood then, or where it has leapt to. */
  readonly head: number;
  /** See LogPlan; counted from now. */
  readonly dropInSeconds: number | undefined;
  readonly closeInSeconds: number;
}

/**
 * Makes the partitions ahead, closes the one in use when it is full or old enough, and drops what is beyond `retention`. Without `mayClose` (nothing
 * was written since the last call) it closes nothing, so that an idle cluster writes nothing.
 *
 * Of several servers one at a time does it; a server that finds another at it leaves it to that one. Making and closing stop no writer. A drop
 * waits for the batch under way, DROP_WAIT_MS at the most, and is not tried while somebody reads the log for longer than a second (a history, a
 * dump of the whole database): the writers would wait behind it.
 */
export async function maintainLog(sql: Sql, retention: LogRetention, mayClose: boolean): Promise<LogCare> {
  const state = await readLogState(sql);
  const plan = planLog(state.partitions, state.head, retention);
  if (plan.make.length > 0) await makePartitions(sql);
  const isClosed = mayClose && plan.close !== undefined;
  const head = isClosed ? await closePartition(sql, plan.close) : state.head;
  let dropped = 0;
  for (const partition of plan.drop) {
    if (!(await dropPartition(sql, partition))) break;
    dropped += 1;
  }
  const closeInSeconds = isClosed ? retention.seconds / PARTS_BY_AGE : plan.closeInSeconds;
  if (dropped < plan.drop.length) return { dropped, head, closeInSeconds, dropInSeconds: DROP_AGAIN_SECONDS };
  // What was just closed has no younger change after it yet; it is looked at again when it can be old enough.
  return {
    dropped,
    head,
    closeInSeconds,
    dropInSeconds: plan.dropInSeconds ?? (isClosed ? retention.seconds : undefined),
  };
}

/** Makes sure that the log has room for what comes next, whoever else is at it. */
export async function makePartitions(sql: Sql): Promise<void> {
  await sql.begin(async (begun) => {
    const transaction = begun as unknown as Sql;
    await transaction`SELECT pg_advisory_xact_lock(${PARTITION_LOCK})`;
    const { head, partitions } = await readLogState(transaction);
    for (const from of planLog(partitions, head, DEFAULT_RETENTION).make) await makePartition(transaction, from);
  });
}

/** Attached as a table of its own: that takes a lock which lets writers through, unlike CREATE TABLE … PARTITION OF. */
async function makePartition(transaction: Sql, from: number): Promise<void> {
  await transaction.unsafe(`CREATE TABLE changes_${from} (LIKE changes INCLUDING ALL) ${STORAGE}`);
  await transaction.unsafe(
    `ALTER TABLE changes ATTACH PARTITION changes_${from} FOR VALUES FROM (${from}) TO (${from + PARTITION_REVISIONS})`,
  );
}

/** Rows of the log are never updated or deleted: there is nothing to vacuum, and each partition goes as a whole. */
const STORAGE = 'WITH (autovacuum_enabled = off, toast.autovacuum_enabled = off)';

/**
 * close_partition: lets the counter jump to the end of the partition, so that the next change goes to the next one. The numbers between are holes,
 * as a write whose compare failed leaves one; whoever follows the log takes them for that. Resolves with where the counter stands at the least.
 */
async function closePartition(sql: Sql, { from, to }: LogPartition): Promise<number> {
  await sql`UPDATE revision SET value = ${to - 1} WHERE id = 1 AND value >= ${from} AND value < ${to - 1}`;
  return to - 1;
}

/** Resolves with whether it is gone. */
async function dropPartition(sql: Sql, { name }: LogPartition): Promise<boolean> {
  try {
    return await sql.begin(async (transaction) => {
      const [state] = await transaction<{ mine: boolean; read: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(${PARTITION_LOCK}) AS mine, EXISTS (
          SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
          WHERE l.locktype = 'relation' AND l.relation = 'changes'::regclass AND l.granted
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND l.pid <> pg_backend_pid() AND a.xact_start < now() - interval '1 second'
        ) AS read`;
      if (state?.mine !== true || state.read) return false;
      await transaction.unsafe(`SET LOCAL lock_timeout = '${DROP_WAIT_MS}ms'`);
      await transaction.unsafe(`DROP TABLE IF EXISTS ${name}`);
      return true;
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

const LOCK_NOT_AVAILABLE = '55P03';
/** A drop that found somebody in the way is tried again after so long. */
const DROP_AGAIN_SECONDS = 1;

/** The first number at or after `revision` with which a partition begins. */
export const nextLogStart = (revision: number): number =>
  Math.ceil(revision / PARTITION_REVISIONS) * PARTITION_REVISIONS;

/** Empties the log and lets it begin at `from` (see `nextLogStart`): whoever asks for what was before gets to know that it is gone. */
export async function restartLog(transaction: Sql, from: number): Promise<void> {
  const { partitions } = await readLogState(transaction);
  for (const { name } of partitions) await transaction.unsafe(`DROP TABLE ${name}`);
  await makePartition(transaction, from);
}
