/**
 * The text of Go's encoding/json for a malformed document, found by a scan that follows the JSON grammar.
 * Only called after JSON.parse has refused the text, so speed does not matter; depth does, hence no recursion.
 */
export function goSyntaxError(text: string): string {
  return new Scan(text).run();
}

const END = 'unexpected end of JSON input';
const isSpace = (char: string | undefined): boolean => char === ' ' || char === '\t' || char === '\r' || char === '\n';
const isDigit = (char: string | undefined): boolean => char !== undefined && char >= '0' && char <= '9';

/** What Go prints for a character: `'x'`, `'\n'`, `'\x01'`, `'"'`. */
function quoted(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  const named = new Map([
    ['\n', '\\n'],
    ['\t', '\\t'],
    ['\r', '\\r'],
    ['\\', '\\\\'],
  ]).get(char);
  if (named !== undefined) return `'${named}'`;
  const code = char.codePointAt(0) ?? 0;
  // Go reports the byte, so a character beyond ASCII shows as its first UTF-8 byte in Latin-1.
  if (code > 0x7e) return `'${String.fromCharCode(new TextEncoder().encode(char)[0] ?? 0x3f)}'`;
  return code < 0x20 ? `'\\x${code.toString(16).padStart(2, '0')}'` : `'${char}'`;
}

/** A finding ends the scan. */
class Found extends Error {}

class Scan {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): string {
    try {
      this.#document();
    } catch (found) {
      if (found instanceof Found) return found.message;
      throw found;
    }
    return 'exceeded max depth';
  }

  #fail(context: string): never {
    const char = this.#text[this.#at];
    throw new Found(char === undefined ? END : `invalid character ${quoted(char)} ${context}`);
  }

  #spaces(): string | undefined {
    while (isSpace(this.#text[this.#at])) this.#at++;
    return this.#text[this.#at];
  }

  #document(): void {
    const open: ('object' | 'array')[] = [];
    for (;;) {
      if (this.#begin(open)) continue;
      // A value has ended: close what ends here, or go on after a comma.
      for (;;) {
        const container = open[open.length - 1];
        const char = this.#spaces();
        if (container === undefined) {
          if (char === undefined) return;
          this.#fail('after top-level value');
        }
        if (char === ',') {
          this.#at++;
          if (container === 'object') this.#key();
          break;
        }
        if (char === (container === 'object' ? '}' : ']')) {
          this.#at++;
          open.pop();
          continue;
        }
        this.#fail(container === 'object' ? 'after object key:value pair' : 'after array element');
      }
    }
  }

  /** Reads the start of a value; true when a container was opened and its first value follows. */
  #begin(open: ('object' | 'array')[]): boolean {
    const char = this.#spaces();
    if (char === '{') {
      this.#at++;
      if (this.#spaces() === '}') {
        this.#at++;
        return false;
      }
      open.push('object');
      this.#key();
      return true;
    }
    if (char === '[') {
      this.#at++;
      if (this.#spaces() === ']') {
        this.#at++;
        return false;
      }
      open.push('array');
      return true;
    }
    if (char === '"') this.#string();
    else if (char === '-' || isDigit(char)) this.#number();
    else if (char === 't') this.#literal('true');
    else if (char === 'f') this.#literal('false');
    else if (char === 'n') this.#literal('null');
    else this.#fail('looking for beginning of value');
    return false;
  }

  #key(): void {
    if (this.#spaces() !== '"') this.#fail('looking for beginning of object key string');
    this.#string();
    if (this.#spaces() !== ':') this.#fail('after object key');
    this.#at++;
  }

  #literal(word: string): void {
    for (const char of word) {
      if (this.#text[this.#at] !== char) this.#fail(`in literal ${word} (expecting '${char}')`);
      this.#at++;
    }
  }

  #string(): void {
    for (this.#at++; ; this.#at++) {
      const char = this.#text[this.#at];
      if (char === '"') break;
      if (char === undefined || char < ' ') this.#fail('in string literal');
      if (char !== '\\') continue;
      this.#at++;
      const escape = this.#text[this.#at];
      if (escape === 'u') {
        for (let digit = 0; digit < 4; digit++) {
          this.#at++;
          if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? '')) this.#fail('in \\u hexadecimal character escape');
        }
      } else if (escape === undefined || !'"\\/bfnrt'.includes(escape)) this.#fail('in string escape code');
    }
    this.#at++;
  }

  #number(): void {
    if (this.#text[this.#at] === '-') {
      this.#at++;
      if (!isDigit(this.#text[this.#at])) this.#fail('in numeric literal');
    }
    if (this.#text[this.#at] === '0') this.#at++;
    else this.#digits();
    if (this.#text[this.#at] === '.') {
      this.#at++;
      if (!isDigit(this.#text[this.#at])) this.#fail('after decimal point in numeric literal');
      this.#digits();
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      this.#at++;
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at++;
      if (!isDigit(this.#text[this.#at])) this.#fail('in exponent of numeric literal');
      this.#digits();
    }
  }

  #digits(): void {
    while (isDigit(this.#text[this.#at])) this.#at++;
  }
}
