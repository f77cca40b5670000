/** How an exponential back-off grows. */
export interface BackoffOptions {
  /** The first delay in milliseconds. */
  readonly baseMs: number;
  /** No delay is longer. */
  readonly maxMs: number;
}

/** Delays that double with every failure: `next()` 5, 10, 20 … ms; `reset()` after a success. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** How often `next` was called since the last `reset`. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts one failure and tells how long to wait, in milliseconds. */
  next(): number {
    const delay = Math.min(this.#options.baseMs * 2 ** this.#failures, this.#options.maxMs);
    this.#failures += 1;
    return delay;
  }

  /** Forgets all failures. */
  reset(): void {
    this.#failures = 0;
  }
}

/** A back-off for each key; keys that succeeded take no memory. */
export class KeyedBackoff {
  readonly #options: BackoffOptions;
  readonly #byKey = new Map<string, Backoff>();

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Counts one failure of `key` and tells how long to wait, in milliseconds. */
  next(key: string): number {
    const backoff = this.#byKey.get(key) ?? new Backoff(this.#options);
    this.#byKey.set(key, backoff);
    return backoff.next();
  }

  /** How often `key` failed since it was forgotten. */
  failures(key: string): number {
    return this.#byKey.get(key)?.failures ?? 0;
  }

  /** Forgets the failures of `key`. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
