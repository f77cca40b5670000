import { QUANTITY_FORMAT_ERROR, canonicalQuantity } from '#api/meta/quantity.ts';

/** What makes a JSON value unfit for its field; the message is the one that kube-apiserver answers. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** The same in the words of a strategic merge patch, whose outcome upstream converts instead of decoding it from JSON. */
  readonly conversion: string;
  constructor(message: string, conversion = message) {
    super(message);
    this.conversion = conversion;
  }
}

const QUANTITY_CACHE_ENTRIES = 2048;
const quantities = new Map<string, string>();

/** The canonical text of a quantity (`1000m` → `1`, `0.5` → `500m`); throws DecodeError for what is none. */
export function decodeQuantity(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') throw new DecodeError(QUANTITY_FORMAT_ERROR);
  const known = quantities.get(text);
  if (known !== undefined) return known;
  const canonical = canonicalQuantity(text.trim() === text ? text : '');
  if (canonical === undefined) throw new DecodeError(QUANTITY_FORMAT_ERROR);
  if (quantities.size >= QUANTITY_CACHE_ENTRIES) quantities.clear();
  quantities.set(text, canonical);
  return canonical;
}

const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;
const LAYOUT = '2006-01-02T15:04:05Z07:00';
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';

/** A time in RFC 3339 brought to UTC, with whole seconds or (`micro`) six decimals. `''` and the zero time are undefined. */
export function decodeTime(text: string, micro: boolean): string | undefined {
  const parts = TIME.exec(text);
  if (parts === null) throw new DecodeError(timeError(text, micro ? MICRO_LAYOUT : LAYOUT));
  const [, , month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone = ''] = parts;
  const outOfRange =
    month < '01' || month > '12'
      ? 'month'
      : !dayExists(text.slice(0, 10), day)
        ? 'day'
        : hour > '23'
          ? 'hour'
          : minute > '59'
            ? 'minute'
            : second > '59'
              ? 'second'
              : '';
  if (outOfRange !== '') throw new DecodeError(`parsing time ${JSON.stringify(text)}: ${outOfRange} out of range`);
  const seconds = text.slice(0, 19);
  const utc = zone === 'Z' ? seconds : new Date(`${seconds}${zone}`).toISOString().slice(0, 19);
  if (utc === '0001-01-01T00:00:00') return undefined;
  return micro ? `${utc}.${fraction.slice(0, 6).padEnd(6, '0')}Z` : `${utc}Z`;
}

function dayExists(date: string, day: string): boolean {
  const parsed = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(8, 10) === day;
}

/** Go's text for the first part of a time that does not fit the layout. */
function timeError(text: string, layout: string): string {
  const head = `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: `;
  let rest = text;
  for (const [element, shape] of LAYOUT_PARTS) {
    const match = shape.exec(rest);
    if (match === null) return `${head}cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`;
    rest = rest.slice(match[0].length);
  }
  return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`;
}

const LAYOUT_PARTS: readonly (readonly [string, RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
  ['05', /^\d{2}(?:[.,]\d+)?/],
  ['Z07:00', /^(?:Z|[+-]\d{2}:\d{2})/],
];

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const IS_BASE64 = new Uint8Array(128);
for (const char of ALPHABET) IS_BASE64[char.charCodeAt(0)] = 1;
const PADDING = 0x3d;

/** Checks base64 (standard alphabet, padded; line ends are dropped, as Go does) and answers it; throws DecodeError at the first bad byte. */
export function decodeBase64(text: string): string {
  let digits = 0;
  let breaks = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 128 && IS_BASE64[code] === 1) {
      digits++;
      continue;
    }
    if (code === 0x0a || code === 0x0d) {
      breaks = true;
      continue;
    }
    if (code === PADDING) return endOfBase64(text, at, digits % 4, breaks);
    throw illegalBase64(text, at);
  }
  if (digits % 4 !== 0) throw illegalBase64(text, text.length - (digits % 4));
  return breaks ? text.replace(/[\r\n]/g, '') : text;
}

/** The rest from the first `=` on: one or two of them, then nothing. `place` is the place of the first in its group of four. */
function endOfBase64(text: string, at: number, place: number, breaks: boolean): string {
  if (place < 2) throw illegalBase64(text, at);
  let next = skipBreaks(text, at + 1);
  if (place === 2) {
    if (next === text.length) throw illegalBase64(text, text.length);
    if (text.charCodeAt(next) !== PADDING) throw illegalBase64(text, next);
    next = skipBreaks(text, next + 1);
  }
  if (next < text.length) throw illegalBase64(text, next);
  return breaks || next !== at + (place === 2 ? 2 : 1) ? text.replace(/[\r\n]/g, '') : text;
}

function skipBreaks(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x0a || text.charCodeAt(at) === 0x0d) at++;
  return at;
}

const illegalBase64 = (text: string, at: number): DecodeError =>
  new DecodeError(`illegal base64 data at input byte ${new TextEncoder().encode(text.slice(0, at)).length}`);
