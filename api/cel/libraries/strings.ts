import type { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { RegexpSyntaxError } from '../../schema/go-regexp-syntax.ts';
import { GoRegexp } from '../../schema/go-regexp.ts';
import { spend } from '../cost-budget.ts';
import { formatGoDuration } from '../go-duration.ts';
import { define, refuse } from './define.ts';

const MAX_PATTERNS = 500;
/** Steps of the matcher for one unit of cost: with all that an object's rules may spend they end within about a second. */
const STEPS_PER_UNIT = 4;
const patterns = new Map<string, GoRegexp>();

/** A regular expression in Go's syntax. Throws what Go says of one that is none. */
function patternOf(source: string): GoRegexp {
  const known = patterns.get(source);
  if (known !== undefined) return known;
  try {
    const pattern = new GoRegexp(source);
    spend(pattern.size);
    if (patterns.size >= MAX_PATTERNS) patterns.clear();
    patterns.set(source, pattern);
    return pattern;
  } catch (error) {
    throw error instanceof RegexpSyntaxError ? refuse(error.message) : error;
  }
}

const charge = (steps: number): void => spend(steps / STEPS_PER_UNIT);

const matches = (text: string, source: string): boolean => patternOf(source).find(text, 0, charge) !== undefined;

function findAll(text: string, source: string, limit = -1n): string[] {
  const pattern = patternOf(source);
  const found: string[] = [];
  let last = -1;
  for (let from = 0; from <= text.length && (limit < 0n || BigInt(found.length) < limit);) {
    const match = pattern.find(text, from, charge);
    if (match === undefined) break;
    const [begin, end] = match;
    // As in Go, nothing is found right behind what was found.
    if (begin !== end || begin !== last) found.push(text.slice(begin, end));
    last = end;
    from = end === begin ? end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1) : end;
  }
  return found;
}

function replaced(text: string, old: string, replacement: string, limit = -1n): string {
  spend(text.length / 10);
  if (limit < 0n) return text.replaceAll(old, () => replacement);
  const parts = text.split(old);
  const count = Number(limit);
  return (
    parts.slice(0, count + 1).join(replacement) +
    parts
      .slice(count + 1)
      .map((part) => old + part)
      .join('')
  );
}

const ascii = (text: string, from: RegExp, change: (character: string) => string): string => text.replace(from, change);

/** The characters of a text: CEL counts code points. */
const characters = (text: string): string[] => Array.from(text);

/** `%s`, `%d`, `%f`, `%e`, `%x`, `%X`, `%o`, `%b` with a precision (cel-go: ext.Strings, format). */
function formatted(template: string, values: readonly unknown[]): string {
  let next = 0;
  return template.replace(/%(?:\.(\d+))?([a-zA-Z%])/g, (_whole, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (next >= values.length) throw refuse(`index ${next} out of range`);
    const value = values[next++];
    switch (verb) {
      case 's':
        return printed(value);
      case 'd':
        return String(value);
      case 'f':
        return Number(value).toFixed(precision === undefined ? 6 : Number(precision));
      case 'e':
        return Number(value)
          .toExponential(precision === undefined ? 6 : Number(precision))
          .replace(/e([+-])(\d)$/, 'e$10$2');
      case 'x':
      case 'X': {
        const hex =
          typeof value === 'string'
            ? Array.from(new TextEncoder().encode(value), (byte) => byte.toString(16).padStart(2, '0')).join('')
            : BigInt(Number(value)).toString(16);
        return verb === 'X' ? hex.toUpperCase() : hex;
      }
      case 'o':
        return BigInt(Number(value)).toString(8);
      case 'b':
        return value === true ? '1' : value === false ? '0' : BigInt(Number(value)).toString(2);
      default:
        throw refuse(`unrecognized formatting clause "${verb}"`);
    }
  });
}

function printed(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (value instanceof Map) return `{${[...value].map(([key, one]) => `${printed(key)}: ${printed(one)}`).join(', ')}}`;
  if (value instanceof Date) return timeText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return `${value as bigint | number | boolean | string}`;
}

const timeText = (time: Date): string => time.toISOString().replace('.000Z', 'Z');
const durationText = ({ seconds, nanos }: Duration): string =>
  formatGoDuration(seconds * 1_000_000_000n + BigInt(nanos));

/** What the library has under these names is not as Go does it: expressions that call them are led to ours. */
export const LED_TO_OURS: ReadonlyMap<string, string> = new Map([
  ['matches', 'matches__'],
  ['lowerAscii', 'lowerAscii__'],
  ['upperAscii', 'upperAscii__'],
]);

/** Kubernetes' regex and jsonpatch libraries, and CEL's strings extension (version 2) as far as the library at hand lacks it. */
export function addStringFunctions(environment: Environment): void {
  define(environment, [
    ['string.matches__(string): bool', matches],
    ['matches__(string, string): bool', matches],
    ['string.lowerAscii__(): string', (text: string) => ascii(text, /[A-Z]/g, (one) => one.toLowerCase())],
    ['string.upperAscii__(): string', (text: string) => ascii(text, /[a-z]/g, (one) => one.toUpperCase())],
    ['string.find(string): string', (text: string, source: string) => findAll(text, source, 1n)[0] ?? ''],
    ['string.findAll(string): list<string>', (text: string, source: string) => findAll(text, source)],
    ['string.findAll(string, int): list<string>', findAll],
    [
      'string.charAt(int): string',
      (text: string, index: bigint) => {
        const list = characters(text);
        if (index < 0n || index > BigInt(list.length)) throw refuse(`index out of range: ${index}`);
        return list[Number(index)] ?? '';
      },
    ],
    ['string.replace(string, string): string', (text: string, old: string, by: string) => replaced(text, old, by)],
    ['string.replace(string, string, int): string', replaced],
    ['string.reverse(): string', (text: string) => characters(text).reverse().join('')],
    ['string.format(list<dyn>): string', formatted],
    ['string(google.protobuf.Timestamp): string', timeText],
    ['string(google.protobuf.Duration): string', durationText],
    ['int(google.protobuf.Timestamp): int', (time: Date) => BigInt(Math.floor(time.getTime() / 1000))],
    ['timestamp(google.protobuf.Timestamp): google.protobuf.Timestamp', (time: Date) => time],
    ['duration(google.protobuf.Duration): google.protobuf.Duration', (duration: Duration) => duration],
  ]);
  class Strings {}
  environment.registerType('cel.Strings', { ctor: Strings, fields: {} });
  environment.registerConstant('strings', 'cel.Strings', new Strings());
  define(environment, [['cel.Strings.quote(string): string', (_: unknown, text: string) => JSON.stringify(text)]]);
  class JSONPatch {}
  environment.registerType('cel.JSONPatch', { ctor: JSONPatch, fields: {} });
  environment.registerConstant('jsonpatch', 'cel.JSONPatch', new JSONPatch());
  define(environment, [
    [
      'cel.JSONPatch.escapeKey(string): string',
      (_: unknown, key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
    ],
  ]);
}
