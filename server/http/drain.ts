/** Counts requests under way, so that a server that stops can let them finish. */
export class Drain {
  #underWay = 0;
  #empty: (() => void) | undefined;

  /** A request has come; the answer is to be called when it is answered. */
  begin(): () => void {
    this.#underWay += 1;
    return () => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#empty?.();
    };
  }

  /** Resolves when no request is under way, at the latest after `withinMs`. */
  async empty(withinMs: number): Promise<void> {
    if (this.#underWay === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#empty = resolve;
    const timer = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(timer);
  }
}
