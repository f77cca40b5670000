import type { Logger } from '#base/logger.ts';
import type { Metrics } from '#base/metrics.ts';
import type { Service } from '#base/service.ts';
import type { LeaderElection } from './leader.ts';

const LEADING = {
  name: 'leader_election_master_status',
  help: 'Whether this server leads the role: 1 = it does, 0 = another one may',
  labels: ['name'],
};

/** What a manager needs. `start` makes the parts anew each time this server becomes leader, in the order they are to start. */
export interface ManagerOptions {
  readonly name: string;
  readonly leader: LeaderElection;
  readonly log: Logger;
  readonly metrics?: Metrics | undefined;
  readonly start: () => readonly Service[];
}

/**
 * Runs parts that only the leader may run:
 *
 *   waiting  --leads-->  running (parts started in order)  --lost-->  parts stopped in reverse order, waiting again
 *   any      --stop-->   stopped
 *
 * A part that fails stops them all and makes `run` reject: half a set of controllers is worse than none.
 */
export class Manager implements Service {
  readonly name: string;
  readonly #options: ManagerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #state: 'new' | 'waiting' | 'leading' | 'stopped' = 'new';

  constructor(options: ManagerOptions) {
    this.name = options.name;
    this.#options = options;
    options.metrics?.gauge(LEADING, [this.name], () => (this.#state === 'leading' ? 1 : 0));
  }

  /** `waiting` = another server leads; `stopped` = done or failed. */
  get state(): 'new' | 'waiting' | 'leading' | 'stopped' {
    return this.#state;
  }

  run(): Promise<void> {
    this.#running ??= this.#loop().finally(() => (this.#state = 'stopped'));
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => {});
  }

  async #loop(): Promise<void> {
    const { leader, log, name } = this.#options;
    while (!this.#stopping.signal.aborted) {
      this.#state = 'waiting';
      const term = await leader.lead(name, this.#stopping.signal).catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return undefined;
        throw error;
      });
      if (term === undefined) return;
      log.info({ role: name }, 'leading');
      await this.#term(term.lost);
    }
  }

  async #term(lost: AbortSignal): Promise<void> {
    const parts = this.#options.start();
    const ended = aborted(AbortSignal.any([lost, this.#stopping.signal]));
    const runs = parts.map((part) => part.run());
    this.#state = 'leading';
    try {
      await Promise.race([ended, Promise.all(runs).then(() => ended)]);
    } finally {
      for (const part of parts.toReversed()) await part.stop();
      await Promise.allSettled(runs);
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
