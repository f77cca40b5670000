/** A call without arguments whose callers share: those who come while one is under way all get the next one, never an answer older than their question. */
export class SharedCall<T> {
  readonly #load: () => Promise<T>;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** The answer of a call that begins after this moment. */
  run(): Promise<T> {
    this.#next ??= this.#begin(this.#current);
    return this.#next;
  }

  async #begin(previous: Promise<unknown>): Promise<T> {
    await previous.catch(() => undefined);
    this.#current = this.#next ?? previous;
    this.#next = undefined;
    return this.#load();
  }
}

/**
 * Questions about single keys that are asked many at a time: keys that come while a question is under way wait for it and go together in the next.
 * When a batch fails each of its keys is asked alone, so that one bad key fails only itself.
 */
export class Batch<T> {
  readonly #load: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  readonly #absent: (key: string) => Error;
  readonly #limit: number;
  #waiting = new Map<string, PromiseWithResolvers<T>>();
  #busy = false;

  constructor(
    load: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>,
    absent: (key: string) => Error,
    limit = 40,
  ) {
    this.#load = load;
    this.#absent = absent;
    this.#limit = limit;
  }

  /** The answer for `key`; rejects with `absent(key)` when the answer has no such key. */
  get(key: string): Promise<T> {
    const waiting = this.#waiting.get(key) ?? Promise.withResolvers<T>();
    this.#waiting.set(key, waiting);
    if (!this.#busy) void this.#drain();
    return waiting.promise;
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = new Map([...this.#waiting].slice(0, this.#limit));
      for (const key of batch.keys()) this.#waiting.delete(key);
      await this.#answer(batch);
    }
    this.#busy = false;
  }

  async #answer(batch: ReadonlyMap<string, PromiseWithResolvers<T>>): Promise<void> {
    try {
      const found = await this.#load([...batch.keys()]);
      for (const [key, waiting] of batch) {
        const value = found.get(key);
        if (value === undefined) waiting.reject(this.#absent(key));
        else waiting.resolve(value);
      }
    } catch (error) {
      const [only] = batch.values();
      if (batch.size === 1) return only?.reject(error);
      await Promise.all([...batch].map((entry) => this.#answer(new Map([entry]))));
    }
  }
}
