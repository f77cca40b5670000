import type { Sql } from 'postgres';

/**
 * How a pooler between us and Postgres gives out Postgres' connections: `session`: each of ours has one of its own, as without a pooler;
 * `transaction`: only for the length of a transaction, so that no LISTEN, no lock and no prepared statement outlives it.
 */
export type PoolerMode = 'session' | 'transaction';

/** What `poolerMode` works with. */
export interface PoolerProbe {
  /** Any client of the address. */
  readonly sql: Sql;
  /** Makes another client of it with one connection. `onnotify` gets the payload of each notification. */
  readonly open: (onnotify: (payload: string) => void) => Sql;
}

/** A notification takes a millisecond; one that did not come for so long will not, ms. */
const NOTIFIED_MS = 2_000;

/**
 * What stands between us and Postgres; undefined = nothing does. A pooler gives a client a backend key of its own making, so the process id in
 * it is not that of the backend. Then the mode is proved by notifying oneself: a notification reaches a client that is at rest only when a
 * connection of Postgres is kept for it. Costs one query without a pooler. Rejects as postgres.js does.
 */
export async function poolerMode({ sql, open }: PoolerProbe): Promise<PoolerMode | undefined> {
  const rows = await sql.unsafe<{ pid: number }[]>('SELECT pg_backend_pid() AS pid').simple();
  if (rows[0]?.pid === rows.state.pid) return undefined;
  const word = crypto.randomUUID();
  const heard = Promise.withResolvers<PoolerMode>();
  const channel = `skep_probe_${word.slice(0, 8)}`;
  const listening = open((payload) => payload === word && heard.resolve('session'));
  const timer = setTimeout(() => heard.resolve('transaction'), NOTIFIED_MS);
  try {
    await listening.unsafe(`LISTEN ${channel}`).simple();
    // By another client: over its own connection the notification would come with the answer, whatever the mode.
    await sql.unsafe(`NOTIFY ${channel}, '${word}'`).simple();
    const mode = await heard.promise;
    // Most poolers give the connection last used; on another one it does nothing, and the channel stays silent.
    if (mode === 'transaction') await listening.unsafe(`UNLISTEN ${channel}`).simple();
    return mode;
  } finally {
    clearTimeout(timer);
    await listening.end({ timeout: 0 });
  }
}
