import type { KubeObject } from '#api/kind.ts';
import { OBJECT_MODIFIED, StatusError, alreadyExists, conflict, notFoundError } from '#api/meta/status.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { changeOrigin, readChanges } from '#db/changes.ts';
import type { Database } from '#db/connect.ts';
import { EpochEnded } from '#db/epoch.ts';
import { type DatabaseCondition, codeOf, conditionOf, wasNeverSent, whyNot } from '#db/errors.ts';
import { makePartitions } from '#db/log-partitions.ts';
import { type BatchResult, fence, writeBatch } from '#db/objects.ts';
import { answerOrEnd } from '#db/sockets.ts';
import { CachedObject } from './cached-object.ts';
import { encode, resourceName } from './encoding.ts';
import { type Membership, soleMember } from './freshness.ts';
import type { LogFollower } from './log-follower.ts';
import type { ObjectWrite, StoredObject, WriteOrigin } from './object-store.ts';
import type { WatchCache } from './watch-cache.ts';

/** How many writes may wait; above it writes are refused with TooManyRequests. */
export const QUEUE_LIMIT = 4_096;
/** The largest batch: writes, and characters of JSON. */
const BATCH_WRITES = 256;
const BATCH_CHARACTERS = 8 * 1024 * 1024;
/** A batch that has no answer for so long will get none over this connection; Postgres itself gives it up sooner (connect.ts: 30 s). */
const BATCH_MS = 35_000;
/** The same for finding out what became of one. Longer than a batch of another server may take, ms. */
const FENCE_MS = 35_000;
/** How long a batch whose connection was lost is looked for, ms. */
const OUTCOME_DEADLINE_MS = 15_000;

const NO_MEMBER = 'this server has lost its session among the others';
const NO_ANSWER = 'the database does not answer';

/** A write that waits for its batch or for its outcome. */
interface Pending {
  readonly write: ObjectWrite;
  readonly key: string;
  /** Null = delete. */
  readonly value: string | null;
  readonly resolve: (stored: StoredObject) => void;
  readonly reject: (error: Error) => void;
}

/** What the writer works with. */
export interface WriterOptions {
  readonly database: Database;
  readonly cache: WatchCache;
  readonly follower: LogFollower;
  readonly log: Logger;
  readonly clock?: Clock;
  /** While the others do not know of this server nothing is written: it could be missing from their consistent reads. Default: soleMember. */
  readonly membership?: Membership;
  /** Told of the cache's revision after each batch. */
  readonly onCommitted?: (revision: number) => void;
}

/**
 * The one lane on which this server's writes reach Postgres, in batches.
 * States: idle → (a write comes) → flushing; writes that come meanwhile make the next batch, which starts when the last one has committed and
 * is in the cache → idle when none waits. While Postgres is away: lost, and every write is refused with ServiceUnavailable at once.
 * A batch commits whole or not at all; a write whose compare did not hold fails alone and leaves a hole in the numbers.
 */
export class BatchWriter {
  readonly #options: WriterOptions;
  readonly #clock: Clock;
  readonly #membership: Membership;
  #queue: Pending[] = [];
  #flushing: Promise<void> | undefined;
  #lost = false;
  #stopped = false;
  #backendPid = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#membership = options.membership ?? soleMember;
  }

  /** How many writes wait, for a gauge. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Why a write would be refused now, whatever it is; undefined = it would be tried. */
  get refuses(): string | undefined {
    if (this.#stopped) return 'the server is stopping';
    if (this.#lost) return NO_ANSWER;
    if (!this.#membership.isMember) return NO_MEMBER;
    return undefined;
  }

  /** Is a batch on its way; its notification is then no news. */
  get isFlushing(): boolean {
    return this.#flushing !== undefined;
  }

  write(write: ObjectWrite): Promise<StoredObject> {
    const why = this.refuses;
    if (why !== undefined) return Promise.reject(unavailable(why));
    if (this.#queue.length >= QUEUE_LIMIT) return Promise.reject(tooMany());
    return new Promise((resolve, reject) => {
      const value = write.operation === 'delete' ? null : encode(write.object);
      const key = `${write.resource}/${write.namespace}/${write.name}`;
      this.#queue.push({ write, key, value, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  /** Takes no more writes; resolves when those that wait are done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // Lets the other requests of this turn of the event loop into the batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#take();
      if (batch.length === 0) continue;
      try {
        await this.#commit(batch);
      } catch (error) {
        this.#options.log.error({ err: error, why: whyNot(error), writes: batch.length }, 'a batch failed');
        for (const pending of batch) pending.reject(refused(error));
      }
    }
    this.#flushing = undefined;
  }

  /** The next batch: in order, each object once, without those that are known to be too late. */
  #take(): Pending[] {
    const batch: Pending[] = [];
    const left: Pending[] = [];
    const keys = new Set<string>();
    let characters = 0;
    for (const [index, pending] of this.#queue.entries()) {
      if (batch.length === BATCH_WRITES || characters > BATCH_CHARACTERS) {
        left.push(...this.#queue.slice(index));
        break;
      }
      if (keys.has(pending.key)) left.push(pending);
      else if (this.#isTooLate(pending.write)) pending.reject(this.#whyNot(pending.write));
      else {
        keys.add(pending.key);
        characters += pending.value?.length ?? 0;
        batch.push(pending);
      }
    }
    this.#queue = left;
    return batch;
  }

  /** The compare cannot hold: the revision expected was in the cache once, and another is now. A create is for the database to judge. */
  #isTooLate({ operation, resource, namespace, name, expectedRevision }: ObjectWrite): boolean {
    if (operation === 'create') return false;
    const current = this.#options.cache.get(resource, namespace, name);
    return current === undefined || current.revision > expectedRevision;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const before = this.#options.cache.revision;
    let result: BatchResult;
    try {
      result = await this.#sendUntilClear(batch);
    } catch (error) {
      if (conditionOf(error) !== 'unavailable' && !wasNeverSent(error)) throw error;
      return this.#resolveUnknown(batch, before, { cause: error });
    }
    this.#backendPid = result.backendPid;
    try {
      await this.#settle(batch, result);
    } catch (error) {
      // It is committed, whatever the error says: it must not be sent again, nor refused.
      await this.#resolveUnknown(batch, before, { cause: error, result });
    }
  }

  /** Sends a batch again when Postgres says that it did nothing and that another try may do. */
  async #sendUntilClear(batch: readonly Pending[]): Promise<BatchResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send(batch);
      } catch (error) {
        const condition = conditionOf(error);
        const mayRetry = condition === 'partition-missing' || condition === 'retry';
        if (!mayRetry || attempt === 3) throw error;
        if (condition === 'partition-missing') await this.#ask(makePartitions(this.#options.database.pool));
        if (error instanceof EpochEnded) await this.#renewEpoch();
      }
    }
  }

  /** Another server has decided what becomes of batches on their way. Whether this one may go on its session tells. */
  async #renewEpoch(): Promise<void> {
    try {
      await this.#membership.renewEpoch();
    } catch (error) {
      throw Object.assign(unavailable(NO_MEMBER), { cause: error });
    }
  }

  #send(batch: readonly Pending[]): Promise<BatchResult> {
    const { writer } = this.#options.database;
    const answer = writeBatch(
      writer,
      batch.map(({ write, value }) => ({
        resource: write.resource,
        namespace: write.namespace,
        name: write.name,
        expectedRevision: write.operation === 'create' ? 0 : write.expectedRevision,
        value,
        ...(write.origin === undefined ? {} : write.origin),
      })),
      this.#membership.epoch,
    );
    return answerOrEnd(writer, answer, { clock: this.#clock, withinMs: BATCH_MS });
  }

  /** Brings a committed batch into the cache, in its place, and then answers each write. */
  async #settle(batch: readonly Pending[], { base, head, applied }: BatchResult): Promise<void> {
    const { cache, follower } = this.#options;
    const stored = batch.map((pending, index) =>
      applied[index] === true ? storedAt(pending, base + index + 1) : undefined,
    );
    // Another server committed in between, or a read of the log has come half-way through this batch: the log has it all, in order.
    if (cache.revision !== base && cache.revision < head) await follower.catchUp();
    if (cache.revision === base) {
      const changes = stored.flatMap((object, index) => {
        const pending = batch[index];
        if (object === undefined || pending === undefined) return [];
        const { resource, namespace, name } = pending.write;
        return [
          { resource, namespace, name, revision: object.revision, next: pending.value === null ? undefined : object },
        ];
      });
      cache.advance(changes, head);
    }
    for (const [index, pending] of batch.entries()) {
      const object = stored[index];
      if (object === undefined) pending.reject(this.#whyNot(pending.write));
      else pending.resolve(object);
    }
    this.#options.onCommitted?.(cache.revision);
  }

  #whyNot({ operation, resource, namespace, name }: ObjectWrite): StatusError {
    const about = resourceName(resource);
    if (operation === 'create') return alreadyExists(about, name);
    if (this.#options.cache.get(resource, namespace, name) === undefined) return notFoundError(about, name);
    return conflict(about, name, OBJECT_MODIFIED);
  }

  /**
   * The connection broke while a batch was on its way, or (with `result`) before memory had what it committed. The fence decides what becomes of
   * it; then the log tells: a change of the same key from the same revision to the same value by the same user and program is ours (or one that cannot be told from it).
   * The writes are answered within 15 s; the lane goes on when the database does.
   */
  async #resolveUnknown(
    batch: readonly Pending[],
    from: number,
    { cause, result }: { readonly cause: unknown; readonly result?: BatchResult },
  ): Promise<void> {
    const { database, follower, log, cache } = this.#options;
    this.#lost = true;
    this.#refuseQueue();
    log.warn(
      { code: codeOf(cause), why: whyNot(cause), writes: batch.length },
      'the database connection broke under a batch',
    );
    let said = codeOf(cause);
    let answered = result === undefined && wasNeverSent(cause);
    if (answered) for (const pending of batch) pending.reject(unavailable(NO_ANSWER));
    const over = new AbortController();
    // By the clock, not in the loop: a statement may hang. Who has an answer by then is not told another.
    const late = this.#clock.sleep(OUTCOME_DEADLINE_MS, over.signal).then(() => {
      if (!over.signal.aborted) for (const pending of batch) pending.reject(unknownOutcome(NO_ANSWER, cause));
      answered = true;
    });
    while (!this.#stopped || !answered) {
      try {
        await this.#ask(fence(database.pool, this.#backendPid));
        if (!answered && result !== undefined) await this.#settle(batch, result);
        else if (!answered) await this.#answerFromLog(batch, from);
        answered = true;
        await follower.catchUp();
        await this.#membership.renewEpoch().catch(() => undefined);
        this.#lost = false;
        log.info({ revision: cache.revision }, 'the database answers again');
        break;
      } catch (error) {
        const code = codeOf(error);
        if (code !== said) log.warn({ code, why: whyNot(error) }, 'the database does not serve yet');
        said = code;
        await this.#clock.sleep(250);
      }
    }
    over.abort();
    await late;
  }

  async #answerFromLog(batch: readonly Pending[], from: number): Promise<void> {
    const open = new Map(batch.map((pending) => [pending.key, pending]));
    for (let after = from; ;) {
      const page = await this.#ask(readChanges(this.#options.database.pool, after));
      if (page.oldest > after + 1) {
        for (const pending of open.values())
          pending.reject(unknownOutcome('the change log no longer reaches back to it'));
        return;
      }
      for (const change of page.changes) {
        const key = `${change.resource}/${change.namespace}/${change.name}`;
        const pending = open.get(key);
        const expected = pending?.write.operation === 'create' ? 0 : pending?.write.expectedRevision;
        if (pending === undefined || change.previousRevision !== expected || change.value !== pending.value) continue;
        // Two clients may delete the same revision, at two servers: it went once, and only for one of them.
        const origin = await this.#ask(changeOrigin(this.#options.database.pool, change.revision));
        if (!isOriginOf(pending.write, origin)) continue;
        open.delete(key);
        await this.#options.follower.catchUp();
        pending.resolve(storedAt(pending, change.revision));
      }
      if (page.complete) break;
      after = page.upTo;
    }
    for (const pending of open.values()) pending.reject(unavailable(NO_ANSWER));
  }

  /** What the pool answers; it is not waited for longer than for a lock. */
  #ask<T>(statement: PromiseLike<T>): Promise<T> {
    return answerOrEnd(this.#options.database.pool, statement, { clock: this.#clock, withinMs: FENCE_MS });
  }

  #refuseQueue(): void {
    const refused = this.#queue;
    this.#queue = [];
    for (const pending of refused) pending.reject(unavailable(NO_ANSWER));
  }
}

/** Is it the log's word for who makes this write. */
const isOriginOf = ({ origin }: ObjectWrite, logged: WriteOrigin): boolean =>
  (origin?.user ?? '') === logged.user && (origin?.userAgent ?? '') === logged.userAgent;

function storedAt({ write, value }: Pending, revision: number): CachedObject {
  if (value !== null) return CachedObject.ofWrite(write, revision, value, write.object);
  return CachedObject.ofWrite(write, revision, encode(write.object), write.object as KubeObject);
}

const unavailable = (why: string): StatusError =>
  new StatusError('ServiceUnavailable', `Cannot write: ${why}; try again`, { retryAfterSeconds: 1 });
const tooMany = (): StatusError =>
  new StatusError('TooManyRequests', `Cannot write: ${QUEUE_LIMIT} writes wait already; try again`, {
    retryAfterSeconds: 1,
  });
const unknownOutcome = (why: string, cause?: unknown): StatusError =>
  Object.assign(
    new StatusError('Timeout', `Cannot tell whether the write took effect: ${why}`, { retryAfterSeconds: 5 }),
    { cause },
  );
/** Postgres has refused the batch, and it did nothing. What an operator can mend is for the client to try again; else it is a fault of ours. */
function refused(cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  const reason = REFUSALS[conditionOf(cause)];
  if (reason === undefined)
    return Object.assign(
      new StatusError('InternalError', 'Internal error occurred: cannot write: the database refused it'),
      { cause },
    );
  return Object.assign(
    new StatusError('ServiceUnavailable', `Cannot write: ${reason}; try again later`, { retryAfterSeconds: 5 }),
    { cause },
  );
}

const REFUSALS: Partial<Record<DatabaseCondition, string>> = {
  exhausted: 'the database has no space left',
  retry: 'the database takes too long',
  denied: 'the database does not let this server write',
  unavailable: NO_ANSWER,
};
