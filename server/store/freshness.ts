import { StatusError } from '#api/meta/status.ts';
import type { Clock } from '#base/clock.ts';

/** Where this server stands among those of its database (db/server-session.ts). */
export interface Membership {
  /** Does memory at this revision hold all that any other server has been able to write until just now. */
  isAlone(memoryRevision: number): boolean;
  /** Do the others know of this server; only then it may write. */
  readonly isMember: boolean;
  /** What each batch names (db/epoch.ts); undefined = nothing. */
  readonly epoch: number | undefined;
  /** Asks for the epoch again, after a batch that named an old one did nothing. Rejects with DatabaseError when this server may not write. */
  renewEpoch(): Promise<void>;
}

/** The membership of a store that has its database to itself, or does not care. */
export const soleMember: Membership = {
  isAlone: () => true,
  isMember: true,
  epoch: undefined,
  renewEpoch: () => Promise.resolve(),
};

/** What freshness is judged by. */
export interface FreshnessOptions {
  readonly membership: Membership;
  readonly clock: Clock;
  /** The revision of memory. */
  readonly revision: () => number;
  /** Brings memory up to all that was committed before the call. */
  readonly catchUp: () => Promise<void>;
}

/** Upstream: blockTimeout of the watch cache. */
const DEADLINE_MS = 3_000;

/**
 * Whether memory is as new as a consistent read wants it. States: well → (the database does not answer) → stale → (it answers) → well.
 * While it is stale reads are answered from memory, and say so; nobody waits.
 */
export class Freshness {
  readonly #options: FreshnessOptions;
  #stale = false;
  #probing = false;

  constructor(options: FreshnessOptions) {
    this.#options = options;
  }

  /** The database does not answer: what is in memory may be old. */
  get isStale(): boolean {
    return this.#stale;
  }

  /** The database has answered. */
  answered(): void {
    this.#stale = false;
  }

  /** The database has gone, or does not answer. */
  lost(): void {
    this.#stale = true;
  }

  /**
   * Undefined when memory holds all that any server has committed (or, with `revision`, that revision); else resolves when it does.
   * Rejects with StatusError Timeout after 3 s.
   */
  current(revision?: number): Promise<void> | undefined {
    if (revision !== undefined && revision <= this.#options.revision()) return undefined;
    if (this.#stale) {
      this.#probe();
      return undefined;
    }
    return this.#options.membership.isAlone(this.#options.revision()) ? undefined : this.#catchUp();
  }

  /**
   * As `current`, for what must not be judged by memory that may be old, such as a write: while stale it asks all the same.
   * Rejects with StatusError ServiceUnavailable when the database does not answer within 3 s.
   */
  certain(): Promise<void> | undefined {
    return this.#options.membership.isAlone(this.#options.revision()) ? undefined : this.#makeCertain();
  }

  async #makeCertain(): Promise<void> {
    await this.#catchUp().catch(() => undefined);
    if (this.#stale) throw unavailable('the database does not answer');
  }

  async #catchUp(): Promise<void> {
    const { clock, catchUp } = this.#options;
    const timer = new AbortController();
    const late = clock.sleep(DEADLINE_MS, timer.signal).then(() => 'late' as const);
    const answer = catchUp().then(
      () => this.answered(),
      () => this.lost(),
    );
    const outcome = await Promise.race([answer, late]);
    timer.abort();
    if (outcome !== 'late') return;
    this.lost();
    throw new StatusError('Timeout', `The database has not told the current revision within ${DEADLINE_MS / 1000} s`, {
      retryAfterSeconds: 1,
    });
  }

  /** One look in the background at a time: the database may be back before the listener knows. */
  #probe(): void {
    if (this.#probing) return;
    this.#probing = true;
    this.#catchUp()
      .catch(() => undefined)
      .finally(() => (this.#probing = false));
  }
}

/** 503: nothing was done, and it may be tried again. */
const unavailable = (why: string): StatusError =>
  new StatusError('ServiceUnavailable', `Cannot write: ${why}; try again`, { retryAfterSeconds: 1 });
