import { type PostgresJsDatabase, drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { DatabaseError, codeOf, conditionOf, whyNot } from './errors.ts';
import { type PoolerMode, poolerMode } from './pooler.ts';
import { ClientSockets } from './sockets.ts';

/** Where Postgres is: a socket directory, or a URL. `pooler` is what was found in between (`connect` fills it in). */
export type DatabaseAddress =
  | { readonly socketDirectory: string; readonly user: string; readonly database: string }
  | { readonly url: string; readonly pooler?: PoolerMode };

/** What stands between us and Postgres; undefined = nothing, or nobody has looked yet. */
export const poolerOf = (address: DatabaseAddress): PoolerMode | undefined =>
  'url' in address ? address.pooler : undefined;

/** The connections of one server. */
export interface Database {
  /** The one given, and what pooler is in between. */
  readonly address: DatabaseAddress;
  /** Reads and rare writes, at most 4 connections. */
  readonly pool: Sql;
  /** drizzle over `pool`, for statements that it can say; the batch and what reads the log are SQL by hand. */
  readonly orm: PostgresJsDatabase;
  /** The one lane on which batches go, in order. Its planner may use nothing but indexes. */
  readonly writer: Sql;
  /** E.g. 180004. */
  readonly version: number;
  /** Closes all, at most after 5 s. */
  close(): Promise<void>;
}

/** The oldest Postgres that is supported, as server_version_num. */
const OLDEST_VERSION = 150_000;

/** Plain lookups only: with few rows the planner would rather scan the whole table for each batch, which costs milliseconds. */
const WRITER_SETTINGS = {
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_seqscan: 'off',
  jit: 'off',
  // ms; a batch waits for the counter row behind other servers' batches.
  statement_timeout: '30000',
  // s, ms: a host that vanishes in the middle of sending a batch must not keep the counter's row, and all servers' writes, for two hours.
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '11000',
} as const;

/** What a client is set up with beside its address. */
export interface ClientOptions {
  /** Shown in pg_stat_activity, after `skep `. */
  readonly name: string;
  readonly max: number;
  /** Sent at start-up of each connection; left out behind a pooler, which would refuse them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Called with each notification; payloads of all channels listened to. */
  readonly onnotify?: (channel: string, payload: string) => void;
  /** Called when a connection has ended, whatever the reason. */
  readonly onclose?: () => void;
}

/** A client with our types (int8 as number), no type look-up at start, and our back-off. */
export function connectClient(
  address: DatabaseAddress,
  { name, max, settings = {}, onnotify, onclose }: ClientOptions,
): Sql {
  const pooler = poolerOf(address);
  const sockets = new ClientSockets();
  const options = {
    max,
    socket: sockets.connect,
    // Seconds. Idle connections of the pool go, so that an idle server holds two backends.
    ...(max > 1 ? { idle_timeout: 60 } : {}),
    max_lifetime: null,
    connect_timeout: 10,
    fetch_types: false,
    backoff: (attempt: number) => Math.min(0.05 * 2 ** attempt, 2),
    onnotice: () => undefined,
    ...(onnotify === undefined ? {} : { onnotify }),
    ...(onclose === undefined ? {} : { onclose }),
    // A pooler in transaction mode may run the next statement on a connection that knows nothing of the prepared one.
    prepare: pooler !== 'transaction',
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    connection: { application_name: `skep ${name}`, ...(pooler === undefined ? settings : {}) },
  };
  if ('url' in address) {
    const { url, socketDirectory } = splitUrl(address.url);
    const client = postgres(url, { ...options, ...(socketDirectory === undefined ? {} : { host: socketDirectory }) });
    return sockets.of(client as unknown as Sql);
  }
  const { socketDirectory: host, user, database } = address;
  return sockets.of(postgres({ ...options, host, user, database }) as unknown as Sql);
}

/** Does what goes to Postgres go over a network, where a connection may end without a word. */
export const isRemote = (address: DatabaseAddress): boolean =>
  'url' in address && splitUrl(address.url).socketDirectory === undefined;

/** libpq's `?host=/directory`, for a Postgres on a Unix socket; the driver would send it on as a setting. */
function splitUrl(text: string): { readonly url: string; readonly socketDirectory?: string } {
  if (!text.includes('host=') || !URL.canParse(text)) return { url: text };
  const url = new URL(text);
  const host = url.searchParams.get('host');
  if (host?.startsWith('/') !== true) return { url: text };
  url.searchParams.delete('host');
  return { url: url.href, socketDirectory: host };
}

/**
 * Opens the connections and checks that it is a primary of a version that will do. Waits up to `deadlineMs` (default 10,000) for a Postgres that is still starting.
 * Throws DatabaseError that says what to do.
 */
export async function connect(given: DatabaseAddress, deadlineMs = 10_000): Promise<Database> {
  const { address, version } = await inspect(given, deadlineMs);
  const pool = connectClient(address, { name: 'pool', max: 4 });
  const writer = await writerLane(address).catch(async (error: unknown) => {
    await pool.end({ timeout: 0 });
    throw unreachable(error);
  });
  return {
    address,
    pool,
    orm: drizzle(pool),
    writer,
    version,
    close: async () => {
      // By now nothing is asked any more; what the driver still waits for are statements whose connection broke.
      await Promise.all([pool.end({ timeout: 1 }), writer.end({ timeout: 5 })]);
    },
  };
}

/** What Postgres is there, and what is in between: by a client of its own, for how a client is set up depends on it. */
async function inspect(
  given: DatabaseAddress,
  deadlineMs: number,
): Promise<{ readonly address: DatabaseAddress; readonly version: number }> {
  const sql = connectClient(given, { name: 'pool', max: 1 });
  try {
    const answer = await firstAnswer(sql, deadlineMs);
    const fault = unfit(answer);
    if (fault !== undefined) throw new DatabaseError('other', `Cannot use this Postgres: ${fault}`);
    if (!('url' in given)) return { address: given, version: answer.version };
    const open = (onnotify: (payload: string) => void) =>
      connectClient(given, { name: 'probe', max: 1, onnotify: (_, payload) => onnotify(payload) });
    const pooler = await poolerMode({ sql, open });
    const address = pooler === undefined ? { url: given.url } : { url: given.url, pooler };
    return { address, version: answer.version };
  } catch (error) {
    throw error instanceof DatabaseError ? error : unreachable(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const unreachable = (error: unknown): DatabaseError =>
  new DatabaseError(conditionOf(error), `Cannot reach Postgres: ${whyNot(error)}`, error);

/** Poolers that nobody has found out refuse start-up settings too; the lane then runs with the planner's own choice. */
async function writerLane(address: DatabaseAddress): Promise<Sql> {
  const lane = connectClient(address, { name: 'writer', max: 1, settings: WRITER_SETTINGS });
  try {
    await lane`SELECT 1`;
    return lane;
  } catch (error) {
    await lane.end({ timeout: 0 });
    if (codeOf(error) !== '08P01') throw error;
    return connectClient(address, { name: 'writer', max: 1 });
  }
}

/** What must be known of a Postgres before it is used. */
interface FirstAnswer {
  readonly version: number;
  readonly isStandby: boolean;
}

async function firstAnswer(sql: Sql, deadlineMs: number): Promise<FirstAnswer> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    try {
      // Not prepared: a pooler may be in between.
      const rows = await sql
        .unsafe<FirstAnswer[]>(
          `SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS "isStandby"`,
        )
        .simple();
      return rows[0] ?? { version: 0, isStandby: false };
    } catch (error) {
      if (conditionOf(error) !== 'unavailable' || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Why a Postgres cannot serve; undefined when it can. Revisions are never read from a standby: its order of commits may be another. */
function unfit({ version, isStandby }: FirstAnswer): string | undefined {
  if (version < OLDEST_VERSION) return `it is version ${Math.trunc(version / 10_000)}, needed is 15 or newer`;
  return isStandby ? 'it is a standby, which takes no writes; give the address of the primary' : undefined;
}
