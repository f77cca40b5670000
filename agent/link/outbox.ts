import type {
  AgentFrame,
  EventFrame,
  NodeStatusFrame,
  PodGoneFrame,
  PodStatusFrame,
  RequestFrame,
} from '#api/wire/frames.ts';

/** Events that wait while there is no hub; older ones are dropped. */
const MAX_EVENTS = 1_000;

/**
 * What the agent has to say. Pod statuses and the node's are state: the newest of each is kept for as long as it is true, and all are said again
 * on every new link, because the last ones on a link that broke may never have arrived. Events are said once; at most 1,000 wait.
 */
export class Outbox {
  readonly #pods = new Map<string, PodStatusFrame | PodGoneFrame>();
  readonly #unsaid = new Set<string>();
  #node: NodeStatusFrame | undefined;
  #nodeUnsaid = false;
  readonly #events: EventFrame[] = [];
  readonly #requests = new Map<number, RequestFrame>();
  readonly #unsentRequests = new Set<number>();
  /** How many events were dropped. */
  droppedEvents = 0;

  podStatus(frame: PodStatusFrame): void {
    if (this.#pods.get(frame.uid)?.type === 'podGone') return;
    this.#pods.set(frame.uid, frame);
    this.#unsaid.add(frame.uid);
  }

  podGone(frame: PodGoneFrame): void {
    this.#pods.set(frame.uid, frame);
    this.#unsaid.add(frame.uid);
  }

  nodeStatus(frame: NodeStatusFrame): void {
    this.#node = frame;
    this.#nodeUnsaid = true;
  }

  event(frame: EventFrame): void {
    if (this.#events.length >= MAX_EVENTS) {
      this.#events.shift();
      this.droppedEvents++;
    }
    this.#events.push(frame);
  }

  request(frame: RequestFrame): void {
    this.#requests.set(frame.id, frame);
    this.#unsentRequests.add(frame.id);
  }

  /** The request was answered, or nobody waits for the answer any more. */
  settled(id: number): void {
    this.#requests.delete(id);
    this.#unsentRequests.delete(id);
  }

  /** The hub no longer has a pod of this name, or has another: what was said of the old one is over. `uid` is the one that stays. */
  forget(namespace: string, name: string, uid?: string): void {
    for (const [key, frame] of this.#pods) {
      if (frame.namespace !== namespace || frame.name !== name || frame.uid === uid) continue;
      this.#pods.delete(key);
      this.#unsaid.delete(key);
    }
  }

  /** A new link has begun: all that is still true is to be said again. */
  sayAgain(): void {
    for (const uid of this.#pods.keys()) this.#unsaid.add(uid);
    for (const id of this.#requests.keys()) this.#unsentRequests.add(id);
    this.#nodeUnsaid = this.#node !== undefined;
  }

  /** The next frame to send; undefined when all is said. Statuses before events: an event about a pod is of less use without it. */
  next(): AgentFrame | undefined {
    if (this.#nodeUnsaid) {
      this.#nodeUnsaid = false;
      return this.#node;
    }
    for (const id of this.#unsentRequests) {
      this.#unsentRequests.delete(id);
      return this.#requests.get(id);
    }
    for (const uid of this.#unsaid) {
      this.#unsaid.delete(uid);
      return this.#pods.get(uid);
    }
    return this.#events.shift();
  }
}
