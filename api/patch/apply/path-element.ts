import { isObject } from '#api/schema/structural.ts';
import { goText } from '../patch-errors.ts';

/** A scalar that identifies an item of a list. */
export type KeyValue = string | number | boolean | null;

/** The element of a set's item. */
export const valueElement = (value: unknown): string => `v:${goJson(value)}`;

/** The element of a map-like list's item, by its keys in the order of their names. */
export const keyElement = (keys: readonly (readonly [name: string, value: unknown])[]): string =>
  `k:{${keys.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(',')}}`;

/** JSON as Go writes it: what HTML cares for is escaped, also in strings. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escaped) : text;
}

const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** An element in its one spelling; undefined for a kind of element that is not known. Throws SyntaxError when it cannot be read. */
export function canonicalElement(element: string): string | undefined {
  if (element[1] !== ':') throw new SyntaxError(`missing colon: ${element}`);
  const text = element.slice(2);
  switch (element[0]) {
    case 'f':
      return element;
    case 'v':
      return valueElement(JSON.parse(text));
    case 'k': {
      const keys: unknown = JSON.parse(text);
      if (!isObject(keys)) throw new SyntaxError(`no object: ${element}`);
      return keyElement(Object.entries(keys).sort(([a], [b]) => compareText(a, b)));
    }
    case 'i':
      if (!/^[+-]?\d+$/.test(text)) throw new SyntaxError(`no index: ${element}`);
      return `i:${Number(text)}`;
    default:
      return undefined;
  }
}

/** The elements of a dotted path such as `.spec.replicas`. */
export const elementsOfPath = (path: string): readonly string[] =>
  path
    .split('.')
    .filter((name) => name !== '')
    .map((name) => `f:${name}`);

/** A path as upstream prints it: `.spec.containers[name="c"].image`, `.metadata.finalizers[="x"]`. */
export const pathText = (path: readonly string[]): string => path.map(elementText).join('');

/** One step of `pathText`. */
export function elementText(element: string): string {
  const text = element.slice(2);
  switch (element[0]) {
    case 'k': {
      const keys = Object.entries(JSON.parse(text) as Record<string, unknown>);
      return `[${keys.map(([name, value]) => `${name}=${shown(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${shown(JSON.parse(text))}]`;
    case 'i':
      return `[${text}]`;
    default:
      return `.${text}`;
  }
}

const shown = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'string' ? JSON.stringify(value) : goText(value);

/** `.`, then f, k, v, i. */
function rankOf(element: string): number {
  switch (element.charCodeAt(0)) {
    case 0x2e:
      return 0;
    case 0x66:
      return 1;
    case 0x6b:
      return 2;
    case 0x76:
      return 3;
    default:
      return 4;
  }
}

/** Where elements stand in `fieldsV1`: fields by name, then items by their keys, by value, by index. */
export function compareElements(a: string, b: string): number {
  const kind = rankOf(a);
  if (kind !== rankOf(b)) return kind - rankOf(b);
  switch (kind) {
    case 2:
      return compareKeys(a, b);
    case 3:
      return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
    case 4:
      return Number(a.slice(2)) - Number(b.slice(2));
    default:
      return compareText(a, b);
  }
}

function compareKeys(a: string, b: string): number {
  const left = Object.entries(JSON.parse(a.slice(2)) as Record<string, unknown>);
  const right = Object.entries(JSON.parse(b.slice(2)) as Record<string, unknown>);
  for (const [index, [name, value]] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Numbers before strings before booleans before all else, as structured-merge-diff orders values. */
function compareValues(a: unknown, b: unknown): number {
  const left = valueRank(a);
  if (left !== valueRank(b)) return left - valueRank(b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (left < 3) return Number(a) - Number(b);
  return compareText(JSON.stringify(a), JSON.stringify(b));
}

const VALUE_RANKS: Readonly<Record<string, number>> = { number: 0, string: 1, boolean: 2 };
const valueRank = (value: unknown): number => VALUE_RANKS[typeof value] ?? 3;

/** Letters of the upper end, where the orders of UTF-16 and UTF-8 differ. */
const HIGH = /[\ud800-\uffff]/;

/** By code points, which is the order of UTF-8's bytes and so Go's; JavaScript's own puts astral letters before U+E000. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  if (!HIGH.test(a) || !HIGH.test(b)) return a < b ? -1 : 1;
  const [left, right] = [Array.from(a), Array.from(b)];
  for (const [at, letter] of left.entries()) {
    const order = (letter.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
