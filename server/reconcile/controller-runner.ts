import { KeyedBackoff } from '#base/backoff.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { Metrics } from '#base/metrics.ts';
import type { Service } from '#base/service.ts';
import { StatusError } from '#api/meta/status.ts';
import { WorkQueue } from '#base/work-queue.ts';
import { namespaceGoes } from './pod-control.ts';
import type { Controller } from './reconciler.ts';

/** A failing key waits 5 ms, then twice as long each time, at most 1000 s (client-go: DefaultControllerRateLimiter). */
const RETRY = { baseMs: 5, maxMs: 1_000_000 };

/** Runs one controller: its informers feed a queue, its workers drain it. */
export class ControllerRunner implements Service {
  readonly name: string;
  readonly #controller: Controller;
  readonly #log: Logger;
  readonly #queue: WorkQueue;
  readonly #backoff = new KeyedBackoff(RETRY);
  #unwatch: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(
    name: string,
    controller: Controller,
    deps: { readonly log: Logger; readonly clock: Clock; readonly metrics?: Metrics | undefined },
  ) {
    this.name = name;
    this.#controller = controller;
    this.#log = deps.log.child({ controller: name });
    this.#queue = new WorkQueue(deps.clock, { name, metrics: deps.metrics ?? new Metrics() });
  }

  /** How many keys wait for a worker. */
  get depth(): number {
    return this.#queue.length;
  }

  /** True when no key waits and none is worked on. */
  get idle(): boolean {
    return this.#queue.idle;
  }

  run(): Promise<void> {
    this.#running ??= this.#start();
    return this.#running;
  }

  async #start(): Promise<void> {
    this.#unwatch = this.#controller.watch(this.#queue);
    await Promise.all(Array.from({ length: this.#controller.workers }, () => this.#work()));
  }

  async stop(): Promise<void> {
    this.#unwatch();
    this.#unwatch = () => {};
    this.#queue.stop();
    await this.#running;
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      await this.#reconcile(key);
      this.#queue.done(key);
    }
  }

  async #reconcile(key: string): Promise<void> {
    try {
      const { againAfterMs } = await this.#controller.reconcile(key);
      this.#backoff.forget(key);
      if (againAfterMs !== undefined) this.#queue.addAfter(key, againAfterMs);
    } catch (error) {
      const retryAfterMs = this.#backoff.next(key);
      // Another writer was first: the run that follows sees its write. Only what goes on failing is worth a line.
      const raced = error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'NotFound');
      const expected = raced || namespaceGoes(error);
      this.#log[expected ? 'debug' : 'warn']({ key, err: error, retryAfterMs }, 'reconcile failed');
      this.#queue.addAfter(key, retryAfterMs);
    }
  }
}
