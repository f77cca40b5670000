import type { Metrics } from '#base/metrics.ts';
import type { StoredObject } from '#server/store/object-store.ts';

/** How many lists are kept at once; then the one that was longest not asked for goes. */
const MOST_LISTS = 8;
/** A list that nobody asks for goes after this, ms. Clients ask for the next page in milliseconds; one that takes longer is answered from the log. */
const LIFE_MS = 60_000;

/** A list at one revision. `namespace` undefined = all. */
export interface ListIdentity {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly revision: number;
}

/**
 * The lists of which clients have had a page and want the next ones. A list is an array that the store does not change any more; keeping one costs
 * what has been written over since. Without it the next pages could not be told once old values have left the log.
 */
export class ListSnapshots {
  /** By key, the longest not asked for first. */
  readonly #lists = new Map<string, readonly StoredObject[]>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** When `stopping` aborts, all go. */
  constructor(stopping: AbortSignal) {
    stopping.addEventListener('abort', () => [...this.#lists.keys()].forEach((key) => this.#forget(key)), {
      once: true,
    });
  }

  /** How many are kept. */
  get size(): number {
    return this.#lists.size;
  }

  /** The whole list, if it is kept. */
  find(identity: ListIdentity): readonly StoredObject[] | undefined {
    return this.#lists.get(keyOf(identity));
  }

  /** Keeps it, or keeps it for longer. */
  keep(identity: ListIdentity, objects: readonly StoredObject[]): void {
    const key = keyOf(identity);
    this.#forget(key);
    const [oldest] = this.#lists.keys();
    if (oldest !== undefined && this.#lists.size >= MOST_LISTS) this.#forget(oldest);
    this.#lists.set(key, objects);
    const timer = setTimeout(() => this.#forget(key), LIFE_MS);
    timer.unref();
    this.#timers.set(key, timer);
  }

  #forget(key: string): void {
    this.#lists.delete(key);
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }
}

const LISTS = {
  name: 'skep_list_snapshots',
  help: `Lists kept for clients that read them page by page; at most ${MOST_LISTS}, then the one longest not asked for goes`,
};

/** Shows how many are kept. */
export function observeLists(metrics: Metrics, lists: ListSnapshots): void {
  metrics.gauge(LISTS, [], () => lists.size);
}

const keyOf = ({ resource, namespace, revision }: ListIdentity): string =>
  `${revision} ${resource} ${namespace ?? '*'}`;
