import type { Probe } from '#api/podspec/lifecycle.ts';
import type { Clock } from '#base/clock.ts';
import { HandlerError } from './handler.ts';
import type { ProbeOutcome } from './network-probe.ts';

/** Which of its probes a container is asked by. */
export type ProbeType = 'startup' | 'liveness' | 'readiness';

/** What a ProbeWorker needs. */
export interface ProbeWorkerOptions {
  readonly type: ProbeType;
  readonly probe: Probe;
  /** When the container was started; milliseconds since the epoch. */
  readonly startedAt: number;
  readonly initial: boolean;
  readonly clock: Clock;
  /** Tries once. */
  readonly attempt: (timeoutMs: number) => Promise<ProbeOutcome>;
  /** Must the probe wait (the startup probe has not passed yet). */
  readonly held: () => boolean;
  /** The result has changed. */
  readonly changed: () => void;
  /** One attempt failed: the text for Unhealthy. */
  readonly unhealthy: (message: string) => void;
}

/**
 * Kubelet sees a new container up to a second late and begins to probe then. Skep knows at once: in that first second readiness and startup are
 * tried at these times, and a failure is neither counted nor told. A server that listens after 50 ms is Ready after 100.
 */
const EARLY_ATTEMPTS_MS = [50, 150, 350, 650];
const SETTLE_MS = 1000;

/**
 * Asks one container by one of its probes until it is stopped. The result changes after successThreshold or failureThreshold equal outcomes in a
 * row. A liveness or startup probe that has failed stays failed: the container is killed, and its successor has a worker of its own.
 */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  readonly #stop = new AbortController();
  #pause = new AbortController();
  #healthy: boolean;
  #decided = false;
  #streak = 0;
  #last: boolean | undefined;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    this.#healthy = options.initial;
    void this.#run();
  }

  /** The result now. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** The probe has spoken at least once, in either way. */
  get decided(): boolean {
    return this.#decided;
  }

  /** Tries at once: what held it is over. */
  kick(): void {
    this.#pause.abort();
  }

  /** Ends the probing. */
  stop(): void {
    this.#stop.abort();
    this.#pause.abort();
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#pause = new AbortController();
    await this.#options.clock.sleep(Math.max(0, ms), this.#pause.signal);
  }

  async #run(): Promise<void> {
    const { probe, type, clock, startedAt } = this.#options;
    const { signal } = this.#stop;
    const periodMs = Math.max(1, probe.periodSeconds ?? 10) * 1000;
    const delayMs = (probe.initialDelaySeconds ?? 0) * 1000;
    if (delayMs > 0) await this.#sleep(startedAt + delayMs - clock.now());
    else if (type !== 'liveness') await this.#early();
    if (delayMs === 0 && !this.#decided) await this.#sleep(startedAt + SETTLE_MS - clock.now());
    else if (this.#decided) await this.#sleep(periodMs);
    while (!signal.aborted && !this.#isFinal()) {
      if (!this.#options.held()) await this.#once(true);
      await this.#sleep(periodMs);
    }
  }

  /** Tries often in the container's first second; ends with the first success. */
  async #early(): Promise<void> {
    const { clock, startedAt } = this.#options;
    const { signal } = this.#stop;
    for (const at of EARLY_ATTEMPTS_MS) {
      const wait = startedAt + at - clock.now();
      if (wait <= 0 && at !== EARLY_ATTEMPTS_MS[0]) continue;
      await this.#sleep(wait);
      if (signal.aborted || clock.now() - startedAt > SETTLE_MS) return;
      if (!this.#options.held() && (await this.#once(false))) return;
    }
  }

  /** Tries once; true when it was a success. */
  async #once(counts: boolean): Promise<boolean> {
    const { probe, unhealthy, type } = this.#options;
    const title = `${type[0]?.toUpperCase()}${type.slice(1)}`;
    let outcome: ProbeOutcome;
    try {
      outcome = await this.#options.attempt(Math.max(1, probe.timeoutSeconds ?? 1) * 1000);
    } catch (error) {
      if (this.#stop.signal.aborted || !counts) return false;
      unhealthy(`${title} probe errored: ${error instanceof HandlerError ? error.message : String(error)}`);
      return false;
    }
    if (this.#stop.signal.aborted || (!outcome.healthy && !counts)) return false;
    if (!outcome.healthy) unhealthy(`${title} probe failed: ${outcome.output}`);
    this.#count(outcome.healthy);
    return outcome.healthy;
  }

  #count(healthy: boolean): void {
    const { probe } = this.#options;
    this.#streak = healthy === this.#last ? this.#streak + 1 : 1;
    this.#last = healthy;
    const threshold = healthy ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#streak < threshold || (this.#decided && this.#healthy === healthy)) return;
    const before = this.#decided ? this.#healthy : undefined;
    this.#healthy = healthy;
    this.#decided = true;
    if (before !== healthy) this.#options.changed();
  }

  #isFinal(): boolean {
    if (!this.#decided) return false;
    return this.#options.type === 'startup' || (this.#options.type === 'liveness' && !this.#healthy);
  }
}
