/** So many attempts in a row must fail before a server is tried that nobody named, when it is the only one that is published. */
const FAILURES_BEFORE_LEARNED = 5;

/**
 * Which server is tried next: those that were given, in turn, and with them those that the cluster publishes as its API servers. A published
 * address may be one that cannot be reached from here (a hub behind another name): while the cluster has but one server, which then is the one
 * that was given, it is tried only when that has failed again and again.
 */
export class ServerRotation {
  readonly #given: readonly string[];
  readonly #published: () => readonly string[];
  #last: string | undefined;
  #failures = 0;

  /** All as `https://host:port`. `published` is asked each time. */
  constructor(given: readonly string[], published: () => readonly string[] = () => []) {
    this.#given = given;
    this.#published = published;
  }

  /** The server after the last one. */
  next(): string {
    const published = this.#published();
    const learns = published.length > 1 || this.#failures >= FAILURES_BEFORE_LEARNED;
    const all = [...new Set([...this.#given, ...(learns ? published : [])])];
    const place = this.#last === undefined ? -1 : all.indexOf(this.#last);
    this.#last = all[(place + 1) % all.length] ?? '';
    this.#failures += 1;
    return this.#last;
  }

  /** The last one has welcomed this node. */
  welcomed(): void {
    this.#failures = 0;
  }
}
