import type { Sql } from 'postgres';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { type Database, connectClient, isRemote, poolerOf } from './connect.ts';
import { DatabaseError, codeOf, whyNot } from './errors.ts';
import { CHANNEL } from './objects.ts';
import { ClientSockets, answerOrEnd } from './sockets.ts';

/** What the listener needs. */
export interface ListenerOptions {
  readonly database: Database;
  readonly log: Logger;
  /**
   * Told that the log may have grown: after every (re)LISTEN and every slow tick without a number, after every nudge with the revision it bears,
   * and when it polls with the revision that it found. Must not throw.
   */
  readonly onNudge: (revision: number | undefined) => void;
  /** Told when the connection is lost or cannot be made. Must not throw. */
  readonly onLost?: () => void;
  readonly clock?: Clock;
  /** How often the log is looked at without a nudge, ms; default 20,000. */
  readonly tickMs?: number;
  /** How often a connection over a network is asked whether it still is one, ms; default 5,000. */
  readonly lifeMs?: number;
}

const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 5_000;
/** How long one waits for one's own notification before LISTEN is held to be broken (a pooler in transaction mode), ms. */
const PROBE_MS = 3_000;
/** How often the revision is asked for when notifications do not arrive, ms. */
const POLL_MS = 500;

/** An answer to that which has not come for so long will not come over this connection, ms. */
const ANSWER_MS = 5_000;
/** The same for the connection that listens, which is asked nothing but whether it still is one, ms. */
const LIFE_MS = 2_000;
/** To connect and listen, ms. */
const CONNECT_MS = 12_000;

/**
 * The dedicated LISTEN connection. It never opens a transaction, so it never holds back vacuum or the queue of notifications.
 * States: connecting → listening → (connection lost) → waiting with back-off → connecting … until `stop`.
 * A lost notification costs at most `tickMs` of latency, never data: the log is the truth. A connection that a network has forgotten says nothing
 * of it: over a network it is asked every `lifeMs`, and counts as lost when it does not answer.
 * Where notifications do not arrive (a pooler in transaction mode) it has no connection, and polls: polling → (no answer) → waiting … .
 */
export class ChangeListener implements Service {
  readonly name = 'change-listener';
  readonly #options: ListenerOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #probe = `probe ${crypto.randomUUID()}`;
  readonly #tickMs: number;
  readonly #lifeMs: number;
  #client: Sql | undefined;
  #closed = new AbortController();
  #probeSeen = false;
  #polls = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#tickMs = options.tickMs ?? 20_000;
    this.#lifeMs = isRemote(options.database.address) ? (options.lifeMs ?? 5_000) : this.#tickMs;
  }

  async run(): Promise<void> {
    const { database, log, onNudge } = this.#options;
    if (poolerOf(database.address) === 'transaction') this.#startPolling('a pooler in transaction mode is in between');
    let waitMs = RETRY_FIRST_MS;
    while (!this.#stopped.signal.aborted) {
      this.#closed = new AbortController();
      const polls = this.#polls;
      try {
        if (!polls) await this.#listen();
        else await this.#ask();
        waitMs = RETRY_FIRST_MS;
        onNudge(undefined);
        if (polls) await this.#poll();
        else await this.#tickUntilClosed();
      } catch (error) {
        if (!this.#stopped.signal.aborted)
          log.warn({ code: codeOf(error), why: whyNot(error), waitMs }, 'cannot listen for changes');
      }
      if (this.#stopped.signal.aborted) break;
      if (polls !== this.#polls) continue;
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
    await this.#answer(this.#client, this.#client.unsafe(`LISTEN ${CHANNEL}`), CONNECT_MS);
    if (this.#probeSeen) return;
    const { pool } = this.#options.database;
    await this.#answer(pool, pool`SELECT pg_notify(${CHANNEL}, ${this.#probe})`, CONNECT_MS);
    void this.#clock.sleep(PROBE_MS, this.#stopped.signal).then(() => this.#judgeProbe());
  }

  #answer<T>(client: Sql, statement: PromiseLike<T>, withinMs: number): Promise<T> {
    return answerOrEnd(client, statement, { clock: this.#clock, withinMs });
  }

  #judgeProbe(): void {
    if (this.#probeSeen || this.#polls || this.#stopped.signal.aborted || this.#closed.signal.aborted) return;
    this.#startPolling('the notification sent to oneself has not come');
    void this.#client?.end({ timeout: 1 });
    this.#client = undefined;
    this.#closed.abort();
  }

  #startPolling(why: string): void {
    this.#polls = true;
    this.#options.log.warn(
      { why, pollMs: POLL_MS },
      'polls: Postgres cannot notify this server; give --database-url the address of Postgres itself, or of a pool in session mode',
    );
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
    for (let sinceTickMs = 0; ;) {
      const restMs = Math.min(this.#lifeMs, this.#tickMs - sinceTickMs);
      await this.#clock.sleep(restMs, this.#closed.signal);
      if (this.#closed.signal.aborted || this.#client === undefined) return;
      sinceTickMs += restMs;
      if (sinceTickMs >= this.#tickMs) {
        sinceTickMs = 0;
        this.#options.onNudge(undefined);
      }
      if (this.#lifeMs < this.#tickMs) await this.#look(this.#client);
    }
  }

  /** What goes over the same network as a dead connection may be dead as well, and would be found out later. */
  async #look(client: Sql): Promise<void> {
    const { pool, writer } = this.#options.database;
    try {
      await this.#answer(client, client`SELECT 1`, LIFE_MS);
    } catch (error) {
      if (error instanceof DatabaseError) for (const one of [pool, writer]) ClientSockets.end(one);
      throw error;
    }
  }

  /** Until it rejects, or `stop`. */
  async #poll(): Promise<void> {
    for (let sinceTickMs = 0; !this.#closed.signal.aborted; sinceTickMs += POLL_MS) {
      await this.#clock.sleep(Math.min(POLL_MS, this.#tickMs), this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      const revision = await this.#ask();
      if (sinceTickMs < this.#tickMs) this.#options.onNudge(revision);
      else {
        sinceTickMs = 0;
        this.#options.onNudge(undefined);
      }
    }
  }

  /** read_revision. */
  async #ask(): Promise<number> {
    const timer = new AbortController();
    const late = this.#clock.sleep(ANSWER_MS, AbortSignal.any([timer.signal, this.#closed.signal])).then(() => []);
    const rows = this.#options.database.pool<{ value: number }[]>`SELECT value FROM revision WHERE id = 1`;
    try {
      const [row] = await Promise.race([rows, late]);
      if (row === undefined) throw new DatabaseError('unavailable', 'it does not tell the revision');
      return row.value;
    } finally {
      timer.abort();
    }
  }
}
