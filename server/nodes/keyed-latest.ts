/**
 * Work in which only the newest matters: per key one write runs at a time, and of those that come meanwhile only the last is done.
 * Keys without work take no memory. Failures are the work's own to handle.
 */
export class KeyedLatest {
  readonly #running = new Map<string, (() => Promise<void>) | undefined>();

  /** Does `work` now, or after the work of this key that is running, in place of what waited there. */
  run(key: string, work: () => Promise<void>): void {
    if (this.#running.has(key)) {
      this.#running.set(key, work);
      return;
    }
    this.#running.set(key, undefined);
    void this.#loop(key, work);
  }

  async #loop(key: string, first: () => Promise<void>): Promise<void> {
    for (let work: (() => Promise<void>) | undefined = first; work !== undefined;) {
      await work();
      work = this.#running.get(key);
      this.#running.set(key, undefined);
    }
    this.#running.delete(key);
  }
}
