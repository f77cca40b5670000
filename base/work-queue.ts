import type { Clock } from './clock.ts';

/**
 * Keys that wait for a worker (as client-go's workqueue). A key is waiting, being worked on, or both:
 *
 *   add    → waiting, unless it waits already; while it is worked on it is only marked, and waits again when that work is done
 *   take   → the oldest waiting key, now being worked on
 *   done   → no longer worked on; back to waiting when it was marked meanwhile
 *
 * So a key is never worked on twice at once, and many changes while it waits cost one run. No limit is needed: it holds at most one entry a key.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #waiting: Set<string> = new Set();
  readonly #working: Set<string> = new Set();
  readonly #marked: Set<string> = new Set();
  readonly #later = new Map<string, { readonly at: number; readonly cancel: AbortController }>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many keys wait for a worker (workqueue_depth). */
  get length(): number {
    return this.#waiting.size;
  }

  /** How many keys are to be added later. */
  get delayed(): number {
    return this.#later.size;
  }

  /** True when nothing waits and nothing is worked on; delayed keys do not count. */
  get idle(): boolean {
    return this.#waiting.size === 0 && this.#working.size === 0;
  }

  /** Puts `key` in the queue. */
  add(key: string): void {
    if (this.#stopped) return;
    if (this.#working.has(key)) {
      this.#marked.add(key);
      return;
    }
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#waiting.add(key);
      return;
    }
    this.#working.add(key);
    taker(key);
  }

  /** Puts `key` in the queue after `ms`; of several delays the shortest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    if (ms <= 0) return this.add(key);
    const at = this.#clock.now() + ms;
    const earlier = this.#later.get(key);
    if (earlier !== undefined) {
      if (earlier.at <= at) return;
      earlier.cancel.abort();
    }
    const entry = { at, cancel: new AbortController() };
    this.#later.set(key, entry);
    void this.#clock.sleep(ms, entry.cancel.signal).then(() => {
      if (this.#later.get(key) !== entry) return;
      this.#later.delete(key);
      this.add(key);
    });
  }

  /** The next key, when there is one; undefined once the queue has stopped. The taker calls `done` with it. */
  take(): Promise<string | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    const [key] = this.#waiting;
    if (key === undefined) return new Promise((resolve) => this.#takers.push(resolve));
    this.#waiting.delete(key);
    this.#working.add(key);
    return Promise.resolve(key);
  }

  /** Ends the work on `key`. */
  done(key: string): void {
    this.#working.delete(key);
    if (this.#marked.delete(key)) this.add(key);
  }

  /** Wakes all takers with undefined, drops what waits and every delay. */
  stop(): void {
    this.#stopped = true;
    for (const entry of this.#later.values()) entry.cancel.abort();
    this.#later.clear();
    this.#waiting.clear();
    this.#marked.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }
}
