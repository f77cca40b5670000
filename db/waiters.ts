/** Those who wait for something to become true of a state that changes elsewhere. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** To be called after each change. */
  tell(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves when `holds` does; rejects when `signal` aborts first. */
  until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (signal.aborted) reject(new Error('Not waited for any longer'));
        else if (holds()) resolve();
        else return;
        this.#waiting.delete(look);
        signal.removeEventListener('abort', look);
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', look, { once: true });
      look();
    });
  }
}
