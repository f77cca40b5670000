import type { Count, Durations, Metrics } from '#base/metrics.ts';

/** How an attempt to place a pod ended, in upstream's words. */
export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** What the scheduler lets its gauges read. */
export interface SchedulerFigures {
  readonly pending: () => Readonly<Record<'active' | 'backoff' | 'unschedulable', number>>;
  readonly binding: () => number;
  /** From so many bindings on decisions wait. */
  readonly maxBinding: number;
}

const PENDING = {
  name: 'scheduler_pending_pods',
  help: 'Pods without a node: active = next in turn, backoff = failed just now, unschedulable = until the cluster changes',
  labels: ['queue'],
};
const LABELS = ['result', 'profile'];
const ATTEMPTS = {
  name: 'scheduler_schedule_attempts_total',
  help: 'Attempts to place a pod by how they ended',
  labels: LABELS,
};
const DURATION = {
  name: 'scheduler_scheduling_attempt_duration_seconds',
  help: 'Time of an attempt, from the decision to the end of the binding',
  labels: LABELS,
};

/** The scheduler's metrics, with Kubernetes' names. */
export class SchedulerMetrics {
  readonly #profile: string;
  readonly #attempts: Count;
  readonly #durations: Durations;

  constructor(metrics: Metrics, profile: string, figures: SchedulerFigures) {
    this.#profile = profile;
    this.#attempts = metrics.counter(ATTEMPTS);
    this.#durations = metrics.histogram(DURATION);
    for (const result of ['scheduled', 'unschedulable', 'error']) this.#attempts.add([result, profile], 0);
    for (const queue of ['active', 'backoff', 'unschedulable'] as const)
      metrics.gauge(PENDING, [queue], () => figures.pending()[queue]);
    const help = `Bindings on their way to the store; from ${figures.maxBinding} on placing waits until one is through`;
    metrics.gauge({ name: 'skep_scheduler_bindings', help }, [], figures.binding);
  }

  /** An attempt has ended that began at `startedMs` of `performance.now()`. */
  attempted(result: AttemptResult, startedMs: number): void {
    this.#attempts.add([result, this.#profile]);
    this.#durations.observe([result, this.#profile], (performance.now() - startedMs) / 1000);
  }
}
