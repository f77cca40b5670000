/** Does a code point (-1: the end of the text) fit. */
export type Fits = (code: number) => boolean;

/** A regular expression as a tree. `max` is Infinity where there is none. */
export type Node =
  | { readonly op: 'fits'; readonly fits: Fits }
  | { readonly op: 'assert'; readonly holds: (before: number, after: number) => boolean }
  | { readonly op: 'sequence' | 'choice'; readonly nodes: readonly Node[] }
  | { readonly op: 'repeat'; readonly node: Node; readonly min: number; readonly max: number; readonly lazy: boolean };

/** What is no expression in Go's syntax; the message is in the words of Go. */
export class RegexpSyntaxError extends Error {}

const MAX_DEPTH = 250;
const MAX_REPEAT = 1000;

const isDigit: Fits = (code) => code >= 48 && code <= 57;
const isWord: Fits = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const isSpace: Fits = (code) => code === 9 || code === 10 || code === 12 || code === 13 || code === 32;
const not =
  (fits: Fits): Fits =>
  (code) =>
    code >= 0 && !fits(code);
const SHORT: Readonly<Record<string, Fits>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
};
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const POSIX: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  ascii: /[\0-\x7f]/,
  blank: /[\t ]/,
  cntrl: /[^ -~\x80-\u{10ffff}]/u,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t\n\v\f\r ]/,
  upper: /[A-Z]/,
  word: /[0-9A-Za-z_]/,
  xdigit: /[0-9A-Fa-f]/,
};
const byPattern =
  (pattern: RegExp): Fits =>
  (code) =>
    code >= 0 && pattern.test(String.fromCodePoint(code));

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

/** Reads an expression in Go's syntax (RE2): neither references back nor looks around. Throws RegexpSyntaxError. */
export function parseGoRegexp(source: string): Node {
  return new Parser(source).whole();
}

class Parser {
  readonly #source: readonly string[];
  #at = 0;
  #depth = 0;
  #flags: Flags = { i: false, m: false, s: false, U: false };

  constructor(source: string) {
    this.#source = Array.from(source);
  }

  whole(): Node {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw wrong('unexpected )', this.#text(0));
    return node;
  }

  #next(text: string): boolean {
    if (!Array.from(text).every((one, index) => this.#source[this.#at + index] === one)) return false;
    this.#at += text.length;
    return true;
  }

  #take(what: string): string {
    const one = this.#source[this.#at];
    if (one === undefined) throw wrong(what, '');
    this.#at += 1;
    return one;
  }

  #text(begin: number, end?: number): string {
    return this.#source.slice(begin, end).join('');
  }

  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) throw wrong('expression nests too deeply', this.#text(0));
    const flags = this.#flags;
    const nodes = [this.#sequence()];
    while (this.#next('|')) nodes.push(this.#sequence());
    this.#flags = flags;
    this.#depth -= 1;
    return { op: 'choice', nodes };
  }

  #sequence(): Node {
    const nodes: Node[] = [];
    while (this.#at < this.#source.length && !['|', ')'].includes(this.#source[this.#at] ?? '')) {
      if (this.#next('\\Q')) {
        const literals = this.#quoted();
        // What follows repeats the last character alone.
        const last = literals.pop();
        nodes.push(...literals);
        if (last !== undefined) nodes.push(this.#repeated(last));
        continue;
      }
      const node = this.#atom();
      if (node !== undefined) nodes.push(this.#repeated(node));
    }
    return { op: 'sequence', nodes };
  }

  #repeated(node: Node): Node {
    const start = this.#at;
    const times = this.#times();
    if (times === undefined) return node;
    const [min, max] = times;
    const lazy = this.#next('?') !== this.#flags.U;
    const more = this.#times();
    if (more !== undefined) throw wrong('invalid nested repetition operator', this.#text(start, this.#at));
    return { op: 'repeat', node, min, max, lazy };
  }

  #times(): readonly [number, number] | undefined {
    if (this.#next('*')) return [0, Infinity];
    if (this.#next('+')) return [1, Infinity];
    if (this.#next('?')) return [0, 1];
    const found = /^\{(\d{1,9})(,?)(\d{0,9})\}/.exec(this.#source.slice(this.#at, this.#at + 24).join(''));
    if (found === null || (found[2] === '' && found[3] !== '')) return undefined;
    const min = Number(found[1]);
    const max = found[2] === '' ? min : found[3] === '' ? Infinity : Number(found[3]);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || min > max)
      throw wrong('invalid repeat count', found[0]);
    this.#at += found[0].length;
    return [min, max];
  }

  /** Undefined for what only sets flags. */
  #atom(): Node | undefined {
    const { m, s } = this.#flags;
    const one = this.#take('');
    switch (one) {
      case '(':
        return this.#group();
      case '[':
        return { op: 'fits', fits: this.#class() };
      case '.':
        return { op: 'fits', fits: (code) => code >= 0 && (s || code !== 10) };
      case '^':
        return { op: 'assert', holds: (before) => before < 0 || (m && before === 10) };
      case '$':
        return { op: 'assert', holds: (_, after) => after < 0 || (m && after === 10) };
      case '*':
      case '+':
      case '?':
        throw wrong('missing argument to repetition operator', one);
      case '\\':
        return this.#escaped();
      default:
        return this.#literal(one.codePointAt(0) ?? 0);
    }
  }

  #group(): Node | undefined {
    if (this.#next('?')) {
      const rest = this.#source.slice(this.#at, this.#at + 260).join('');
      const name = /^P?<[A-Za-z0-9_]+>/.exec(rest);
      const flags = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
      if (name !== null) this.#at += name[0].length;
      else if (flags !== null) {
        this.#at += flags[0].length;
        const before = this.#flags;
        const set = (flag: keyof Flags): boolean =>
          flags[2]?.includes(flag) === true ? false : flags[1]?.includes(flag) === true || before[flag];
        this.#flags = { i: set('i'), m: set('m'), s: set('s'), U: set('U') };
        if (flags[3] === ')') return undefined;
        const inner = this.#closed();
        this.#flags = before;
        return inner;
      } else
        throw /^P?</.test(rest)
          ? wrong('invalid named capture', `(?${/^[^>)]*[>)]?/.exec(rest)?.[0] ?? ''}`)
          : wrong('invalid or unsupported Perl syntax', `(?${rest.slice(0, 1)}`);
    }
    return this.#closed();
  }

  #closed(): Node {
    const node = this.#choice();
    if (!this.#next(')')) throw wrong('missing closing )', this.#text(0));
    return node;
  }

  #literal(wanted: number): Node {
    return { op: 'fits', fits: this.#folded((code) => code === wanted) };
  }

  #folded(fits: Fits): Fits {
    if (!this.#flags.i) return fits;
    return (code) => {
      if (code < 0) return false;
      const text = String.fromCodePoint(code);
      return (
        fits(code) || fits(text.toLowerCase().codePointAt(0) ?? -1) || fits(text.toUpperCase().codePointAt(0) ?? -1)
      );
    };
  }

  #escaped(): Node {
    if (this.#next('A')) return { op: 'assert', holds: (before) => before < 0 };
    if (this.#next('z')) return { op: 'assert', holds: (_, after) => after < 0 };
    if (this.#next('b')) return { op: 'assert', holds: (before, after) => isWord(before) !== isWord(after) };
    if (this.#next('B')) return { op: 'assert', holds: (before, after) => isWord(before) === isWord(after) };
    const found = this.#escape();
    return typeof found === 'number' ? this.#literal(found) : { op: 'fits', fits: found };
  }

  #quoted(): Node[] {
    const nodes: Node[] = [];
    while (this.#at < this.#source.length && !this.#next('\\E'))
      nodes.push(this.#literal(this.#take('').codePointAt(0) ?? 0));
    return nodes;
  }

  /** What stands for a character, or for many. */
  #escape(): number | Fits {
    const one = this.#take('trailing backslash at end of expression');
    const short = SHORT[one];
    if (short !== undefined) return short;
    const control = CONTROLS[one];
    if (control !== undefined) return control;
    if (one === 'p' || one === 'P') return this.#property(one === 'P');
    if (one === 'x') {
      const digits = /^(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(
        this.#source.slice(this.#at, this.#at + 8).join(''),
      );
      const code = parseInt(digits?.[1] ?? digits?.[2] ?? '', 16);
      if (digits === null || code > 0x10ffff) throw wrong('invalid escape sequence', '\\x');
      this.#at += digits[0].length;
      return code;
    }
    if (/[A-Za-z0-9]/.test(one)) throw wrong('invalid escape sequence', `\\${one}`);
    return one.codePointAt(0) ?? 0;
  }

  #property(negated: boolean): Fits {
    const found = /^(?:\{(\^?)([A-Za-z_]{1,40})\}|([A-Z]))/.exec(this.#source.slice(this.#at, this.#at + 44).join(''));
    const name = found?.[2] ?? found?.[3] ?? '';
    const pattern = propertyPattern(name);
    if (found === null || pattern === undefined)
      throw wrong('invalid character class range', `\\${negated ? 'P' : 'p'}${found?.[0] ?? ''}`);
    this.#at += found[0].length;
    const fits = byPattern(pattern);
    return negated !== (found[1] === '^') ? not(fits) : fits;
  }

  #class(): Fits {
    const begin = this.#at - 1;
    const negated = this.#next('^');
    const members: Fits[] = [];
    for (let first = true; first || this.#source[this.#at] !== ']'; first = false) {
      const start = this.#at;
      const low = this.#member(begin);
      if (typeof low !== 'number') {
        members.push(low);
        continue;
      }
      let high: number | Fits = low;
      if (this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']') {
        this.#at += 1;
        high = this.#member(begin);
      }
      if (typeof high !== 'number' || high < low)
        throw wrong('invalid character class range', this.#text(start, this.#at));
      const to = high;
      members.push(this.#folded((code) => code >= low && code <= to));
    }
    this.#at += 1;
    const fits: Fits = (code) => members.some((member) => member(code));
    return negated ? not(fits) : fits;
  }

  #member(begin: number): number | Fits {
    const rest = this.#source.slice(this.#at, this.#at + 12).join('');
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(rest);
    const pattern = POSIX[posix?.[2] ?? ''];
    if (posix !== null && pattern !== undefined) {
      this.#at += posix[0].length;
      return posix[1] === '^' ? not(byPattern(pattern)) : byPattern(pattern);
    }
    if (this.#at >= this.#source.length) throw wrong('missing closing ]', this.#text(begin));
    const one = this.#take('');
    return one === '\\' ? this.#escape() : (one.codePointAt(0) ?? 0);
  }
}

/** A general category or a script of Unicode. */
function propertyPattern(name: string): RegExp | undefined {
  for (const property of [name, `Script=${name}`]) {
    try {
      return new RegExp(`\\p{${property}}`, 'u');
    } catch {
      continue;
    }
  }
  return undefined;
}

const wrong = (message: string, what: string): RegexpSyntaxError =>
  new RegexpSyntaxError(`error parsing regexp: ${message}: \`${what}\``);
