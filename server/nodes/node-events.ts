import { type Event, eventKind } from '#api/kinds/core/event.ts';
import { StatusError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { EventFrame } from '#api/wire/frames.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Client } from '#server/store/client.ts';

/** How many distinct events are remembered for counting repeats (client-go: maxLruCacheEntries). */
export const MAX_REMEMBERED = 4096;
/** One object's events from one node: 25 at once, then one in 5 minutes; the rest is dropped (client-go: EventSourceObjectSpamFilter). */
const SPAM_BURST = 25;
const SPAM_REFILL_MS = 5 * 60_000;
/** Cluster-scoped objects have their events here, as upstream. */
const DEFAULT_NAMESPACE = 'default';

interface Remembered {
  readonly namespace: string;
  readonly name: string;
}

/** Makes Event objects of what agents report; a repeat raises `count` of the first, as client-go's recorder does on a kubelet. */
export class NodeEvents {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #remembered = new Map<string, Promise<Remembered | undefined>>();
  readonly #spam = new Map<string, { tokens: number; lastMs: number }>();
  #serial = 0;
  #dropped = 0;

  constructor(client: Client, clock: Clock, log: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
  }

  /** For gauges: distinct events that are remembered, and those that were not recorded. */
  figures(): { readonly remembered: number; readonly dropped: number } {
    return { remembered: this.#remembered.size, dropped: this.#dropped };
  }

  /** Records one event. Resolves when it is written or dropped; never rejects. */
  async record(nodeName: string, frame: EventFrame): Promise<void> {
    const { regarding, eventType, reason, message, component } = frame;
    const about = [nodeName, component, regarding.kind, regarding.namespace, regarding.name, regarding.uid].join('/');
    if (!this.#allow(about)) return void (this.#dropped += 1);
    const key = [about, regarding.fieldPath ?? '', eventType, reason, message].join('\0');
    const previous = this.#remembered.get(key) ?? Promise.resolve(undefined);
    const write = previous.then((remembered) => this.#write(nodeName, frame, remembered));
    this.#remembered.delete(key);
    this.#remembered.set(key, write);
    trim(this.#remembered, MAX_REMEMBERED);
    await write;
  }

  async #write(
    nodeName: string,
    frame: EventFrame,
    remembered: Remembered | undefined,
  ): Promise<Remembered | undefined> {
    try {
      return (remembered && (await this.#repeat(remembered))) ?? (await this.#create(nodeName, frame));
    } catch (error) {
      this.#log.warn({ err: error, node: nodeName, reason: frame.reason }, 'cannot record an event');
      return undefined;
    }
  }

  async #repeat(remembered: Remembered): Promise<Remembered | undefined> {
    try {
      await this.#client.update(eventKind, remembered.namespace, remembered.name, (event) => {
        event.count = (event.count ?? 1) + 1;
        event.lastTimestamp = formatTime(new Date(this.#clock.now()));
      });
      return remembered;
    } catch (error) {
      // It has expired: begin anew.
      if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  }

  async #create(nodeName: string, frame: EventFrame): Promise<Remembered> {
    const { regarding, eventType, reason, message, component } = frame;
    const namespace = regarding.namespace === '' ? DEFAULT_NAMESPACE : regarding.namespace;
    const nowMs = this.#clock.now();
    const time = formatTime(new Date(nowMs));
    // client-go: name.<nanoseconds in hex>; the serial keeps apart what falls into one millisecond.
    const suffix = (BigInt(nowMs) * 1_000_000n + BigInt(this.#serial++ % 1_000_000)).toString(16);
    const event: Event = {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name: `${regarding.name}.${suffix}`, namespace },
      involvedObject: {
        kind: regarding.kind,
        apiVersion: regarding.apiVersion,
        name: regarding.name,
        uid: regarding.uid,
        ...(regarding.namespace === '' ? {} : { namespace: regarding.namespace }),
        ...(regarding.fieldPath === undefined ? {} : { fieldPath: regarding.fieldPath }),
      },
      reason,
      message,
      source: { component, host: nodeName },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type: eventType,
      reportingComponent: component,
      reportingInstance: nodeName,
    };
    await this.#client.create(eventKind, event);
    return { namespace, name: event.metadata.name ?? '' };
  }

  #allow(about: string): boolean {
    const nowMs = this.#clock.now();
    const bucket = this.#spam.get(about) ?? { tokens: SPAM_BURST, lastMs: nowMs };
    const tokens = Math.min(SPAM_BURST, bucket.tokens + (nowMs - bucket.lastMs) / SPAM_REFILL_MS);
    const allowed = tokens >= 1;
    this.#spam.delete(about);
    this.#spam.set(about, { tokens: allowed ? tokens - 1 : tokens, lastMs: nowMs });
    trim(this.#spam, MAX_REMEMBERED);
    return allowed;
  }
}

/** Drops the entries that were touched longest ago. */
function trim(map: Map<string, unknown>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size <= limit) return;
    map.delete(key);
  }
}
