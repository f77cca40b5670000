/** One request with the two moments between which it took effect; a request whose answer never came returns at Infinity. */
export interface Interval {
  readonly invoked: number;
  readonly returned: number;
}

/** What the requests are about. `step` answers the state after `operation` took effect in `state`; undefined = its answer cannot be had there. */
export interface Model<Op extends Interval> {
  readonly initial: string;
  readonly step: (state: string, operation: Op) => string | undefined;
}

/** Found when there is no order: the moment up to which an order could still be found. */
export interface NotLinearizable {
  /** No order takes effect for all requests that had returned by this moment. */
  readonly failedAt: number;
}

/** A place in the list of calls and returns that are still open. `match` of a call is its return. */
interface Entry {
  readonly index: number;
  readonly time: number;
  readonly match: Entry | undefined;
  previous: Entry | undefined;
  next: Entry | undefined;
}

/**
 * Is there one order of all requests that explains every answer and in which none takes effect before it was sent or after it returned.
 * The search of Wing and Gong (Testing and verifying concurrent objects, 1993) with Lowe's memory of the pairs (set of requests that took effect, state)
 * that were tried in vain (Testing for linearizability, 2017). Requests of different keys are independent of each other: call it once a key.
 */
export function findOrder<Op extends Interval>(
  operations: readonly Op[],
  model: Model<Op>,
): NotLinearizable | undefined {
  const { head, returns } = entriesOf(operations);
  const tried = new Set<string>();
  const placed = new Placed(operations.length);
  const stack: { readonly call: Entry; readonly state: string }[] = [];
  let state = model.initial;
  let failedAt = -Infinity;
  let entry = head.next;
  while (head.next !== undefined) {
    if (entry?.match !== undefined) {
      const operation = operations[entry.index];
      const after = operation === undefined ? undefined : model.step(state, operation);
      if (after !== undefined) {
        placed.add(entry.index);
        const memo = `${placed.text()} ${after}`;
        if (!tried.has(memo)) {
          tried.add(memo);
          stack.push({ call: entry, state });
          state = after;
          lift(entry);
          entry = head.next;
          continue;
        }
        placed.remove(entry.index);
      }
      entry = entry.next;
      continue;
    }
    // A return, all calls before it tried: what was placed last must go elsewhere.
    failedAt = Math.max(failedAt, entry?.time ?? returns);
    const last = stack.pop();
    if (last === undefined) return { failedAt };
    state = last.state;
    placed.remove(last.call.index);
    unlift(last.call);
    entry = last.call.next;
  }
  return undefined;
}

/** The set of requests that took effect, written short: in a long history it is all before some place, and a few behind it. */
class Placed {
  readonly #in: Uint8Array;
  #low = 0;
  #high = 0;

  constructor(size: number) {
    this.#in = new Uint8Array(size);
  }

  add(index: number): void {
    this.#in[index] = 1;
    this.#high = Math.max(this.#high, index + 1);
    while (this.#in[this.#low] === 1) this.#low += 1;
  }

  remove(index: number): void {
    this.#in[index] = 0;
    this.#low = Math.min(this.#low, index);
    while (this.#high > 0 && this.#in[this.#high - 1] === 0) this.#high -= 1;
  }

  text(): string {
    let text = String(this.#low);
    for (let index = this.#low + 1; index < this.#high; index++) if (this.#in[index] === 1) text += `,${index}`;
    return text;
  }
}

/** The list in the order of time; of equal times calls come first, which allows more orders. */
function entriesOf(operations: readonly Interval[]): { readonly head: Entry; readonly returns: number } {
  const open: Entry[] = [];
  let last = 0;
  for (const [index, { invoked, returned }] of operations.entries()) {
    const end: Entry = { index, time: returned, match: undefined, previous: undefined, next: undefined };
    open.push({ index, time: invoked, match: end, previous: undefined, next: undefined }, end);
    if (Number.isFinite(returned)) last = Math.max(last, returned);
  }
  open.sort((a, b) =>
    a.time === b.time ? Number(a.match === undefined) - Number(b.match === undefined) : a.time - b.time,
  );
  const head: Entry = { index: -1, time: -Infinity, match: undefined, previous: undefined, next: undefined };
  let tail = head;
  for (const one of open) {
    tail.next = one;
    one.previous = tail;
    tail = one;
  }
  return { head, returns: last };
}

/** Takes a call and its return out of the list. */
function lift(call: Entry): void {
  for (const one of [call, call.match]) {
    if (one?.previous === undefined) continue;
    one.previous.next = one.next;
    if (one.next !== undefined) one.next.previous = one.previous;
  }
}

/** Puts back what `lift` took out; in the opposite order. */
function unlift(call: Entry): void {
  for (const one of [call.match, call]) {
    if (one?.previous === undefined) continue;
    one.previous.next = one;
    if (one.next !== undefined) one.next.previous = one;
  }
}
