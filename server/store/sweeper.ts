import { type Kind, resourceOf } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { Database } from '#db/connect.ts';
import { codeOf } from '#db/errors.ts';
import { type ObjectRow, expiredObjects, firstExpiry } from '#db/objects.ts';
import type { Kinds } from './kinds.ts';
import type { ObjectStore } from './object-store.ts';

/** What the sweeper needs. */
export interface SweeperOptions {
  readonly database: Database;
  readonly store: ObjectStore;
  readonly kinds: Kinds;
  readonly log: Logger;
  readonly clock?: Clock;
  /** How often it looks, ms; default 60,000. */
  readonly everyMs?: number;
}

/** So many are removed together: a batch of the writer, so that others' writes need not wait long. */
const AT_ONCE = 256;
/** So many are looked up at once, and so often in one round; the next round goes on. */
const LOOK_FOR = 4_096;
const LOOKS = 16;

/** Which object, and its revision when it was found. */
type Found = Pick<ObjectRow, 'namespace' | 'name' | 'revision'>;

/**
 * Removes objects of kinds that live for a time (Events: an hour after their last write). Several servers may sweep at once: each deletion
 * expects the revision that it saw. When no such object is in memory, or the oldest is known to be young enough, it asks the database nothing.
 */
export class Sweeper implements Service {
  readonly name = 'sweeper';
  readonly #options: SweeperOptions;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  /** Before this moment nothing of the resource expires. */
  readonly #dueAt = new Map<string, number>();

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async run(): Promise<void> {
    const { log, everyMs = 60_000 } = this.#options;
    while (!this.#stopped.signal.aborted) {
      await this.#clock.sleep(everyMs, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      try {
        await this.sweep();
      } catch (error) {
        log.warn({ code: codeOf(error) }, 'cannot remove expired objects');
      }
    }
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    return Promise.resolve();
  }

  /** One look; resolves with how many objects went. */
  async sweep(): Promise<number> {
    let removed = 0;
    for (const kind of this.#options.kinds.all()) {
      if (kind.timeToLiveSeconds !== undefined) removed += await this.#sweepKind(kind, kind.timeToLiveSeconds);
    }
    return removed;
  }

  async #sweepKind(kind: Kind, seconds: number): Promise<number> {
    const { database, store } = this.#options;
    const resource = resourceOf(kind);
    if (this.#clock.now() < (this.#dueAt.get(resource) ?? 0) || store.list(resource).length === 0) return 0;
    let removed = 0;
    for (let look = 0; look < LOOKS && !this.#stopped.signal.aborted; look++) {
      const found = await expiredObjects(database.pool, resource, seconds, LOOK_FOR);
      for (let at = 0; at < found.length; at += AT_ONCE)
        removed += await this.#remove(resource, found.slice(at, at + AT_ONCE));
      if (found.length === LOOK_FOR) continue;
      // What is written later expires later.
      const next = await firstExpiry(database.pool, resource, seconds);
      this.#dueAt.set(resource, this.#clock.now() + 1000 * (next ?? 0));
      break;
    }
    return removed;
  }

  async #remove(resource: string, found: readonly Found[]): Promise<number> {
    const { store } = this.#options;
    const removals = found.map(async ({ namespace, name, revision }) => {
      const stored = store.get(resource, namespace, name);
      if (stored?.revision !== revision) return false;
      const write = { operation: 'delete', resource, namespace, name, expectedRevision: revision } as const;
      try {
        await store.write({ ...write, object: stored.object });
        return true;
      } catch (error) {
        // Rewritten or removed meanwhile.
        if (error instanceof StatusError && (error.reason === 'Conflict' || error.reason === 'NotFound')) return false;
        throw error;
      }
    });
    return (await Promise.all(removals)).filter(Boolean).length;
  }
}
