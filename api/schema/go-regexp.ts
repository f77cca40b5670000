import { type Fits, type Node, RegexpSyntaxError, parseGoRegexp } from './go-regexp-syntax.ts';

/** Instructions of an expression with its repetitions written out, at most. */
const MAX_INSTRUCTIONS = 5000;
const MAX_SOURCE = 20_000;

type Instruction =
  | { readonly op: 'fits'; readonly fits: Fits }
  | { readonly op: 'assert'; readonly holds: (before: number, after: number) => boolean }
  | { op: 'split'; first: number; second: number }
  | { readonly op: 'match' };

/** Places in the program that are tried at once, the preferred first, with where each began. */
interface Threads {
  readonly at: number[];
  readonly began: number[];
}

/**
 * A regular expression as Go has it, which takes time in proportion to the text times the expression, whatever both are: all ways are
 * followed at once (Pike's machine), where JavaScript's go back and try again. The match is the leftmost, and of these the one preferred.
 */
export class GoRegexp {
  readonly #program: Instruction[] = [];
  /** When an instruction was last reached, in steps of all matches. */
  readonly #reached: Float64Array;
  #round = 0;
  #steps = 0;

  /** Throws RegexpSyntaxError, also when it is too large. */
  constructor(source: string) {
    if (source.length > MAX_SOURCE) throw new RegexpSyntaxError('error parsing regexp: expression too large');
    this.#compile(parseGoRegexp(source));
    this.#add({ op: 'match' });
    this.#reached = new Float64Array(this.#program.length);
  }

  /** How many instructions it is. */
  get size(): number {
    return this.#program.length;
  }

  /** Begin and end of the first match at `from` or after it. `spend` is told the steps taken, in portions, and may throw. */
  find(text: string, from: number, spend: (steps: number) => void): readonly [number, number] | undefined {
    let now: Threads = { at: [], began: [] };
    let best: readonly [number, number] | undefined;
    let before = from === 0 ? -1 : codeBefore(text, from);
    for (let place = from; ;) {
      const after = text.codePointAt(place) ?? -1;
      const next: Threads = { at: [], began: [] };
      this.#round += 1;
      const reached: Threads = { at: [], began: [] };
      for (const [index, at] of now.at.entries()) this.#follow(reached, at, now.began[index] ?? 0, before, after);
      if (best === undefined) this.#follow(reached, 0, place, before, after);
      spend(this.#steps + 1);
      this.#steps = 0;
      for (const [index, at] of reached.at.entries()) {
        const instruction = this.#program[at];
        const began = reached.began[index] ?? 0;
        if (instruction?.op === 'match') {
          best = [began, place];
          // Those that follow are less preferred.
          break;
        }
        if (instruction?.op === 'fits' && instruction.fits(after)) {
          next.at.push(at + 1);
          next.began.push(began);
        }
      }
      if (after < 0 || (best !== undefined && next.at.length === 0)) return best;
      now = next;
      before = after;
      place += after > 0xffff ? 2 : 1;
    }
  }

  /** All that is reached from an instruction without reading. */
  #follow(into: Threads, start: number, began: number, before: number, after: number): void {
    const left = [start];
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      const instruction = this.#program[at];
      if (instruction === undefined || this.#reached[at] === this.#round) continue;
      this.#reached[at] = this.#round;
      this.#steps += 1;
      if (instruction.op === 'split') left.push(instruction.second, instruction.first);
      else if (instruction.op !== 'assert') {
        into.at.push(at);
        into.began.push(began);
      } else if (instruction.holds(before, after)) left.push(at + 1);
    }
  }

  #add<T extends Instruction>(instruction: T): T {
    if (this.#program.length >= MAX_INSTRUCTIONS)
      throw new RegexpSyntaxError('error parsing regexp: expression too large');
    this.#program.push(instruction);
    return instruction;
  }

  #compile(node: Node): void {
    switch (node.op) {
      case 'fits':
      case 'assert':
        this.#add(node);
        return;
      case 'sequence':
        for (const one of node.nodes) this.#compile(one);
        return;
      case 'choice':
        return this.#choice(node.nodes);
      case 'repeat': {
        for (let count = 0; count < node.min; count += 1) this.#compile(node.node);
        if (node.max === Infinity) this.#loop(node.node, node.lazy);
        else this.#optional(node.node, node.max - node.min, node.lazy);
      }
    }
  }

  #choice([first, ...others]: readonly Node[]): void {
    if (first === undefined) return;
    if (others.length === 0) return this.#compile(first);
    const split = this.#split();
    this.#compile(first);
    const jump = this.#split();
    this.#aim(split, this.#program.length, false);
    this.#choice(others);
    jump.first = this.#program.length;
    jump.second = this.#program.length;
  }

  #loop(node: Node, lazy: boolean): void {
    const here = this.#program.length;
    const split = this.#split();
    this.#compile(node);
    const back = this.#split();
    back.first = here;
    back.second = here;
    this.#aim(split, this.#program.length, lazy);
  }

  #optional(node: Node, times: number, lazy: boolean): void {
    const splits: { first: number; second: number }[] = [];
    for (let count = 0; count < times; count += 1) {
      splits.push(this.#split());
      this.#compile(node);
    }
    for (const split of splits) this.#aim(split, this.#program.length, lazy);
  }

  #split(): { op: 'split'; first: number; second: number } {
    const next = this.#program.length + 1;
    return this.#add({ op: 'split', first: next, second: next });
  }

  /** A split goes on behind itself, or to `other`, which it prefers or not. */
  #aim(split: { first: number; second: number }, other: number, prefersOther: boolean): void {
    if (prefersOther) split.first = other;
    else split.second = other;
  }
}

function codeBefore(text: string, at: number): number {
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? (text.codePointAt(at - 2) ?? -1) : low;
}
