import type { ObjectEvent } from './object-store.ts';

/** How much of a resource's past is kept in memory for watchers that come back. */
export interface RingLimits {
  readonly events: number;
  /** Of the objects' JSON, counted in characters. */
  readonly bytes: number;
}

/** Each resource has its own ring, so that a busy one does not push out the history of a quiet one. */
export const RING_LIMITS: RingLimits = { events: 4_096, bytes: 4 * 1024 * 1024 };

/** The recent events of one resource, in revision order. It is whole above `since`: every event with a higher revision is in it. */
export class EventRing {
  readonly #limits: RingLimits;
  #events: ObjectEvent[] = [];
  /** Events before this place have been dropped; the array is compacted now and then. */
  #start = 0;
  #bytes = 0;
  #since: number;

  constructor(since: number, limits: RingLimits = RING_LIMITS) {
    this.#since = since;
    this.#limits = limits;
  }

  /** The lowest revision from which a watch can go on. */
  get since(): number {
    return this.#since;
  }

  /** How many events are kept. */
  get size(): number {
    return this.#events.length - this.#start;
  }

  /** The size of their objects' JSON, in characters. */
  get bytes(): number {
    return this.#bytes;
  }

  push(event: ObjectEvent): void {
    this.#events.push(event);
    this.#bytes += event.stored.text.length;
    while (this.#events.length - this.#start > this.#limits.events || this.#bytes > this.#limits.bytes) this.#drop();
  }

  /** Forgets everything up to `revision`. */
  forget(revision: number): void {
    for (;;) {
      const first = this.#events[this.#start];
      if (first === undefined || first.revision > revision) break;
      this.#drop();
    }
    this.#since = Math.max(this.#since, revision);
  }

  /** Calls `each` for every event above `revision`, oldest first. */
  replay(revision: number, each: (event: ObjectEvent) => void): void {
    let low = this.#start;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    // A subscriber may cause no new event while it is called: events come from commits only.
    for (const event of this.#events.slice(low)) each(event);
  }

  #drop(): void {
    const first = this.#events[this.#start];
    if (first === undefined) return;
    this.#since = first.revision;
    this.#bytes -= first.stored.text.length;
    this.#start += 1;
    if (this.#start < 1_024 && this.#start < this.#events.length) return;
    this.#events = this.#events.slice(this.#start);
    this.#start = 0;
  }
}
