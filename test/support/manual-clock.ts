import type { Clock } from '#base/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is moved. Starts at 2026-01-01T00:00:00Z. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleeper: Sleeper = {
      at: this.#now + ms,
      wake: () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', sleeper.wake);
        resolve();
      },
    };
    if (signal?.aborted === true || ms <= 0) return Promise.resolve();
    signal?.addEventListener('abort', sleeper.wake);
    this.#sleepers.add(sleeper);
    return promise;
  }

  /** Moves on by `ms`, waking sleepers in their order, each at its own time. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#sleepers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      // What it wakes may go to sleep again before the end; a turn of the event loop lets file work begin.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }
}
