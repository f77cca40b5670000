/** Gives a seat back; more than once does no harm. */
export type Release = () => void;

/** Why there is no seat: the queue is full, or the wait was too long. */
export class NoSeat extends Error {
  override readonly name = 'NoSeat';
}

/** The size of a pool. */
export interface SeatLimits {
  readonly seats: number;
  /** The most seats that one flow may have at a time: with slow requests, too, it leaves some to the others. */
  readonly seatsPerFlow: number;
  /** Requests that wait, in all and of one flow; more are refused at once. */
  readonly waiting: number;
  readonly waitingPerFlow: number;
  /** Who has waited for so long is refused. */
  readonly waitMs: number;
}

interface Waiter {
  readonly width: number;
  readonly enter: (release: Release) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** What one user has and waits for. */
interface Flow {
  readonly name: string;
  held: number;
  readonly waiting: Waiter[];
}

/**
 * A number of seats that flows (users) share. Free seats are given at once; when there are none, each flow has a queue of its own, and a seat
 * that becomes free goes to the flow whose turn it is. So a flow that floods fills its own queue and waits for itself.
 */
export class SeatPool {
  readonly #limits: SeatLimits;
  readonly #flows = new Map<string, Flow>();
  /** Flows that wait, the one whose turn it is first. */
  #turns: Flow[] = [];
  #held = 0;
  #waiting = 0;

  constructor(limits: SeatLimits) {
    this.#limits = limits;
  }

  /** Seats in use, and requests that wait, for gauges. */
  get held(): number {
    return this.#held;
  }
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes `width` seats for a flow; a promise only where it has to wait. Throws or rejects with NoSeat. */
  take(flowName: string, width = 1): Release | Promise<Release> {
    const { seats, seatsPerFlow, waiting, waitingPerFlow, waitMs } = this.#limits;
    const wanted = Math.min(width, seats, seatsPerFlow);
    const flow = this.#flows.get(flowName) ?? { name: flowName, held: 0, waiting: [] };
    if (flow.waiting.length === 0 && this.#hasRoom(flow, wanted)) return this.#seat(flow, wanted);
    if (this.#waiting >= waiting || flow.waiting.length >= waitingPerFlow) throw new NoSeat('the queue is full');
    this.#flows.set(flowName, flow);
    if (flow.waiting.length === 0) this.#turns.push(flow);
    this.#waiting += 1;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        width: wanted,
        enter: resolve,
        timer: setTimeout(() => {
          this.#leave(flow, waiter);
          reject(new NoSeat(`no seat within ${waitMs} ms`));
        }, waitMs),
      };
      flow.waiting.push(waiter);
    });
  }

  #hasRoom(flow: Flow, width: number): boolean {
    const { seats, seatsPerFlow } = this.#limits;
    return this.#held + width <= seats && flow.held + width <= seatsPerFlow;
  }

  #seat(flow: Flow, width: number): Release {
    this.#flows.set(flow.name, flow);
    flow.held += width;
    this.#held += width;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      flow.held -= width;
      this.#held -= width;
      this.#next();
      this.#forget(flow);
    };
  }

  /** Lets in whoever can be, by turns. A wide request whose turn it is holds the others up until there is room: else it would never get in. */
  #next(): void {
    for (let skipped = 0; skipped < this.#turns.length;) {
      const flow = this.#turns[0];
      const first = flow?.waiting[0];
      if (flow === undefined || first === undefined) return;
      if (!this.#hasRoom(flow, first.width)) {
        if (flow.held + first.width <= this.#limits.seatsPerFlow) return;
        this.#turns.push(...this.#turns.splice(0, 1));
        skipped += 1;
        continue;
      }
      clearTimeout(first.timer);
      flow.waiting.shift();
      this.#waiting -= 1;
      this.#turns.shift();
      if (flow.waiting.length > 0) this.#turns.push(flow);
      first.enter(this.#seat(flow, first.width));
      skipped = 0;
    }
  }

  #leave(flow: Flow, waiter: Waiter): void {
    flow.waiting.splice(flow.waiting.indexOf(waiter), 1);
    this.#waiting -= 1;
    if (flow.waiting.length === 0) this.#turns = this.#turns.filter((one) => one !== flow);
    this.#next();
    this.#forget(flow);
  }

  #forget(flow: Flow): void {
    if (flow.held === 0 && flow.waiting.length === 0) this.#flows.delete(flow.name);
  }
}
