import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { Database } from '#db/connect.ts';
import { codeOf } from '#db/errors.ts';
import { ChangeListener } from '#db/listen.ts';
import { DEFAULT_RETENTION, type LogRetention } from '#db/log-partitions.ts';
import { migrate } from '#db/migrate.ts';
import type { RingLimits } from './event-ring.ts';
import { Freshness, type Membership, soleMember } from './freshness.ts';
import { LogFollower } from './log-follower.ts';
import { LogKeeper } from './log-keeper.ts';
import { formerList, replayLog } from './log-replay.ts';
import { objectHistory } from './object-history.ts';
import type {
  HistoryQuery,
  ObjectHistory,
  ObjectStore,
  ObjectSubscriber,
  ObjectWrite,
  StoredObject,
} from './object-store.ts';
import { WatchCache } from './watch-cache.ts';
import { BatchWriter } from './writer.ts';

/** What a store needs. */
export interface StoreOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly clock?: Clock;
  /** How much of the change log stays in the database; default: an hour, 256 MB. */
  readonly retention?: LogRetention;
  readonly ringLimits?: RingLimits;
  /** How often the log is read without a nudge, ms. */
  readonly tickMs?: number;
  /** Among which servers this one is; default: nobody else can reach the database. */
  readonly membership?: Membership;
}

/** What a store tells gauges. */
export interface StoreFigures {
  readonly waiting: number;
  readonly subscribers: number;
  readonly lag: number;
  readonly objects: readonly (readonly [resource: string, count: number])[];
  readonly ring: RingLimits;
}

/** The objects of a Postgres database, all in memory, in step with every server that writes to it. Made by `openStore`. */
export class DatabaseStore implements ObjectStore, Service {
  readonly name = 'store';
  readonly #options: StoreOptions;
  readonly #cache: WatchCache;
  readonly #follower: LogFollower;
  readonly #writer: BatchWriter;
  readonly #listener: ChangeListener;
  readonly #freshness: Freshness;
  readonly #keeper: LogKeeper;
  #nudged = 0;
  readonly #clock: Clock;
  #answeredAt = 0;

  constructor(options: StoreOptions) {
    const { database, log, clock = systemClock, membership = soleMember } = options;
    this.#options = options;
    this.#clock = clock;
    this.#cache = new WatchCache(log, options.ringLimits);
    this.#follower = new LogFollower(database, this.#cache, log);
    this.#keeper = new LogKeeper({
      database,
      log,
      clock,
      retention: options.retention ?? DEFAULT_RETENTION,
      progress: () => ({ revision: this.#cache.revision, characters: this.#cache.writtenCharacters }),
    });
    this.#writer = new BatchWriter({
      database,
      cache: this.#cache,
      follower: this.#follower,
      log,
      clock,
      membership,
      onCommitted: () => this.#committed(),
    });
    this.#freshness = new Freshness({
      membership,
      clock,
      revision: () => this.#cache.revision,
      catchUp: () => this.#follower.catchUp(),
    });
    this.#listener = new ChangeListener({
      database,
      log,
      clock,
      onNudge: (revision) => this.#nudge(revision),
      onLost: () => this.#freshness.lost(),
      ...(options.tickMs === undefined ? {} : { tickMs: options.tickMs }),
    });
  }

  /** Reads everything into memory; before it the store answers nothing. */
  async load(): Promise<void> {
    await this.#follower.load();
    this.#answeredAt = this.#clock.now();
    await this.#keeper.look();
  }

  /** Follows other servers' writes until `stop`. */
  run(): Promise<void> {
    return this.#listener.run();
  }

  /** Lets the writes that wait go through, then ends. The database stays open. */
  async stop(): Promise<void> {
    await this.#writer.stop();
    await this.#listener.stop();
    await this.#keeper.stop();
  }

  revision(): number {
    return this.#cache.revision;
  }

  get(resource: string, namespace: string, name: string): StoredObject | undefined {
    return this.#cache.get(resource, namespace, name);
  }

  list(resource: string, namespace?: string): readonly StoredObject[] {
    return this.#cache.list(resource, namespace);
  }

  listAt(resource: string, namespace: string | undefined, revision: number): Promise<readonly StoredObject[]> {
    // Both of one moment: what is written while the log is read is not in the list either.
    const [now, upTo] = [this.#cache.list(resource, namespace), this.#cache.revision];
    return formerList(this.#options.database, { resource, namespace, revision, now, upTo });
  }

  write(write: ObjectWrite): Promise<StoredObject> {
    return this.#writer.write(write);
  }

  subscribe(resource: string, afterRevision: number, subscriber: ObjectSubscriber): () => void {
    return this.#cache.subscribe(resource, afterRevision, subscriber);
  }

  async resume(
    resource: string,
    afterRevision: number,
    subscriber: ObjectSubscriber,
    { needsPrevious }: { readonly needsPrevious: boolean },
  ): Promise<() => void> {
    for (let after = afterRevision; ;) {
      const upTo = this.#cache.revision;
      try {
        return this.#cache.subscribe(resource, after, subscriber);
      } catch (error) {
        if (after >= upTo) throw error;
      }
      after = await replayLog(
        this.#options.database,
        { resource, afterRevision: after, upTo, needsPrevious },
        subscriber,
      );
    }
  }

  current(revision?: number): Promise<void> | undefined {
    return this.#freshness.current(revision);
  }

  currentForWrite(): Promise<void> | undefined {
    return this.#freshness.certain();
  }

  get isStale(): boolean {
    return this.#freshness.isStale;
  }

  history(resource: string, namespace: string, name: string, query: HistoryQuery): Promise<ObjectHistory> {
    return objectHistory(this.#options.database, { resource, namespace, name }, query);
  }

  /** Resolves when the cache holds all that any server had committed before the call: what a consistent read among several servers waits for. */
  catchUp(): Promise<void> {
    return this.#follower.catchUp();
  }

  /** For gauges: writes that wait, subscribers, objects by resource, the rings, and how many revisions are known of but not yet read. */
  figures(): StoreFigures {
    const { revision, subscribers } = this.#cache;
    const lag = Math.max(0, this.#nudged - revision);
    return { waiting: this.#writer.waiting, subscribers, lag, ...this.#cache.figures() };
  }

  /** Is everything in memory. */
  get isLoaded(): boolean {
    return this.#answeredAt > 0;
  }

  /** How long ago the database answered last, seconds. The log is read every 20 s at least, so it is known without asking. */
  get answerAgeSeconds(): number {
    return (this.#clock.now() - this.#answeredAt) / 1000;
  }

  /** Why a write would be refused now, whatever it is; undefined = it would be tried. */
  get refusesWrites(): string | undefined {
    return this.#writer.refuses;
  }

  /** Our own batch's notification often comes before its answer: while one is on its way, news waits for its end. */
  #nudge(revision: number | undefined): void {
    if (revision !== undefined) this.#nudged = Math.max(this.#nudged, revision);
    if (revision !== undefined && (this.#nudged <= this.#cache.revision || this.#writer.isFlushing)) return;
    this.#follow();
  }

  #committed(): void {
    this.#answeredAt = this.#clock.now();
    if (this.#nudged > this.#cache.revision && this.#writer.waiting === 0) this.#follow();
    this.#keeper.grown();
  }

  #follow(): void {
    this.#follower.catchUp().then(
      () => {
        this.#answeredAt = this.#clock.now();
        this.#freshness.answered();
        this.#keeper.grown();
      },
      (error: unknown) => {
        this.#freshness.lost();
        this.#options.log.warn({ code: codeOf(error) }, 'cannot read the change log');
      },
    );
  }
}

/** Migrates the database if need be, and reads it. The caller then runs the store as a Service. */
export async function openStore(options: StoreOptions): Promise<DatabaseStore> {
  await migrate(options.database.pool);
  const store = new DatabaseStore(options);
  await store.load();
  return store;
}
