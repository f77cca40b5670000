import type { Clock } from '#base/clock.ts';

/** After a failed attempt a pod waits 1 s, 2 s, 4 s … at most 10 s (upstream: podInitialBackoffDuration, podMaxBackoffDuration). */
const BACKOFF = { baseMs: 1000, maxMs: 10_000 };
/** A pod that nothing has moved is tried again after so long (upstream: DefaultPodMaxInUnschedulablePodsDuration). */
const UNSCHEDULABLE_MS = 5 * 60_000;

interface Entry {
  readonly priority: number;
  attempts: number;
  /** When the last attempt failed. */
  failedMs: number;
  state: 'active' | 'backoff' | 'unschedulable' | 'taken';
  timer: AbortController | undefined;
}

/**
 * The pods that have no node yet, by `namespace/name`:
 *
 *   add → active → take → taken → delete (bound, gone)
 *                           ├─ fail → unschedulable ─ move (something changed in the cluster) or 5 min ─┐
 *                           └─ retry → backoff ─ time ─→ active                                         │
 *                                          ↑────────────── its back-off is not over yet ────────────────┤
 *                                       active ←─────────── its back-off is over ───────────────────────┘
 *
 * Active pods come out by priority, then in the order in which they came. Holds one entry a pod, so it needs no limit.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #wake: () => void;
  readonly #entries = new Map<string, Entry>();
  readonly #active = new Map<number, Set<string>>();

  /** `wake` is called whenever a pod becomes active. */
  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Pods by state, as the metric scheduler_pending_pods has them. */
  counts(): Readonly<Record<'active' | 'backoff' | 'unschedulable', number>> {
    const counts = { active: 0, backoff: 0, unschedulable: 0 };
    for (const { state } of this.#entries.values()) if (state !== 'taken') counts[state] += 1;
    return counts;
  }

  /** A pod that wants a node; one that is known already becomes active at once, for it has changed. */
  add(key: string, priority: number): void {
    const known = this.#entries.get(key);
    if (known?.state === 'active' || known?.state === 'taken') return;
    known?.timer?.abort();
    const entry: Entry = { priority, attempts: known?.attempts ?? 0, failedMs: 0, state: 'active', timer: undefined };
    this.#entries.set(key, entry);
    this.#activate(key, entry);
  }

  /** A pod that wants no node any more. */
  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.timer?.abort();
    this.#entries.delete(key);
    this.#active.get(entry.priority)?.delete(key);
  }

  /** The next pod to place, if any is active. */
  take(): string | undefined {
    const highest = Math.max(...[...this.#active].filter(([, keys]) => keys.size > 0).map(([priority]) => priority));
    const keys = this.#active.get(highest);
    const [key] = keys ?? [];
    if (keys === undefined || key === undefined) return undefined;
    keys.delete(key);
    if (keys.size === 0) this.#active.delete(highest);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.state = 'taken';
    entry.attempts += 1;
    return key;
  }

  /** No node could take the pod: it waits for the cluster to change. */
  fail(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failedMs = this.#clock.now();
    entry.state = 'unschedulable';
    this.#later(key, entry, UNSCHEDULABLE_MS);
  }

  /** The attempt failed for another reason: it is made again after the back-off. */
  retry(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failedMs = this.#clock.now();
    this.#backOff(key, entry);
  }

  /** Something changed that could help: pods that no node could take are tried again, each after its back-off. */
  move(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.state !== 'unschedulable') continue;
      entry.timer?.abort();
      this.#backOff(key, entry);
    }
  }

  /** Ends every timer. */
  stop(): void {
    for (const entry of this.#entries.values()) entry.timer?.abort();
    this.#entries.clear();
    this.#active.clear();
  }

  #backOff(key: string, entry: Entry): void {
    const backoffMs = Math.min(BACKOFF.baseMs * 2 ** Math.max(0, entry.attempts - 1), BACKOFF.maxMs);
    const leftMs = entry.failedMs + backoffMs - this.#clock.now();
    if (leftMs <= 0) return this.#activate(key, entry);
    entry.state = 'backoff';
    this.#later(key, entry, leftMs);
  }

  #later(key: string, entry: Entry, ms: number): void {
    const timer = new AbortController();
    entry.timer = timer;
    void this.#clock.sleep(ms, timer.signal).then(() => {
      if (!timer.signal.aborted && this.#entries.get(key) === entry && entry.timer === timer)
        this.#activate(key, entry);
    });
  }

  #activate(key: string, entry: Entry): void {
    entry.timer = undefined;
    entry.state = 'active';
    const keys = this.#active.get(entry.priority) ?? new Set();
    this.#active.set(entry.priority, keys.add(key));
    this.#wake();
  }
}
