import type { Logger } from '#base/logger.ts';
import { expired } from '#api/meta/status.ts';
import type { CachedObject, ObjectKey } from './cached-object.ts';
import { EventRing, RING_LIMITS, type RingLimits } from './event-ring.ts';
import { Fanout } from './fanout.ts';
import type { ObjectEvent, ObjectSubscriber } from './object-store.ts';
import { ResourceIndex } from './resource-index.ts';

/** A committed change as the cache takes it. `next` undefined = deleted. */
export interface CommittedChange extends ObjectKey {
  readonly revision: number;
  readonly next: CachedObject | undefined;
}

/** A change of the past with what it replaced; `previous` unknown when the log no longer has it. */
export interface PastChange extends CommittedChange {
  readonly created: boolean;
  readonly previous: CachedObject | undefined;
}

/**
 * All objects, once, and the recent events of each resource.
 * Invariant: the cache is the state of the database at exactly `revision`. It moves only by `advance`, whose changes are all that were
 * committed in (revision, upTo].
 */
export class WatchCache {
  readonly #indexes = new Map<string, ResourceIndex>();
  readonly #rings = new Map<string, EventRing>();
  readonly #fanout: Fanout;
  readonly #limits: RingLimits;
  #revision = 0;
  #writtenCharacters = 0;
  /** A ring made now is whole above this. */
  #historySince = 0;

  constructor(log: Logger, limits: RingLimits = RING_LIMITS) {
    this.#fanout = new Fanout(log);
    this.#limits = limits;
  }

  get revision(): number {
    return this.#revision;
  }

  /** How much JSON the changes since the start had, in characters: how fast the log grows. */
  get writtenCharacters(): number {
    return this.#writtenCharacters;
  }

  get subscribers(): number {
    return this.#fanout.size;
  }

  /** For gauges: objects by resource, and what the rings hold. */
  figures(): { readonly objects: readonly (readonly [string, number])[]; readonly ring: RingLimits } {
    const ring = { events: 0, bytes: 0 };
    for (const one of this.#rings.values()) {
      ring.events += one.size;
      ring.bytes += one.bytes;
    }
    return { objects: [...this.#indexes].map(([resource, index]) => [resource, index.size] as const), ring };
  }

  get(resource: string, namespace: string, name: string): CachedObject | undefined {
    return this.#indexes.get(resource)?.get(namespace, name);
  }

  list(resource: string, namespace?: string): readonly CachedObject[] {
    return this.#indexes.get(resource)?.list(namespace) ?? [];
  }

  /** Puts in an object at start, before any change. */
  load(object: CachedObject): void {
    this.#index(object.resource).set(object);
  }

  /** Ends the start: the state is that of `revision`, and `past` are all changes in (historySince, revision]. */
  loaded(revision: number, historySince: number, past: readonly PastChange[]): void {
    this.#revision = revision;
    this.#historySince = historySince;
    for (const change of past) {
      const ring = this.#ring(change.resource);
      const event = pastEvent(change);
      if (event === undefined) ring.forget(change.revision);
      else ring.push(event);
    }
  }

  /** Applies all changes committed in (revision, upTo], in order. */
  advance(changes: readonly CommittedChange[], upTo: number): void {
    for (const change of changes) {
      if (change.revision <= this.#revision) continue;
      this.#revision = change.revision;
      this.#writtenCharacters += change.next?.text.length ?? 0;
      this.#apply(change);
      change.next?.settled();
    }
    if (upTo > this.#revision) this.#revision = upTo;
  }

  /**
   * Takes the whole state at `revision` in place of the changes up to it, which cannot be had any more. Nobody can go on from before it.
   * Subscribers that need every event are let go; the others are told what is different, in revision order.
   */
  replace(objects: readonly CachedObject[], revision: number): void {
    if (revision <= this.#revision) return;
    this.#fanout.lose();
    this.#rings.clear();
    this.#historySince = revision;
    this.#revision = revision;
    const events = [...this.#missing(objects, revision), ...this.#newer(objects)];
    for (const event of events.toSorted((a, b) => a.revision - b.revision)) {
      const { resource, namespace, name } = event.stored;
      if (event.type === 'DELETED') this.#index(resource).delete(namespace, name);
      else this.#index(resource).set(event.stored as CachedObject);
      this.#fanout.send(event);
    }
  }

  /** Deletions of what `objects` has no more; when they were is not known. */
  *#missing(objects: readonly CachedObject[], revision: number): Generator<ObjectEvent> {
    const there = new Set(objects.map(({ resource, namespace, name }) => `${resource}/${namespace}/${name}`));
    for (const index of this.#indexes.values()) {
      for (const previous of index.list()) {
        if (!there.has(`${previous.resource}/${previous.namespace}/${previous.name}`))
          yield { type: 'DELETED', revision, stored: previous.deletedAt(revision), previous };
      }
    }
  }

  *#newer(objects: readonly CachedObject[]): Generator<ObjectEvent> {
    for (const stored of objects) {
      const previous = this.get(stored.resource, stored.namespace, stored.name);
      if (previous?.revision === stored.revision) continue;
      yield { type: previous === undefined ? 'ADDED' : 'MODIFIED', revision: stored.revision, stored, previous };
    }
  }

  subscribe(resource: string, afterRevision: number, subscriber: ObjectSubscriber): () => void {
    const ring = this.#ring(resource);
    if (afterRevision < ring.since) throw expired(`too old resource version: ${afterRevision} (${ring.since})`);
    ring.replay(afterRevision, (event) => subscriber.event(event));
    return this.#fanout.add(resource, afterRevision, subscriber);
  }

  #apply(change: CommittedChange): void {
    const index = this.#index(change.resource);
    const previous = index.get(change.namespace, change.name);
    if (change.next === undefined) {
      if (previous === undefined) return;
      index.delete(change.namespace, change.name);
      return this.#tell({
        type: 'DELETED',
        revision: change.revision,
        stored: previous.deletedAt(change.revision),
        previous,
      });
    }
    index.set(change.next);
    const type = previous === undefined ? 'ADDED' : 'MODIFIED';
    this.#tell({ type, revision: change.revision, stored: change.next, previous });
  }

  #tell(event: ObjectEvent): void {
    this.#ring(event.stored.resource).push(event);
    this.#fanout.send(event);
  }

  #index(resource: string): ResourceIndex {
    let index = this.#indexes.get(resource);
    if (index === undefined) this.#indexes.set(resource, (index = new ResourceIndex()));
    return index;
  }

  #ring(resource: string): EventRing {
    let ring = this.#rings.get(resource);
    if (ring === undefined) this.#rings.set(resource, (ring = new EventRing(this.#historySince, this.#limits)));
    return ring;
  }
}

function pastEvent({ revision, next, created, previous }: PastChange): ObjectEvent | undefined {
  if (created) return next === undefined ? undefined : { type: 'ADDED', revision, stored: next, previous: undefined };
  if (previous === undefined) return undefined;
  if (next === undefined) return { type: 'DELETED', revision, stored: previous.deletedAt(revision), previous };
  return { type: 'MODIFIED', revision, stored: next, previous };
}
