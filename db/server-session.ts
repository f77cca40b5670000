import type { Sql } from 'postgres';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { type DatabaseAddress, connectClient, poolerOf } from './connect.ts';
import { type Epoch, endAlone, readEpoch, startEpochAlone } from './epoch.ts';
import { DatabaseError, codeOf, whyNot } from './errors.ts';
import { Waiters } from './waiters.ts';

/** What a server session needs. */
export interface ServerSessionOptions {
  readonly address: DatabaseAddress;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Makes the tables that the session reads, once no restore can be under way; again after each loss of the session. */
  readonly prepare?: () => Promise<void>;
  /** Default: those of SESSION_TIMES. */
  readonly times?: Partial<Record<keyof typeof SESSION_TIMES, number>>;
}

/** How long things take among servers, ms. */
export const SESSION_TIMES = {
  /** A follower looks so often whether the leader is gone; a leader among others, whether it still has its session. */
  tickMs: 1_000,
  /** The same for a server that is alone. */
  aloneTickMs: 15_000,
  /** A session that does not answer for so long is given up. Less than Postgres waits before it ends it (settings). */
  answerMs: 2_000,
  /** The word that a server is alone holds for so long after its session was asked and has answered. */
  confirmedMs: 1_000,
  /** Postgres ends the session of a server that has asked nothing for so long. More than aloneTickMs and answerMs together. */
  silentMs: 20_000,
  /** A server waits for so long before it writes when one that believed to be alone went without a word. More than confirmedMs, by a tenth for clocks that run apart. */
  outwaitMs: 1_100,
} as const;

/** The lock that every server holds: shared; by the only one: exclusive. */
export const MEMBER_LOCK = 0x5ce9_0010;
/** The leader's. */
export const LEADER_LOCK = 0x5ce9_0011;
/** First of the two numbers of the lock that says which server is there; the second is its id. */
export const IDENTITY_LOCK_CLASS = 0x5ce9;
/** Where servers tell each other that one wants in (`join`) or has gone (`leave`). It bears no data. */
export const SERVERS_CHANNEL = 'skep_servers';

/**
 * Postgres ends the session of a host that has vanished without a word after 4 s, and its locks with it. Over a Unix socket this has no effect,
 * and needs none. A process that is stopped, while its host still answers for it, has `silentMs`. Nothing else of the database's own defaults may
 * end the session or an answer.
 */
const settings = (silentMs: number): string => `SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1;
  SET tcp_keepalives_count = 2; SET tcp_user_timeout = 4000; SET statement_timeout = 0; SET lock_timeout = 1000;
  SET idle_session_timeout = ${silentMs}`;
/**
 * Through a pooler (in session mode, else PooledSession is there) the connection that Postgres sees is the pooler's, and stays when a server
 * vanishes: it has to say something every few seconds. One that lives says something every second.
 */
const POOLED_SILENT_MS = 4_000;
/** SQLSTATE of a lock that was not to be had within lock_timeout, which is shorter than answerMs. */
const LOCK_NOT_AVAILABLE = '55P03';

const JOIN_EVERY_MS = 50;
const JOIN_TELL_EVERY = 20;
const ANSWER_READ_MS = 100;
const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 2_000;

/** One life of the session: a connection with its locks. */
interface Term {
  readonly client: Sql;
  readonly over: AbortController;
  /** Postgres' process; a connection that the client has made anew has none of the locks. */
  pid: number;
  /** Has the member lock exclusively: nobody else can become a member. */
  exclusive: boolean;
  /** And has started an epoch since: nothing that others have sent before can commit. */
  alone: boolean;
  epoch: number;
  /** Another server is on its way in: not to be alone again before this moment. */
  sharedUntil: number;
  leading: boolean;
}

/**
 * What several servers on one database know of each other, by advisory locks on a connection kept for them. Locks end with their session,
 * whatever ended it, and write nothing.
 *
 *   away  --connect-->  joining (waits for whoever holds the member lock alone to share it, or outwaits the belief of one that vanished)
 *   -->  member, perhaps alone, perhaps leader;  member  --connection lost, or no answer in time-->  away;  any  --stop-->  stopped
 *
 * A server may write only as a member (`isMember`), under the epoch that it read as one: then nobody else believes to be alone. It is alone when
 * it has the member lock exclusively, has then started an epoch, and its memory has reached the start of it. The argument is in docs/watch.md.
 */
export class ServerSession implements Service {
  readonly name = 'server-session';
  /** This process among the servers: a number by chance. */
  readonly id = 1 + Math.floor(Math.random() * 0x7fff_fffe);
  readonly #options: ServerSessionOptions;
  readonly #clock: Clock;
  readonly #times: Readonly<Record<keyof typeof SESSION_TIMES, number>>;
  readonly #isPooled: boolean;
  readonly #stopped = new AbortController();
  readonly #changed = new Waiters();
  #term: Term | undefined;
  #wake = new AbortController();
  #wantsLead = false;
  #lost = new AbortController();
  #confirmedAt = { wallMs: 0, steadyMs: 0 };
  #joins = 0;
  #looking: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ServerSessionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#times = { ...SESSION_TIMES, ...options.times };
    this.#isPooled = poolerOf(options.address) !== undefined;
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

  /**
   * Does memory that has reached `memoryRevision` hold all that any other server has written; no other can write unless the session has ended
   * since it last answered, which was just now.
   */
  isAlone(memoryRevision: number): boolean {
    const term = this.#term;
    if (term?.alone !== true || memoryRevision < term.epoch) return false;
    const { wallMs, steadyMs } = this.#confirmedAt;
    // The wall clock may be set back; the steady one stands still while the machine sleeps.
    const ageMs = Math.max(this.#clock.now() - wallMs, performance.now() - steadyMs);
    if (ageMs < this.#times.confirmedMs) return true;
    this.#look().catch(() => undefined);
    return false;
  }

  /** Is no other server there, as far as is known; may be out of date for as long as a tick. */
  get seemsAlone(): boolean {
    return this.#term?.alone === true;
  }

  /** What a batch sent now names; 0, which is none, without a session. */
  get epoch(): number {
    return this.#term?.epoch ?? 0;
  }

  /** Reads the epoch anew, when another server has started one. Rejects with DatabaseError when this server is no longer a member. */
  async renewEpoch(): Promise<void> {
    const term = this.#term;
    if (term === undefined) throw new DatabaseError('unavailable', 'Cannot tell the epoch: no session');
    term.epoch = (await this.#ofSession(term, readEpoch(term.client))).epoch;
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
      await this.#changed.until(() => this.isMember, AbortSignal.any([late.signal, this.#stopped.signal]));
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
    await this.#changed.until(() => this.isLeader, AbortSignal.any([signal, this.#stopped.signal]));
    return { lost: this.#lost.signal };
  }

  /** The ids of the servers whose session lives, this one's too. */
  async liveServers(): Promise<ReadonlySet<number>> {
    const term = this.#term;
    if (term === undefined) throw new DatabaseError('unavailable', 'Cannot tell which servers live: no session');
    return this.#answer(term, liveServers(term.client));
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
      exclusive: false,
      alone: false,
      epoch: 0,
      sharedUntil: 0,
      leading: false,
    };
    return term;
  }

  /** Becomes a member: alone if nobody is there, else beside the others. */
  async #join(term: Term): Promise<void> {
    const { client } = term;
    const silentMs = this.#isPooled ? POOLED_SILENT_MS : this.#times.silentMs;
    await this.#answer(term, client.unsafe(`${settings(silentMs)}; LISTEN ${SERVERS_CHANNEL}`).simple());
    const [own] = await this.#answer(
      term,
      client<
        { pid: number }[]
      >`SELECT pg_backend_pid() AS pid, pg_advisory_lock(${IDENTITY_LOCK_CLASS}, ${this.id})::text`,
    );
    term.pid = own?.pid ?? 0;
    if (await this.#try(term, 'pg_try_advisory_lock', MEMBER_LOCK)) term.exclusive = true;
    else await this.#joinOthers(term);
    await this.#options.prepare?.();
    await this.#outwait(term);
    this.#confirmedAt = this.#moment();
    term.epoch = (await this.#ofSession(term, readEpoch(client))).epoch;
    this.#term = term;
    this.#joins += 1;
    this.#options.log.info({ id: this.id }, 'joined the servers of this database');
    this.#changed.tell();
  }

  /** A server that believed to be alone and has not taken it back may do so for a moment longer: it lost its session, and may not know yet. */
  async #outwait(term: Term): Promise<void> {
    const { alone } = await this.#ofSession(term, readEpoch(term.client));
    if (alone === 0 || alone === this.id) return;
    this.#options.log.info(
      { server: alone },
      'a server that was alone has gone without a word: waiting until it must know',
    );
    await this.#clock.sleep(this.#times.outwaitMs, AbortSignal.any([term.over.signal, this.#stopped.signal]));
    if (term.over.signal.aborted || this.#stopped.signal.aborted)
      throw new DatabaseError('unavailable', 'The session ended while it joined the others');
    await this.#answer(term, unlessLocked(endAlone(term.client, alone)));
  }

  async #joinOthers(term: Term): Promise<void> {
    for (let attempt = 0; !term.over.signal.aborted && !this.#stopped.signal.aborted; attempt++) {
      if (attempt % JOIN_TELL_EVERY === 0)
        await this.#answer(term, term.client`SELECT pg_notify(${SERVERS_CHANNEL}, 'join')`);
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
      const mayRest = term.alone && (term.leading || !this.#wantsLead) && !this.#isPooled;
      const restMs = mayRest ? this.#times.aloneTickMs : this.#times.tickMs;
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
    const asked = this.#moment();
    const mayTry = !term.exclusive && asked.wallMs >= term.sharedUntil;
    const [row] = await this.#answer(
      term,
      term.client<{ pid: number; leads: boolean; sole: boolean }[]>`SELECT pg_backend_pid() AS pid,
        CASE WHEN ${this.#wantsLead && !term.leading} THEN pg_try_advisory_lock(${LEADER_LOCK}) ELSE ${term.leading} END AS leads,
        CASE WHEN ${mayTry} THEN pg_try_advisory_lock(${MEMBER_LOCK}) ELSE false END AS sole`,
    );
    if (row?.pid !== term.pid) throw this.#notOurs(term);
    if (term.over.signal.aborted) return;
    this.#confirmedAt = asked;
    if (row.sole) {
      term.exclusive = true;
      await this.#answer(term, term.client`SELECT pg_advisory_unlock_shared(${MEMBER_LOCK})`);
    }
    if (term.exclusive && !term.alone) await this.#beAlone(term);
    if (row.leads && !term.leading) {
      term.leading = true;
      this.#lost = new AbortController();
      this.#changed.tell();
    }
  }

  /** Nobody else is a member. What those that were have sent still counts when it has the counter's lock, and does nothing when it comes later. */
  async #beAlone(term: Term): Promise<void> {
    if (this.#clock.now() < term.sharedUntil) return this.#letGo(term);
    const started = await this.#ofSession(term, unlessLocked(startEpochAlone(term.client, this.id)));
    if (started === undefined) return;
    term.epoch = started.epoch;
    // Another one may have asked to be let in meanwhile.
    if (!term.exclusive) return;
    term.alone = true;
    this.#options.log.info({ id: this.id, epoch: started.epoch }, 'alone on this database');
  }

  /** From here on reads ask; then the others are told that they need not wait; only then do they get the lock. */
  async #letGo(term: Term): Promise<void> {
    term.exclusive = false;
    term.alone = false;
    await this.#answer(term, unlessLocked(endAlone(term.client, this.id)));
    await this.#answer(
      term,
      term.client`SELECT pg_advisory_lock_shared(${MEMBER_LOCK})::text, pg_advisory_unlock(${MEMBER_LOCK})`,
    );
  }

  #heard(term: Term, message: string): void {
    if (message === 'join') {
      term.sharedUntil = this.#clock.now() + 2 * this.#times.tickMs;
      if (term.exclusive) this.#letGo(term).catch(() => undefined);
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
    const { client, exclusive } = term;
    const goodbye = async (): Promise<void> => {
      if (exclusive) await endAlone(client, this.id);
      else await client`SELECT pg_advisory_unlock_all()::text, pg_notify(${SERVERS_CHANNEL}, 'leave')`;
    };
    await Promise.race([goodbye().catch(() => undefined), this.#clock.sleep(500)]);
  }

  async #try(term: Term, lock: 'pg_try_advisory_lock' | 'pg_try_advisory_lock_shared', key: number): Promise<boolean> {
    const [row] = await this.#answer(term, term.client.unsafe<{ got: boolean }[]>(`SELECT ${lock}(${key}) AS got`));
    return row?.got === true;
  }

  /** As #answer; the term is over also when another connection than that with the locks has answered. */
  async #ofSession<T extends Epoch | undefined>(term: Term, statement: PromiseLike<T>): Promise<T> {
    const answer = await this.#answer(term, statement);
    if (term.over.signal.aborted || (answer !== undefined && answer.backendPid !== term.pid)) throw this.#notOurs(term);
    return answer;
  }

  #notOurs(term: Term): DatabaseError {
    term.over.abort();
    return new DatabaseError(
      'unavailable',
      'The session has ended, or has been given to another connection (a pooler?)',
    );
  }

  #moment(): { readonly wallMs: number; readonly steadyMs: number } {
    return { wallMs: this.#clock.now(), steadyMs: performance.now() };
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
}

/** Undefined when the statement did nothing because a batch has the counter's lock for so long. */
const unlessLocked = <T>(statement: Promise<T>): Promise<T | undefined> =>
  statement.catch((error: unknown) => {
    if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error;
    return undefined;
  });

/** live_servers: the ids of the servers whose session lives. */
export async function liveServers(sql: Sql): Promise<ReadonlySet<number>> {
  const rows = await sql<{ id: number }[]>`SELECT objid::int4 AS id FROM pg_locks
    WHERE locktype = 'advisory' AND classid = ${IDENTITY_LOCK_CLASS} AND objsubid = 2 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return new Set(rows.map(({ id }) => id));
}
