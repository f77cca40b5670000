import type { Sql } from 'postgres';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { type DatabaseAddress, connectClient } from './connect.ts';
import { DatabaseError, codeOf, whyNot } from './errors.ts';

/** What a server session needs. */
export interface ServerSessionOptions {
  readonly address: DatabaseAddress;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Default: those of SESSION_TIMES. */
  readonly times?: Partial<Record<keyof typeof SESSION_TIMES, number>>;
}

/** How long things take among servers, ms. */
export const SESSION_TIMES = {
  /** A follower looks so often whether the leader is gone; a leader among others, whether it still has its session. */
  tickMs: 1_000,
  /** The same for a server that is alone. */
  aloneTickMs: 15_000,
  /** A session that does not answer for so long is given up. Less than Postgres waits before it ends it (SETTINGS). */
  answerMs: 2_000,
  /** A server that finds itself alone believes it after so long: by then one whose session was lost has noticed, and writes no more. */
  believeAloneMs: 5_000,
  /** The word that a server is alone holds for so long after its session has answered. */
  confirmedMs: 1_000,
} as const;

/** The lock that every server holds: shared; by the only one: exclusive. */
export const MEMBER_LOCK = 0x5ce9_0010;
/** The leader's. */
const LEADER_LOCK = 0x5ce9_0011;
/** First of the two numbers of the lock that says which server is there; the second is its id. */
const IDENTITY_LOCK_CLASS = 0x5ce9;
/** Where servers tell each other that one wants in (`join`) or has gone (`leave`). It bears no data. */
const CHANNEL = 'skep_servers';

/**
 * Postgres ends the session of a server that has vanished without a word after 4 s, and its locks with it. Over a Unix socket these have no
 * effect, and need none. Nothing of the database's own defaults may end the session or an answer.
 */
const SETTINGS = `SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 2;
  SET tcp_user_timeout = 4000; SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0`;

const JOIN_EVERY_MS = 50;
const JOIN_TELL_EVERY = 20;
const ANSWER_READ_MS = 100;
const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 2_000;

/** One life of the session: a connection with its locks. */
interface Term {
  readonly client: Sql;
  readonly over: AbortController;
  pid: number;
  sole: boolean;
  soleSince: number;
  /** Another server is on its way in: not to be alone again before this moment. */
  sharedUntil: number;
  leading: boolean;
}

/**
 * What several servers on one database know of each other, by advisory locks on a connection kept for them. Locks end with their session,
 * whatever ended it, and write nothing.
 *
 *   away  --connect-->  joining (waits for whoever holds the member lock alone to share it)  -->  member, perhaps alone, perhaps leader
 *   member  --connection lost, or no answer in time-->  away;  any  --stop-->  stopped
 *
 * A server may write only as a member (`isMember`): then nobody else believes to be alone.
 */
export class ServerSession implements Service {
  readonly name = 'server-session';
  /** This process among the servers: a number by chance. */
  readonly id = 1 + Math.floor(Math.random() * 0x7fff_fffe);
  readonly #options: ServerSessionOptions;
  readonly #clock: Clock;
  readonly #times: Readonly<Record<keyof typeof SESSION_TIMES, number>>;
  readonly #stopped = new AbortController();
  readonly #changed = new Set<() => void>();
  #term: Term | undefined;
  #wake = new AbortController();
  #wantsLead = false;
  #lost = new AbortController();
  #confirmedAt = 0;
  #joins = 0;
  #looking: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ServerSessionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#times = { ...SESSION_TIMES, ...options.times };
  }

  /** How often this server has become a member: what others knew of it before may be forgotten. */
  get joins(): number {
    return this.#joins;
  }

  /** Is this server known to the others. */
  get isMember(): boolean {
    return this.#term !== undefined;
  }

  /** Does this server lead now. */
  get isLeader(): boolean {
    return this.#term?.leading === true;
  }

  /** No other server can have written since the session last answered, which was just now. */
  isAlone(): boolean {
    const term = this.#term;
    if (term?.sole !== true) return false;
    const now = this.#clock.now();
    if (now - term.soleSince < this.#times.believeAloneMs) return false;
    if (now - this.#confirmedAt < this.#times.confirmedMs) return true;
    this.#look().catch(() => undefined);
    return false;
  }

  /** Is no other server there, as far as is known; may be out of date for as long as a tick. */
  get seemsAlone(): boolean {
    return this.#term?.sole === true;
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
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), deadlineMs);
    try {
      await this.#until(() => this.isMember, AbortSignal.any([late.signal, this.#stopped.signal]));
    } catch (error) {
      throw new DatabaseError('unavailable', 'Cannot join the servers of this database: no session in time', error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One leader for all roles: resolves when this server is it. `lost` aborts when it no longer is. */
  async lead(_role: string, signal: AbortSignal): Promise<{ readonly lost: AbortSignal }> {
    this.#wantsLead = true;
    this.#wake.abort();
    await this.#until(() => this.isLeader, AbortSignal.any([signal, this.#stopped.signal]));
    return { lost: this.#lost.signal };
  }

  /** live_servers: the ids of the servers whose session lives, this one's too. */
  async liveServers(): Promise<ReadonlySet<number>> {
    const term = this.#term;
    if (term === undefined) throw new DatabaseError('unavailable', 'Cannot tell which servers live: no session');
    const rows = await this.#answer(
      term,
      term.client<{ id: number }[]>`SELECT objid::int4 AS id FROM pg_locks
        WHERE locktype = 'advisory' AND classid = ${IDENTITY_LOCK_CLASS} AND objsubid = 2 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return new Set(rows.map(({ id }) => id));
  }

  async #loop(): Promise<void> {
    const { log } = this.#options;
    let waitMs = RETRY_FIRST_MS;
    while (!this.#stopped.signal.aborted) {
      const term = this.#connect();
      try {
        await this.#join(term);
        waitMs = RETRY_FIRST_MS;
        await this.#hold(term);
      } catch (error) {
        if (!this.#stopped.signal.aborted)
          log.warn({ code: codeOf(error), why: whyNot(error), waitMs }, 'no session among the servers');
      }
      this.#leave(term);
      if (this.#stopped.signal.aborted) await this.#sayGoodbye(term);
      await term.client.end({ timeout: 0 }).catch(() => undefined);
      if (this.#stopped.signal.aborted) return;
      await this.#clock.sleep(waitMs, this.#stopped.signal);
      waitMs = Math.min(waitMs * 2, RETRY_MOST_MS);
    }
  }

  #connect(): Term {
    const over = new AbortController();
    const term: Term = {
      client: connectClient(this.#options.address, {
        name: 'session',
        max: 1,
        onnotify: (_, payload) => this.#heard(term, payload),
        // A new connection has none of the locks: the client must not make one by itself.
        onclose: () => {
          over.abort();
          this.#leave(term);
        },
      }),
      over,
      pid: 0,
      sole: false,
      soleSince: 0,
      sharedUntil: 0,
      leading: false,
    };
    return term;
  }

  /** Becomes a member: alone if nobody is there, else beside the others. */
  async #join(term: Term): Promise<void> {
    const { client } = term;
    await this.#answer(term, client.unsafe(`${SETTINGS}; LISTEN ${CHANNEL}`).simple());
    const [own] = await this.#answer(
      term,
      client<
        { pid: number }[]
      >`SELECT pg_backend_pid() AS pid, pg_advisory_lock(${IDENTITY_LOCK_CLASS}, ${this.id})::text`,
    );
    term.pid = own?.pid ?? 0;
    if (await this.#try(term, 'pg_try_advisory_lock', MEMBER_LOCK)) this.#setSole(term);
    else await this.#joinOthers(term);
    this.#confirmedAt = this.#clock.now();
    this.#term = term;
    this.#joins += 1;
    this.#options.log.info({ id: this.id, alone: term.sole }, 'joined the servers of this database');
    this.#tell();
  }

  async #joinOthers(term: Term): Promise<void> {
    for (let attempt = 0; !term.over.signal.aborted && !this.#stopped.signal.aborted; attempt++) {
      if (attempt % JOIN_TELL_EVERY === 0) await this.#answer(term, term.client`SELECT pg_notify(${CHANNEL}, 'join')`);
      if (await this.#try(term, 'pg_try_advisory_lock_shared', MEMBER_LOCK)) return;
      await this.#clock.sleep(JOIN_EVERY_MS, term.over.signal);
    }
    throw new DatabaseError('unavailable', 'The session ended while it joined the others');
  }

  /** Looks again and again until the term is over: on each tick, when another server says something, when somebody wants to lead. */
  async #hold(term: Term): Promise<void> {
    while (!term.over.signal.aborted && !this.#stopped.signal.aborted) {
      this.#wake = new AbortController();
      await this.#look();
      const restMs = term.sole && (term.leading || !this.#wantsLead) ? this.#times.aloneTickMs : this.#times.tickMs;
      await this.#clock.sleep(restMs, AbortSignal.any([this.#wake.signal, term.over.signal, this.#stopped.signal]));
    }
  }

  /** Makes sure of the session, and takes what has become free. One look at a time. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const term = this.#term;
    if (term === undefined) return;
    const askedAt = this.#clock.now();
    const [row] = await this.#answer(
      term,
      term.client<{ pid: number; leads: boolean; sole: boolean }[]>`SELECT pg_backend_pid() AS pid,
        CASE WHEN ${this.#wantsLead && !term.leading} THEN pg_try_advisory_lock(${LEADER_LOCK}) ELSE ${term.leading} END AS leads,
        CASE WHEN ${!term.sole && askedAt >= term.sharedUntil} THEN pg_try_advisory_lock(${MEMBER_LOCK}) ELSE false END AS sole`,
    );
    if (row?.pid !== term.pid) {
      term.over.abort();
      throw new DatabaseError('unavailable', 'The session has been given to another connection (a pooler?)');
    }
    if (term.over.signal.aborted) return;
    this.#confirmedAt = askedAt;
    if (row.sole) {
      await this.#answer(term, term.client`SELECT pg_advisory_unlock_shared(${MEMBER_LOCK})`);
      this.#setSole(term);
    }
    if (row.leads && !term.leading) {
      term.leading = true;
      this.#lost = new AbortController();
      this.#tell();
    }
  }

  #setSole(term: Term): void {
    term.sole = true;
    term.soleSince = this.#clock.now();
  }

  #heard(term: Term, message: string): void {
    if (message === 'join' && term.sole) {
      // From here on reads ask; only then does the other get the lock.
      term.sole = false;
      term.sharedUntil = this.#clock.now() + 2 * this.#times.tickMs;
      this.#answer(
        term,
        term.client`SELECT pg_advisory_lock_shared(${MEMBER_LOCK})::text, pg_advisory_unlock(${MEMBER_LOCK})`,
      ).catch(() => undefined);
    }
    if (message === 'join' || message === 'leave') this.#wake.abort();
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
    if (term.sole) return;
    const goodbye = term.client`SELECT pg_advisory_unlock_all()::text, pg_notify(${CHANNEL}, 'leave')`;
    await Promise.race([goodbye.catch(() => undefined), this.#clock.sleep(500)]);
  }

  async #try(term: Term, lock: 'pg_try_advisory_lock' | 'pg_try_advisory_lock_shared', key: number): Promise<boolean> {
    const [row] = await this.#answer(term, term.client.unsafe<{ got: boolean }[]>(`SELECT ${lock}(${key}) AS got`));
    return row?.got === true;
  }

  /** The answer of a statement; when it does not come in time, or the connection ends, the term is over. */
  async #answer<T>(term: Term, statement: PromiseLike<T>): Promise<T> {
    const timer = new AbortController();
    // The second, short sleep: after a long pause of this process the answer may be at hand and only not yet read.
    const late = this.#clock
      .sleep(this.#times.answerMs, timer.signal)
      .then(() => this.#clock.sleep(ANSWER_READ_MS, timer.signal));
    try {
      return await Promise.race([
        statement,
        late.then(() => Promise.reject(new DatabaseError('unavailable', 'The session does not answer'))),
      ]);
    } catch (error) {
      term.over.abort();
      throw error;
    } finally {
      timer.abort();
    }
  }

  #tell(): void {
    for (const listener of this.#changed) listener();
  }

  /** Resolves when `holds` does; rejects when `signal` aborts first. */
  #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        if (signal.aborted) reject(new Error('Not waited for any longer'));
        else if (holds()) resolve();
        else return;
        this.#changed.delete(settle);
        signal.removeEventListener('abort', settle);
      };
      this.#changed.add(settle);
      signal.addEventListener('abort', settle, { once: true });
      settle();
    });
  }
}
