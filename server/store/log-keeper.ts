import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Database } from '#db/connect.ts';
import { codeOf } from '#db/errors.ts';
import { type LogRetention, maintainLog } from '#db/log-partitions.ts';

/** What the keeper works with. */
export interface LogKeeperOptions {
  readonly database: Database;
  readonly log: Logger;
  readonly clock: Clock;
  readonly retention: LogRetention;
  /** How far the store has come, and how much JSON the changes up to there had. */
  readonly progress: () => { readonly revision: number; readonly characters: number };
}

/** The log is looked after each time that it has grown by so many numbers: a quarter of what is always there ahead. */
const EVERY_REVISIONS = 5_000;
/** Or by this part of the size that it may have. */
const PARTS_BY_BYTES = 16;
/** After a failure, ms. */
const RETRY_MS = 30_000;

/**
 * Keeps the change log within its retention. It acts when the log has grown or a partition is old enough to be closed, and, when nothing is
 * written any more, at the moments when something is old enough to be dropped. Then it has no timer and asks the database nothing.
 */
export class LogKeeper {
  readonly #options: LogKeeperOptions;
  readonly #stopped = new AbortController();
  #seen = { revision: 0, characters: 0 };
  #closeAt = 0;
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: LogKeeperOptions) {
    this.#options = options;
  }

  /** Called whenever the store has come further. */
  grown(): void {
    if (this.#running !== undefined || this.#stopped.signal.aborted) return;
    const { clock, progress, retention } = this.#options;
    const now = progress();
    if (now.revision <= this.#seen.revision) return;
    const isDue =
      now.revision - this.#seen.revision >= EVERY_REVISIONS ||
      now.characters - this.#seen.characters >= retention.bytes / PARTS_BY_BYTES ||
      clock.now() >= this.#closeAt;
    if (isDue) void this.look(true);
  }

  /** Looks after the log once; one look at a time. Only one that something was written before may close a partition, which is a write itself. */
  look(mayClose = false): Promise<void> {
    this.#running ??= this.#look(mayClose).finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Resolves when no look is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #look(mayClose: boolean): Promise<void> {
    const { database, log, clock, retention, progress } = this.#options;
    this.#wake.abort();
    const now = progress();
    this.#seen = now;
    try {
      const care = await maintainLog(database.pool, retention, mayClose);
      if (care.dropped > 0) log.debug({ partitions: care.dropped }, 'dropped the oldest part of the change log');
      this.#seen = { ...now, revision: Math.max(now.revision, care.head) };
      this.#closeAt = clock.now() + care.closeInSeconds * 1000;
      if (care.dropInSeconds !== undefined) this.#lookIn(care.dropInSeconds * 1000);
    } catch (error) {
      log.warn({ code: codeOf(error) }, 'cannot maintain the change log');
      this.#closeAt = clock.now() + RETRY_MS;
      this.#lookIn(RETRY_MS);
    }
  }

  #lookIn(ms: number): void {
    this.#wake = new AbortController();
    const { signal } = this.#wake;
    void this.#options.clock.sleep(ms, signal).then(() => {
      if (!signal.aborted && !this.#stopped.signal.aborted) return this.look();
    });
  }
}
