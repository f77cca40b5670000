import type { Sql } from 'postgres';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { answerInTime } from './answer-in-time.ts';
import { type Database, connectClient } from './connect.ts';
import { endAlone, readEpoch } from './epoch.ts';
import { DatabaseError, codeOf, whyNot } from './errors.ts';
import {
  IDENTITY_LOCK_CLASS,
  LEADER_LOCK,
  MEMBER_LOCK,
  SERVERS_CHANNEL,
  SESSION_TIMES,
  liveServers,
} from './server-session.ts';
import { Waiters } from './waiters.ts';

/** What a pooled session needs. */
export interface PooledSessionOptions {
  readonly database: Pick<Database, 'address' | 'pool'>;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Makes the tables that the session reads, once no restore can be under way; again after each loss of the session. */
  readonly prepare?: () => Promise<void>;
}

/** Postgres ends the transaction of a server that has said nothing for so long, ms; one that runs says something every second. */
const SILENT_MS = 4_000;

/**
 * READ COMMITTED: between statements it holds no snapshot, so vacuum is not held back. READ ONLY: a write here would keep its locks for as long
 * as this server runs. So would a mere look at a table: nothing but functions is asked in it. Nothing else may end it.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL idle_in_transaction_session_timeout = ${SILENT_MS};
  SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
  SELECT set_config(name, '0', true) FROM pg_settings WHERE name = 'transaction_timeout'`;

const JOIN_EVERY_MS = 50;
const JOIN_TELL_EVERY = 20;
const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 2_000;

/** One life of the session: a transaction with its locks. */
interface Term {
  readonly client: Sql;
  readonly over: AbortController;
  pid: number;
  epoch: number;
  leading: boolean;
}

/**
 * What ServerSession is where a pooler lends connections for a transaction only: the locks are those of one transaction, which stays open as long
 * as this server is a member, and keeps the connection. What a pooler would keep open for a host that has vanished Postgres ends by itself.
 * It hears nothing from other servers, so it is never alone: every consistent read asks the database.
 *
 *   away  --begin-->  joining (waits for a server that is alone to share the member lock)  -->  member, perhaps leader
 *   member  --transaction lost, or no answer in time-->  away;  any  --stop-->  stopped
 */
export class PooledSession implements Service {
  readonly name = 'server-session';
  readonly id = 1 + Math.floor(Math.random() * 0x7fff_fffe);
  /** Not known to be so, ever. */
  readonly seemsAlone = false;
  readonly #options: PooledSessionOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  readonly #waiting = new Waiters();
  #term: Term | undefined;
  #wake = new AbortController();
  #wantsLead = false;
  #lost = new AbortController();
  #joins = 0;
  #running: Promise<void> | undefined;

  constructor(options: PooledSessionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** How often this server has become a member. */
  get joins(): number {
    return this.#joins;
  }

  get isMember(): boolean {
    return this.#term !== undefined;
  }

  get isLeader(): boolean {
    return this.#term?.leading === true;
  }

  /** Another server may have written at any time. */
  isAlone(): boolean {
    return false;
  }

  /** What a batch sent now names; 0, which is none, without a session. */
  get epoch(): number {
    return this.#term?.epoch ?? 0;
  }

  /** Reads the epoch anew. Rejects with DatabaseError when this server is no longer a member. */
  async renewEpoch(): Promise<void> {
    const term = this.#term;
    if (term === undefined) throw new DatabaseError('unavailable', 'Cannot tell the epoch: no session');
    await this.#readEpoch(term);
  }

  run(): Promise<void> {
    this.#running ??= this.#loop();
    return this.#running;
  }

  /** Gives up the locks; whoever waits for them is told. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake.abort();
    await this.#running;
  }

  /** Resolves when this server is a member. Rejects with DatabaseError after `deadlineMs`. */
  async joined(deadlineMs = 30_000): Promise<void> {
    try {
      await this.#waiting.until(
        () => this.isMember,
        AbortSignal.any([AbortSignal.timeout(deadlineMs), this.#stopped.signal]),
      );
    } catch (error) {
      throw new DatabaseError('unavailable', 'Cannot join the servers of this database: no session in time', error);
    }
  }

  /** One leader for all roles: resolves when this server is it. `lost` aborts when it no longer is. */
  async lead(_role: string, signal: AbortSignal): Promise<{ readonly lost: AbortSignal }> {
    this.#wantsLead = true;
    this.#wake.abort();
    await this.#waiting.until(() => this.isLeader, AbortSignal.any([signal, this.#stopped.signal]));
    return { lost: this.#lost.signal };
  }

  /** The ids of the servers whose session lives, this one's too. */
  async liveServers(): Promise<ReadonlySet<number>> {
    return this.#inTime(liveServers(this.#options.database.pool));
  }

  async #loop(): Promise<void> {
    let waitMs = RETRY_FIRST_MS;
    while (!this.#stopped.signal.aborted) {
      const term = this.#connect();
      try {
        await this.#join(term);
        waitMs = RETRY_FIRST_MS;
        await this.#hold(term);
      } catch (error) {
        if (!this.#stopped.signal.aborted)
          this.#options.log.warn({ code: codeOf(error), why: whyNot(error), waitMs }, 'no session among the servers');
      }
      this.#leave(term);
      if (this.#stopped.signal.aborted) await this.#sayGoodbye(term);
      await term.client.end({ timeout: 0 }).catch(() => undefined);
      await this.#clock.sleep(waitMs, this.#stopped.signal);
      waitMs = Math.min(waitMs * 2, RETRY_MOST_MS);
    }
  }

  #connect(): Term {
    const over = new AbortController();
    const term: Term = {
      // A new connection has none of the locks: the client must not go on with one.
      client: connectClient(this.#options.database.address, {
        name: 'session',
        max: 1,
        onclose: () => {
          over.abort();
          this.#leave(term);
        },
      }),
      over,
      pid: 0,
      epoch: 0,
      leading: false,
    };
    return term;
  }

  async #join(term: Term): Promise<void> {
    for (let attempt = 0; !(await this.#tryJoin(term)); attempt++) {
      if (attempt % JOIN_TELL_EVERY === 0)
        await this.#inTime(this.#options.database.pool`SELECT pg_notify(${SERVERS_CHANNEL}, 'join')`);
      await this.#clock.sleep(JOIN_EVERY_MS, AbortSignal.any([term.over.signal, this.#stopped.signal]));
      if (this.#stopped.signal.aborted) throw new DatabaseError('unavailable', 'This server is stopping');
    }
    await this.#options.prepare?.();
    await this.#outwait(term);
    await this.#readEpoch(term);
    this.#term = term;
    this.#joins += 1;
    this.#options.log.info({ id: this.id }, 'joined the servers of this database');
    this.#waiting.tell();
  }

  async #tryJoin(term: Term): Promise<boolean> {
    await this.#ask(term, BEGIN);
    const [row] = await this.#ask<{ pid: number; shared: boolean }>(
      term,
      `SELECT pg_backend_pid() AS pid, pg_advisory_xact_lock(${IDENTITY_LOCK_CLASS}, ${this.id})::text,
        pg_try_advisory_xact_lock_shared(${MEMBER_LOCK}) AS shared`,
    );
    term.pid = row?.pid ?? 0;
    if (row?.shared === true) return true;
    await this.#ask(term, 'ROLLBACK');
    return false;
  }

  /** A server that believed to be alone and has not taken it back may do so for a moment longer. */
  async #outwait(term: Term): Promise<void> {
    const { pool } = this.#options.database;
    const { alone } = await this.#inTime(readEpoch(pool));
    if (alone === 0) return;
    await this.#clock.sleep(SESSION_TIMES.outwaitMs, AbortSignal.any([term.over.signal, this.#stopped.signal]));
    // That it is still a member makes sure that nobody else has become alone meanwhile.
    await this.#confirm(term);
    await this.#inTime(endAlone(pool, alone));
  }

  /** The locks were held when the epoch was read, for they are afterwards. */
  async #readEpoch(term: Term): Promise<void> {
    const { epoch } = await this.#inTime(readEpoch(this.#options.database.pool));
    await this.#confirm(term);
    term.epoch = epoch;
  }

  /** Says something every second, and takes the lead when it is free and wanted. */
  async #hold(term: Term): Promise<void> {
    while (!term.over.signal.aborted && !this.#stopped.signal.aborted) {
      this.#wake = new AbortController();
      await this.#confirm(term);
      await this.#clock.sleep(
        SESSION_TIMES.tickMs,
        AbortSignal.any([this.#wake.signal, term.over.signal, this.#stopped.signal]),
      );
    }
  }

  async #confirm(term: Term): Promise<void> {
    const mayLead = this.#wantsLead && !term.leading && this.#term === term;
    const leads = mayLead ? `pg_try_advisory_xact_lock(${LEADER_LOCK})` : 'false';
    const [row] = await this.#ask<{ pid: number; leads: boolean }>(
      term,
      `SELECT pg_backend_pid() AS pid, ${leads} AS leads`,
    );
    const isOurs = row?.pid === term.pid && !term.over.signal.aborted;
    if (!isOurs) term.over.abort();
    if (!isOurs || row === undefined)
      throw new DatabaseError('unavailable', 'The transaction that holds the locks has ended');
    if (!row.leads) return;
    term.leading = true;
    this.#lost = new AbortController();
    this.#waiting.tell();
  }

  /** The term's locks are gone, or are about to go. */
  #leave(term: Term): void {
    term.over.abort();
    if (this.#term === term) this.#term = undefined;
    if (!term.leading) return;
    term.leading = false;
    if (!this.#stopped.signal.aborted) this.#options.log.warn('this server no longer leads: its session is lost');
    this.#lost.abort();
  }

  async #sayGoodbye(term: Term): Promise<void> {
    const goodbye = term.client.unsafe(`ROLLBACK; SELECT pg_notify('${SERVERS_CHANNEL}', 'leave')`).simple();
    await Promise.race([goodbye.catch(() => undefined), this.#clock.sleep(500)]);
  }

  /** In the transaction. By the simple protocol: else what was asked last stays open until the next question, and with it a snapshot. */
  #ask<T extends object>(term: Term, text: string): Promise<readonly T[]> {
    return this.#inTime(term.client.unsafe<T[]>(text).simple());
  }

  #inTime<T>(statement: PromiseLike<T>): Promise<T> {
    return answerInTime(statement, this.#clock, SESSION_TIMES.answerMs);
  }
}
