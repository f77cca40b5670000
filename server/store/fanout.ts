import type { Logger } from '#base/logger.ts';
import type { ObjectEvent, ObjectSubscriber } from './object-store.ts';

/** Who is told of a resource's events. */
interface Subscription {
  readonly subscriber: ObjectSubscriber;
  /** Events up to here are not for it. */
  readonly afterRevision: number;
}

/** Hands each event to every subscriber of its resource, in the order in which they came. */
export class Fanout {
  readonly #byResource = new Map<string, Set<Subscription>>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a subscriber; the answer removes it. */
  add(resource: string, afterRevision: number, subscriber: ObjectSubscriber): () => void {
    const subscription: Subscription = { subscriber, afterRevision };
    let subscriptions = this.#byResource.get(resource);
    if (subscriptions === undefined) this.#byResource.set(resource, (subscriptions = new Set()));
    subscriptions.add(subscription);
    return () => {
      subscriptions.delete(subscription);
      if (subscriptions.size === 0 && this.#byResource.get(resource) === subscriptions)
        this.#byResource.delete(resource);
    };
  }

  /** One that throws breaks its own contract; the others still get the event. */
  send(event: ObjectEvent): void {
    const subscriptions = this.#byResource.get(event.stored.resource);
    if (subscriptions === undefined) return;
    for (const { subscriber, afterRevision } of subscriptions) {
      if (event.revision <= afterRevision) continue;
      try {
        subscriber.event(event);
      } catch (error) {
        this.#log.error({ err: error, resource: event.stored.resource }, 'a subscriber threw');
      }
    }
  }

  /** Tells those who need every event that some are missing, and lets go of them. */
  lose(): void {
    for (const [resource, subscriptions] of this.#byResource) {
      for (const subscription of subscriptions) {
        if (subscription.subscriber.lost === undefined) continue;
        subscriptions.delete(subscription);
        try {
          subscription.subscriber.lost();
        } catch (error) {
          this.#log.error({ err: error, resource }, 'a subscriber threw');
        }
      }
      if (subscriptions.size === 0) this.#byResource.delete(resource);
    }
  }

  /** How many subscribers there are, for a gauge. */
  get size(): number {
    let size = 0;
    for (const subscriptions of this.#byResource.values()) size += subscriptions.size;
    return size;
  }
}
