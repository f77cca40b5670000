/** One block of a PEM text. */
export interface PemBlock {
  /** What stands in its first line: `CERTIFICATE REQUEST`. */
  readonly type: string;
  /** Are there lines of `name: value` before the data. */
  readonly hasHeaders: boolean;
  readonly data: Uint8Array;
}

const BLOCK = /-----BEGIN ([^-\r\n]+)-----[ \t]*\r?\n([\s\S]*?)-----END \1-----/g;

/** The bytes that base64 stands for; none when the text is not base64. */
export function decodeBytes(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** The blocks of a PEM text, in order; what is between them does not count. */
export function pemBlocks(bytes: Uint8Array): PemBlock[] {
  const text = new TextDecoder('latin1').decode(bytes);
  return [...text.matchAll(BLOCK)].map(([, type = '', body = '']) => {
    const lines = body.split(/\r?\n/);
    const hasHeaders = lines.some((line) => line.includes(':'));
    const data = lines.filter((line) => !line.includes(':')).join('');
    return { type, hasHeaders, data: decodeBytes(data.replace(/\s/g, '')) };
  });
}

const TAGS = { sequence: 0x30, 'bit string': 0x03 } as const;
const TRUNCATED = 'asn1: syntax error: data truncated';

/** Why `data` is not one DER sequence of just these elements; undefined when it is. What is inside them is not looked at. */
export function derFault(data: Uint8Array, elements: readonly (keyof typeof TAGS)[]): string | undefined {
  const whole = derElement(data, 0);
  if (whole === undefined) return TRUNCATED;
  if (whole.tag !== TAGS.sequence) return MISMATCH;
  if (whole.end !== data.length) return 'asn1: syntax error: trailing data';
  let at = whole.start;
  for (const wanted of elements) {
    const found = derElement(data.subarray(0, whole.end), at);
    if (found === undefined) return TRUNCATED;
    if (found.tag !== TAGS[wanted]) return MISMATCH;
    at = found.end;
  }
  return at === whole.end ? undefined : MISMATCH;
}

const MISMATCH = "asn1: structure error: tags don't match";

/** An element of DER: where its contents begin and end. */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** The element that begins at `at`; undefined when the data ends before it does. */
export function derElement(data: Uint8Array, at: number): DerElement | undefined {
  const [tag, first] = [data[at], data[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  const width = first < 0x80 ? 0 : first & 0x7f;
  if (width > 4 || first === 0x80) return undefined;
  let size = width === 0 ? first : 0;
  for (let index = 0; index < width; index++) size = size * 256 + (data[at + 2 + index] ?? Number.NaN);
  const start = at + 2 + width;
  // Not a number when bytes of the length are missing: the comparison is false then.
  return start + size <= data.length ? { tag, start, end: start + size } : undefined;
}
