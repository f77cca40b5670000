import type { Clock } from './clock.ts';
import { type Count, type Durations, Metrics } from './metrics.ts';

const LABELS = ['name'];
const DEPTH = { name: 'workqueue_depth', help: 'Keys that wait for a worker', labels: LABELS };
const DELAYED = { name: 'skep_workqueue_delayed', help: 'Keys that are to be added later', labels: LABELS };
const ADDS = { name: 'workqueue_adds_total', help: 'Keys added', labels: LABELS };
const RETRIES = { name: 'workqueue_retries_total', help: 'Keys added with a delay', labels: LABELS };
const QUEUED = {
  name: 'workqueue_queue_duration_seconds',
  help: 'How long a key waits until a worker takes it',
  labels: LABELS,
};
const WORKED = { name: 'workqueue_work_duration_seconds', help: 'How long the work on a key takes', labels: LABELS };

/** Under which name, and among which metrics, a queue is seen. */
export interface WorkQueueOptions {
  readonly name: string;
  readonly metrics: Metrics;
}

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
  /** The keys with the time since which they wait or are worked on. */
  readonly #waiting = new Map<string, number>();
  readonly #working = new Map<string, number>();
  readonly #marked = new Map<string, number>();
  readonly #later = new Map<string, { readonly at: number; readonly cancel: AbortController }>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #labels: readonly string[];
  readonly #adds: Count;
  readonly #retries: Count;
  readonly #queued: Durations;
  readonly #worked: Durations;
  #stopped = false;

  constructor(clock: Clock, { name, metrics }: WorkQueueOptions = { name: '', metrics: new Metrics() }) {
    this.#clock = clock;
    this.#labels = [name];
    this.#adds = metrics.counter(ADDS);
    this.#retries = metrics.counter(RETRIES);
    this.#queued = metrics.histogram(QUEUED);
    this.#worked = metrics.histogram(WORKED);
    this.#adds.add(this.#labels, 0);
    this.#retries.add(this.#labels, 0);
    metrics.gauge(DEPTH, this.#labels, () => this.length);
    metrics.gauge(DELAYED, this.#labels, () => this.delayed);
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
    if (this.#stopped || this.#waiting.has(key) || this.#marked.has(key)) return;
    this.#adds.add(this.#labels);
    const now = this.#clock.now();
    if (this.#working.has(key)) this.#marked.set(key, now);
    else this.#put(key, now);
  }

  /** Puts `key` in the queue after `ms`; of several delays the shortest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    if (ms <= 0) return this.add(key);
    this.#retries.add(this.#labels);
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
    const [first] = this.#waiting;
    if (first === undefined) return new Promise((resolve) => this.#takers.push(resolve));
    const [key, since] = first;
    this.#waiting.delete(key);
    this.#start(key, since);
    return Promise.resolve(key);
  }

  /** Ends the work on `key`. */
  done(key: string): void {
    const now = this.#clock.now();
    this.#worked.observe(this.#labels, (now - (this.#working.get(key) ?? now)) / 1000);
    this.#working.delete(key);
    const marked = this.#marked.get(key);
    if (marked === undefined) return;
    this.#marked.delete(key);
    this.#put(key, marked);
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

  #put(key: string, since: number): void {
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#waiting.set(key, since);
      return;
    }
    this.#start(key, since);
    taker(key);
  }

  #start(key: string, since: number): void {
    const now = this.#clock.now();
    this.#queued.observe(this.#labels, (now - since) / 1000);
    this.#working.set(key, now);
  }
}
