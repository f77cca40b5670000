interface Waiter {
  readonly urgent: boolean;
  readonly go: () => void;
}

/**
 * Bounds how many pods are being started at once. Each call of the runtime is a process of its own, so that more of them than processors only
 * slow each other down. What finishes a pod (a container) goes before what begins one (a sandbox): pods become ready one by one, not all late.
 */
export class StartSlots {
  readonly #waiting: Waiter[] = [];
  #free: number;

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Runs `work` when there is room. `urgent` work goes before the rest. */
  async run<T>(urgent: boolean, work: () => Promise<T>): Promise<T> {
    await this.#acquire(urgent);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  async #acquire(urgent: boolean): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { urgent, go: resolve };
    const firstPatient = urgent ? this.#waiting.findIndex((other) => !other.urgent) : -1;
    if (firstPatient < 0) this.#waiting.push(waiter);
    else this.#waiting.splice(firstPatient, 0, waiter);
    await promise;
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.go();
  }
}
