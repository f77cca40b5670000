import type { Sql } from 'postgres';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { type Database, connectClient } from './connect.ts';
import { codeOf, whyNot } from './errors.ts';
import { CHANNEL } from './objects.ts';

/** What the listener needs. */
export interface ListenerOptions {
  readonly database: Database;
  readonly log: Logger;
  /**
   * Told that the log may have grown: after every (re)LISTEN and every slow tick without a number, after every nudge with the revision it bears.
   * Must not throw.
   */
  readonly onNudge: (revision: number | undefined) => void;
  /** Told when the connection is lost or cannot be made. Must not throw. */
  readonly onLost?: () => void;
  readonly clock?: Clock;
  /** How often the log is looked at without a nudge, ms; default 20,000. */
  readonly tickMs?: number;
}

const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 5_000;
/** How long one waits for one's own notification before LISTEN is held to be broken (a pooler in transaction mode), ms. */
const PROBE_MS = 3_000;
/** The tick when notifications do not arrive, ms. */
const POLL_MS = 500;

/**
 * The dedicated LISTEN connection. It never opens a transaction, so it never holds back vacuum or the queue of notifications.
 * States: connecting → listening → (connection lost) → waiting with back-off → connecting … until `stop`.
 * A lost notification costs at most `tickMs` of latency, never data: the log is the truth.
 */
export class ChangeListener implements Service {
  readonly name = 'change-listener';
  readonly #options: ListenerOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #probe = `probe ${crypto.randomUUID()}`;
  #client: Sql | undefined;
  #closed = new AbortController();
  #probeSeen = false;
  #tickMs: number;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#tickMs = options.tickMs ?? 20_000;
  }

  async run(): Promise<void> {
    const { log, onNudge } = this.#options;
    let waitMs = RETRY_FIRST_MS;
    while (!this.#stopped.signal.aborted) {
      this.#closed = new AbortController();
      try {
        await this.#listen();
        waitMs = RETRY_FIRST_MS;
        onNudge(undefined);
        await this.#tickUntilClosed();
      } catch (error) {
        if (!this.#stopped.signal.aborted)
          log.warn({ code: codeOf(error), why: whyNot(error), waitMs }, 'cannot listen for changes');
      }
      if (this.#stopped.signal.aborted) break;
      this.#options.onLost?.();
      await this.#clock.sleep(waitMs, this.#stopped.signal);
      waitMs = Math.min(waitMs * 2, RETRY_MOST_MS);
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#closed.abort();
    await this.#client?.end({ timeout: 1 });
  }

  async #listen(): Promise<void> {
    this.#client ??= connectClient(this.#options.database.address, {
      name: 'listener',
      max: 1,
      onnotify: (_, payload) => this.#notified(payload),
      onclose: () => this.#closed.abort(),
    });
    await this.#client.unsafe(`LISTEN ${CHANNEL}`);
    if (this.#probeSeen) return;
    await this.#options.database.pool`SELECT pg_notify(${CHANNEL}, ${this.#probe})`;
    void this.#clock.sleep(PROBE_MS, this.#stopped.signal).then(() => this.#judgeProbe());
  }

  #judgeProbe(): void {
    if (this.#probeSeen || this.#stopped.signal.aborted || this.#closed.signal.aborted) return;
    this.#options.log.warn({ pollMs: POLL_MS }, 'notifications do not arrive (a pooler in transaction mode?), polling');
    this.#tickMs = POLL_MS;
    this.#closed.abort();
  }

  #notified(payload: string): void {
    if (payload === this.#probe) {
      this.#probeSeen = true;
      return;
    }
    const revision = Number(payload);
    if (Number.isSafeInteger(revision)) this.#options.onNudge(revision);
  }

  async #tickUntilClosed(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      await this.#clock.sleep(this.#tickMs, this.#closed.signal);
      this.#options.onNudge(undefined);
    }
  }
}
