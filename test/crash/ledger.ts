/** What a client wanted. */
export type Verb = 'create' | 'update' | 'delete';

/** What a client knows of a write. `refused` is a 4xx or a 503: it must never take effect. `unknown` is a 504, a 500 or no answer at all. */
export type Outcome =
  | { readonly kind: 'acknowledged'; /** 0 after a delete, which is not told. */ readonly revision: number }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unknown' };

/** One write of one client. */
export interface Attempt {
  /** Goes as the User-Agent, and by it into the log. */
  readonly id: string;
  readonly name: string;
  readonly verb: Verb;
  /** The resourceVersion that it names; 0 = must not exist. */
  readonly expected: number;
  /** What the object holds after it; empty for a delete. */
  readonly content: string;
  /** Undefined while it is under way. */
  outcome: Outcome | undefined;
}

/** A row of the log. `content` undefined = deleted. */
export interface LogRow {
  readonly revision: number;
  readonly name: string;
  readonly previous: number;
  readonly content: string | undefined;
  readonly id: string;
}

/** A row of `objects`. */
export interface StoredRow {
  readonly name: string;
  readonly revision: number;
  readonly content: string;
}

/** How the writes of a run ended. */
export interface Totals {
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** Of the unknown ones, those that the log has. */
  readonly tookEffect: number;
}

/**
 * All writes of a run and the log as far as it was read. `check` tells what is wrong: an acknowledged write that is not in the log as it was
 * acknowledged, a refused one that is, a log that is no chain for each object, or `objects` that is not the end of the log.
 */
export class Ledger {
  readonly #attempts = new Map<string, Attempt>();
  readonly #inLog = new Map<string, LogRow>();
  readonly #current = new Map<string, LogRow>();
  #unchecked: Attempt[] = [];
  #readUpTo = 0;
  #counts = { acknowledged: 0, refused: 0, unknown: 0 };

  /** From here the log is to be read. */
  get readUpTo(): number {
    return this.#readUpTo;
  }

  get totals(): Totals {
    let tookEffect = 0;
    for (const id of this.#inLog.keys()) if (this.#attempts.get(id)?.outcome?.kind === 'unknown') tookEffect += 1;
    return { ...this.#counts, tookEffect };
  }

  /** The number of rows that were read. */
  get rows(): number {
    return this.#inLog.size;
  }

  /** Before it is sent. */
  begin(attempt: Attempt): void {
    this.#attempts.set(attempt.id, attempt);
  }

  /** When its client knows what there is to know. */
  end(attempt: Attempt, outcome: Outcome): void {
    attempt.outcome = outcome;
    this.#counts[outcome.kind] += 1;
    this.#unchecked.push(attempt);
  }

  /** With all of the log above `readUpTo`, in order, and all objects, of one moment. No write may be under way. The violations, each a sentence. */
  check(rows: readonly LogRow[], objects: readonly StoredRow[]): string[] {
    const violations = rows.flatMap((row) => this.#take(row));
    for (const attempt of this.#unchecked) {
      const violation = this.#judge(attempt);
      if (violation !== undefined) violations.push(violation);
    }
    this.#unchecked = [];
    return [...violations, ...this.#compare(objects)];
  }

  #take(row: LogRow): string[] {
    const found: string[] = [];
    const say = (what: string): void => void found.push(`log row ${row.revision} of ${row.name}: ${what}`);
    const before = this.#current.get(row.name);
    const previous = before?.content === undefined ? 0 : before.revision;
    if (row.revision <= this.#readUpTo) say(`comes after ${this.#readUpTo} was read`);
    this.#readUpTo = Math.max(this.#readUpTo, row.revision);
    if (row.previous !== previous) say(`replaces ${row.previous}, the object was at ${previous}`);
    const attempt = this.#attempts.get(row.id);
    if (attempt === undefined) say(`nobody sent ${row.id}`);
    else if (attempt.name !== row.name || attempt.expected !== row.previous || attempt.content !== (row.content ?? ''))
      say(`is not what ${row.id} sent: ${attempt.verb} of ${attempt.name} at ${attempt.expected}`);
    else if (attempt.outcome?.kind === 'refused') say(`${row.id} was refused with ${attempt.outcome.status}`);
    if (this.#inLog.has(row.id)) say(`${row.id} took effect at ${this.#inLog.get(row.id)?.revision} already`);
    this.#inLog.set(row.id, row);
    this.#current.set(row.name, row);
    return found;
  }

  #judge({ id, name, verb, outcome }: Attempt): string | undefined {
    if (outcome?.kind !== 'acknowledged') return undefined;
    const row = this.#inLog.get(id);
    if (row === undefined) return `${id}: the ${verb} of ${name} was acknowledged at ${outcome.revision} and is lost`;
    if (verb === 'delete' || row.revision === outcome.revision) return undefined;
    return `${id}: the ${verb} of ${name} was acknowledged at ${outcome.revision}, the log has it at ${row.revision}`;
  }

  #compare(objects: readonly StoredRow[]): string[] {
    const found: string[] = [];
    const stored = new Map(objects.map((row) => [row.name, row]));
    for (const row of this.#current.values()) {
      const object = stored.get(row.name);
      stored.delete(row.name);
      const there = object === undefined ? 'absent' : `${object.content} at ${object.revision}`;
      const wanted = row.content === undefined ? 'absent' : `${row.content} at ${row.revision}`;
      if (there !== wanted) found.push(`object ${row.name} is ${there}, by the log it is ${wanted}`);
    }
    for (const name of stored.keys()) found.push(`object ${name} is not in the log`);
    return found;
  }
}
