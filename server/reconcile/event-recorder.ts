import type { KubeObject } from '#api/kind.ts';
import { type Event, eventKind } from '#api/kinds/core/event.ts';
import { StatusError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { type Count, Metrics } from '#base/metrics.ts';
import type { Client } from '#server/store/client.ts';

/** How many distinct events are remembered for counting repeats (client-go: maxLruCacheEntries). */
const MAX_REMEMBERED = 4096;
/** From this many events on that differ only in their message, within the window, they are counted as one (client-go: EventAggregator). */
const MAX_SIMILAR = 10;
const SIMILAR_WINDOW_MS = 10 * 60_000;
/** Events about one object from one source: 25 at once, then one in 5 minutes; the rest is dropped (client-go: EventSourceObjectSpamFilter). */
const SPAM_BURST = 25;
const SPAM_REFILL_MS = 5 * 60_000;

const LABELS = ['component'];
const REMEMBERED = {
  name: 'skep_event_recorder_remembered',
  help: `Distinct events that are remembered to count repeats; the oldest of more than ${MAX_REMEMBERED} is forgotten`,
  labels: LABELS,
};
const WAITING = {
  name: 'skep_event_recorder_writes_waiting',
  help: 'Events on their way to the store',
  labels: LABELS,
};
const DROPPED = {
  name: 'skep_event_recorder_dropped_total',
  help: `Events not recorded: an object had more than ${SPAM_BURST} at once, or the write failed`,
  labels: LABELS,
};

interface Remembered {
  readonly namespace: string;
  readonly name: string;
  /** The last write about it; the next waits for it, so that counts do not overtake each other. */
  write: Promise<void>;
}
interface Similar {
  messages: Set<string>;
  lastMs: number;
}
interface Bucket {
  tokens: number;
  lastMs: number;
}

/** Tells people what a part did, as core/v1 Events. Recording never fails and never waits. */
export interface EventRecorder {
  /** `object` is what the event is about; `type` Warning = somebody may have to act. */
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** What an event recorder needs; `component` is its `source.component` and `reportingComponent`. */
export interface EventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly component: string;
  readonly metrics?: Metrics | undefined;
}

/** Records events through the API; a repeat raises `count` and `lastTimestamp` of the first instead of making another. */
export class ClientEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #remembered = new Map<string, Remembered>();
  readonly #similar = new Map<string, Similar>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #dropped: Count;
  #serial = 0;
  #waiting = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    const { metrics = new Metrics(), component } = options;
    this.#dropped = metrics.counter(DROPPED);
    this.#dropped.add([component], 0);
    metrics.gauge(REMEMBERED, [component], () => this.#remembered.size);
    metrics.gauge(WAITING, [component], () => this.#waiting);
  }

  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const about = `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}/${object.metadata.uid ?? ''}`;
    if (!this.#mayRecord(about)) return this.#dropped.add([this.#options.component]);
    const combined = this.#combine(`${about}|${type}|${reason}`, message);
    const text = combined ? `(combined from similar events): ${message}` : message;
    const key = `${about}|${type}|${reason}|${combined ? '' : message}`;
    const known = this.#remembered.get(key);
    const entry = known ?? this.#remember(key, object);
    const event = this.#event(object, entry, { type, reason, message: text });
    this.#waiting += 1;
    entry.write = entry.write
      .then(() => (known === undefined ? this.#create(event) : this.#repeat(event)))
      .catch((error: unknown) => {
        this.#remembered.delete(key);
        this.#dropped.add([this.#options.component]);
        this.#options.log.debug({ err: error, reason, about }, 'event not recorded');
      })
      .finally(() => (this.#waiting -= 1));
  }

  #remember(key: string, object: KubeObject): Remembered {
    const namespace = object.metadata.namespace ?? 'default';
    // Unique within the namespace: the object's name and the time in hexadecimal nanoseconds, as client-go does.
    this.#serial = (this.#serial + 1) % 1_000_000;
    const nanoseconds = BigInt(this.#options.clock.now()) * 1_000_000n + BigInt(this.#serial);
    const entry = {
      namespace,
      name: `${object.metadata.name ?? ''}.${nanoseconds.toString(16)}`,
      write: Promise.resolve(),
    };
    this.#remembered.set(key, entry);
    trim(this.#remembered);
    return entry;
  }

  #event(object: KubeObject, entry: Remembered, what: Pick<Event, 'type' | 'reason' | 'message'>): Event {
    const now = formatTime(new Date(this.#options.clock.now()));
    const { namespace, name, uid, resourceVersion } = object.metadata;
    return {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name: entry.name, namespace: entry.namespace },
      involvedObject: {
        kind: object.kind,
        apiVersion: object.apiVersion,
        ...(namespace === undefined ? {} : { namespace }),
        ...(name === undefined ? {} : { name }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      ...what,
      source: { component: this.#options.component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      reportingComponent: this.#options.component,
      reportingInstance: '',
    };
  }

  async #create(event: Event): Promise<void> {
    await this.#options.client.create(eventKind, event);
  }

  async #repeat(event: Event): Promise<void> {
    const { namespace = '', name = '' } = event.metadata;
    try {
      await this.#options.client.update(eventKind, namespace, name, (stored) => {
        stored.count = (stored.count ?? 1) + 1;
        if (event.lastTimestamp !== undefined) stored.lastTimestamp = event.lastTimestamp;
        if (event.message !== undefined) stored.message = event.message;
      });
    } catch (error) {
      // It lived out its hour: the repeat is a first again.
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
      await this.#create(event);
    }
  }

  #mayRecord(about: string): boolean {
    const now = this.#options.clock.now();
    const bucket = this.#buckets.get(about) ?? { tokens: SPAM_BURST, lastMs: now };
    bucket.tokens = Math.min(SPAM_BURST, bucket.tokens + (now - bucket.lastMs) / SPAM_REFILL_MS);
    bucket.lastMs = now;
    this.#buckets.set(about, bucket);
    trim(this.#buckets);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #combine(key: string, message: string): boolean {
    const now = this.#options.clock.now();
    const known = this.#similar.get(key);
    const entry =
      known === undefined || now - known.lastMs > SIMILAR_WINDOW_MS
        ? { messages: new Set<string>(), lastMs: now }
        : known;
    entry.lastMs = now;
    if (entry.messages.size < MAX_SIMILAR) entry.messages.add(message);
    this.#similar.set(key, entry);
    trim(this.#similar);
    return entry.messages.size >= MAX_SIMILAR;
  }
}

/** Drops the oldest entries beyond the limit. */
function trim(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= MAX_REMEMBERED) return;
    map.delete(key);
  }
}
