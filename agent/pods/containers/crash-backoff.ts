interface Entry {
  delayMs: number;
  updatedAt: number;
}

/**
 * Delays that double from failure to failure and are forgotten after twice the longest one without any (client-go: flowcontrol.Backoff).
 * Defaults are kubelet's for containers and for pulls: 10 s to 300 s.
 */
export class CrashBackoff {
  readonly #entries = new Map<string, Entry>();
  readonly #baseMs: number;
  readonly #maxMs: number;

  constructor(baseMs = 10_000, maxMs = 300_000) {
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
  }

  /** How much longer to wait after what happened at `since`; 0 = go on. Milliseconds. */
  remaining(key: string, since: number, now: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#isOld(entry, since)) return 0;
    return Math.max(0, since + entry.delayMs - now);
  }

  /** Counts a failure at `since`, and returns the delay that now holds. */
  next(key: string, since: number, now: number): number {
    const entry = this.#entries.get(key);
    const delayMs =
      entry === undefined || this.#isOld(entry, since) ? this.#baseMs : Math.min(entry.delayMs * 2, this.#maxMs);
    this.#entries.set(key, { delayMs, updatedAt: now });
    return delayMs;
  }

  /** The delay that holds, 0 when there is none. */
  delay(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** All is well again. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  #isOld(entry: Entry, since: number): boolean {
    return since - entry.updatedAt > this.#maxMs * 2;
  }
}

/** A duration as Go prints it in messages: `10s`, `1m20s`, `5m0s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
