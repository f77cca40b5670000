import { labelValue, qualifiedName } from './names.ts';
import { type Requirement, SelectorError } from './selectors.ts';

type Token = 'identifier' | 'end' | ',' | '(' | ')' | '!' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin';
interface Scanned {
  readonly token: Token;
  readonly text: string;
}

const SYMBOLS = ['!=', '==', '=', '!', '(', ')', ',', '>', '<'] as const;
const isSymbol = (char: string): boolean => '=!(),><'.includes(char);
const isSpace = (char: string): boolean => ' \t\r\n'.includes(char);

function scan(text: string): Scanned[] {
  const scanned: Scanned[] = [];
  let at = 0;
  while (at < text.length) {
    if (isSpace(text.charAt(at))) at += 1;
    else {
      const symbol = SYMBOLS.find((one) => text.startsWith(one, at));
      let word: string = symbol ?? '';
      if (symbol === undefined)
        while (at + word.length < text.length && !isSpace(next(text, at, word)) && !isSymbol(next(text, at, word)))
          word += next(text, at, word);
      at += word.length;
      scanned.push({ token: symbol ?? (word === 'in' || word === 'notin' ? word : 'identifier'), text: word });
    }
  }
  return scanned;
}

const next = (text: string, at: number, word: string): string => text.charAt(at + word.length);

/**
 * Reads a label selector in text form: `a=b,c!=d,e in (x,y),!f,g>3`. The grammar and the texts of its faults are
 * apimachinery's (labels.Parse). Throws SelectorError. Requirements come back sorted by key.
 */
export function parseLabelSelector(text: string): Requirement[] {
  const parser = new Parser(scan(text));
  return parser.requirements().sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Recursive descent with one token of look-ahead. */
class Parser {
  readonly #tokens: readonly Scanned[];
  #at = 0;

  constructor(tokens: readonly Scanned[]) {
    this.#tokens = tokens;
  }

  /** `asWord`: here `in` and `notin` are words like any other. */
  #peek(asWord: boolean): Scanned {
    const scanned = this.#tokens[this.#at] ?? { token: 'end', text: '' };
    return asWord && (scanned.token === 'in' || scanned.token === 'notin')
      ? { token: 'identifier', text: scanned.text }
      : scanned;
  }

  #take(asWord: boolean): Scanned {
    const scanned = this.#peek(asWord);
    this.#at += 1;
    return scanned;
  }

  requirements(): Requirement[] {
    const found: Requirement[] = [];
    for (;;) {
      const first = this.#peek(true);
      if (first.token === 'end') return found;
      if (first.token !== 'identifier' && first.token !== '!')
        throw new SelectorError(`found '${first.text}', expected: !, identifier, or 'end of string'`);
      found.push(this.#requirement());
      const separator = this.#take(true);
      if (separator.token === 'end') return found;
      if (separator.token !== ',')
        throw new SelectorError(`found '${separator.text}', expected: ',' or 'end of string'`);
      const following = this.#peek(true);
      if (following.token !== 'identifier' && following.token !== '!')
        throw new SelectorError(`found '${following.text}', expected: identifier after ','`);
    }
  }

  #requirement(): Requirement {
    const negated = this.#peek(true).token === '!';
    if (negated) this.#take(true);
    const { token, text: key } = this.#take(true);
    if (token !== 'identifier') throw fault(`found '${key}', expected: identifier`);
    const wrong = qualifiedName(key);
    if (wrong.length > 0) throw fault(`<nil>: Invalid value: ${JSON.stringify(key)}: ${wrong.join('; ')}`);
    if (negated) return { key, operator: '!', values: [] };
    const after = this.#peek(true).token;
    if (after === 'end' || after === ',') return { key, operator: 'exists', values: [] };
    const operator = this.#take(false);
    if (isSetOperator(operator.token)) return checked(key, operator.token, this.#values());
    if (isValueOperator(operator.token)) return checked(key, operator.token, [this.#exactValue()]);
    throw fault(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`);
  }

  #exactValue(): string {
    const ahead = this.#peek(true).token;
    if (ahead === 'end' || ahead === ',') return '';
    const { token, text } = this.#take(true);
    if (token !== 'identifier') throw fault(`found '${text}', expected: identifier`);
    return text;
  }

  #values(): string[] {
    const open = this.#take(true);
    if (open.token !== '(') throw fault(`found '${open.text}' expected: '('`);
    const first = this.#peek(true);
    if (first.token === ')') {
      this.#take(true);
      return [''];
    }
    if (first.token !== 'identifier' && first.token !== ',')
      throw fault(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = new Set<string>();
    for (let wantsValue = true; ;) {
      const { token, text } = this.#take(true);
      if (token === 'identifier') {
        values.add(text);
        const follows = this.#peek(true);
        if (follows.token !== ',' && follows.token !== ')')
          throw fault(`found '${follows.text}', expected: ',' or ')'`);
        wantsValue = false;
      } else if (token === ',') {
        if (wantsValue) values.add('');
        wantsValue = true;
      } else if (token === ')') {
        if (wantsValue) values.add('');
        return [...values].sort();
      } else throw fault(`found '${text}', expected: ',', or identifier`);
    }
  }
}

const isSetOperator = (token: Token): token is 'in' | 'notin' => token === 'in' || token === 'notin';
const isValueOperator = (token: Token): token is '=' | '==' | '!=' | '>' | '<' =>
  ['=', '==', '!=', '>', '<'].includes(token);
const fault = (text: string): SelectorError => new SelectorError(`unable to parse requirement: ${text}`);

function checked(key: string, operator: Requirement['operator'], values: string[]): Requirement {
  if ((operator === '>' || operator === '<') && !/^[+-]?\d+$/.test(values[0] ?? ''))
    throw fault(
      `values[0]: Invalid value: ${JSON.stringify(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  for (const [index, value] of values.entries()) {
    const wrong = labelValue(value);
    if (wrong.length > 0)
      throw fault(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong.join('; ')}`);
  }
  return { key, operator, values };
}
