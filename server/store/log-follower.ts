import { systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { type Change, readChanges, recentChanges } from '#db/changes.ts';
import type { Database } from '#db/connect.ts';
import { oldestRevision } from '#db/log-partitions.ts';
import { readObjects } from '#db/objects.ts';
import { answerOrEnd, piecesOrEnd } from '#db/sockets.ts';
import { CachedObject } from './cached-object.ts';
import type { CommittedChange, PastChange, WatchCache } from './watch-cache.ts';

/** How many changes of the past are read at start, so that watches go on across a restart. */
const PAST_CHANGES = 4_000;

/** A page, of the log or of all objects, that has not come for so long will not come over this connection, ms. */
const PAGE_MS = 10_000;

/** All that `Database` holds of one moment. */
interface State {
  readonly objects: readonly CachedObject[];
  readonly revision: number;
}

/** Keeps a cache in step with the change log of its database. */
export class LogFollower {
  readonly #database: Database;
  readonly #cache: WatchCache;
  readonly #log: Logger;
  #reading: Promise<void> | undefined;

  constructor(database: Database, cache: WatchCache, log: Logger) {
    this.#database = database;
    this.#cache = cache;
    this.#log = log;
  }

  /** Fills the empty cache: all objects and recent changes, of one moment. */
  async load(): Promise<void> {
    const { objects, revision, past, since } = await this.#readState(async (sql, state) => {
      const past = await recentChanges(sql, state.revision, PAST_CHANGES);
      const first = past[0];
      const since = first === undefined || past.length < PAST_CHANGES ? await oldestRevision(sql) : first.revision - 1;
      return { ...state, past, since };
    });
    for (const object of objects) this.#cache.load(object);
    this.#cache.loaded(
      revision,
      Math.min(since, revision),
      past.map((change) => this.#past(change, change.previousValue)),
    );
  }

  /** Reads the log until the cache holds everything that was committed before the call. Rejects as postgres.js does. */
  async catchUp(): Promise<void> {
    // A read under way may have begun before what the caller knows of.
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async #read(): Promise<void> {
    for (;;) {
      const { pool } = this.#database;
      const reading = readChanges(pool, this.#cache.revision);
      const page = await answerOrEnd(pool, reading, { clock: systemClock, withinMs: PAGE_MS });
      if (page.oldest > this.#cache.revision + 1) {
        await this.#reload(page.oldest);
        continue;
      }
      // Batches of our own may have moved the cache meanwhile; `advance` passes over what it has.
      this.#cache.advance(page.changes.map(committed), page.upTo);
      if (page.complete) return;
    }
  }

  /** The log was dropped before it was read: what became of the objects can be had, how it came cannot. */
  async #reload(oldest: number): Promise<void> {
    this.#log.warn(
      { revision: this.#cache.revision, oldest },
      'this server was behind for longer than the change log is kept: read all objects anew, its watches end',
    );
    const { objects, revision } = await this.#readState((_, state) => Promise.resolve(state));
    this.#cache.replace(objects, revision);
  }

  /**
   * All objects, and what `more` asks, are of one moment, so that objects, log and revision agree. The driver may say nothing of a connection that
   * breaks under a cursor: when no page comes it is given up.
   */
  #readState<T>(more: (sql: Database['pool'], state: State) => Promise<T>): Promise<T> {
    const { pool } = this.#database;
    const read = async (sql: Database['pool'], came: () => void): Promise<T> => {
      // First, as it takes no snapshot: a partition that is dropped between the snapshot and the reading would be missing without a word.
      await sql`LOCK TABLE changes IN ACCESS SHARE MODE`;
      const rows = await sql<{ value: number }[]>`SELECT value FROM revision WHERE id = 1`;
      const revision = rows[0]?.value;
      if (revision === undefined) throw new Error('Cannot read the database: the revision row is missing');
      const objects: CachedObject[] = [];
      await readObjects(sql, (page) => {
        came();
        for (const row of page) objects.push(CachedObject.ofRow(row, row.revision, row.value));
      });
      return more(sql, { objects, revision });
    };
    return piecesOrEnd(
      pool,
      (came) =>
        pool.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', (transaction) =>
          read(transaction as unknown as Database['pool'], came),
        ) as Promise<T>,
      { clock: systemClock, withinMs: PAGE_MS },
    );
  }

  #past(change: Change, previousValue: string | null): PastChange {
    const current = this.#cache.get(change.resource, change.namespace, change.name);
    const isCurrent = current?.revision === change.revision;
    return {
      ...committed(change),
      ...(isCurrent ? { next: current } : {}),
      created: change.previousRevision === 0,
      previous: previousValue === null ? undefined : CachedObject.ofRow(change, change.previousRevision, previousValue),
    };
  }
}

const committed = (change: Change): CommittedChange => ({
  resource: change.resource,
  namespace: change.namespace,
  name: change.name,
  revision: change.revision,
  next: change.value === null ? undefined : CachedObject.ofRow(change, change.revision, change.value),
});
