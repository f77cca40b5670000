/** Indexes of a Job, read: how many there are, and the intervals that they make. */
export interface Indexes {
  readonly count: number;
  /** First and last, both included, in rising order. */
  readonly intervals: readonly (readonly [first: number, last: number])[];
}

/** Reads `1,3-5,7`, all below `completions`; else says what is wrong with it, in upstream's words (batch validation: validateIndexesFormat). */
export function readIndexes(text: string, completions: number): Indexes | string {
  if (text === '') return { count: 0, intervals: [] };
  const intervals: (readonly [number, number])[] = [];
  let count = 0;
  for (const part of text.split(',')) {
    const interval = readInterval(part, completions);
    if (typeof interval === 'string') return interval;
    const [first, last] = interval;
    const previous = intervals.at(-1)?.[1];
    if (previous !== undefined && previous >= first) return notRising(previous, first);
    intervals.push(interval);
    count += last - first + 1;
  }
  return { count, intervals };
}

function readInterval(part: string, completions: number): readonly [number, number] | string {
  const ends = part.split('-');
  if (ends.length > 2)
    return `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  const values: number[] = [];
  for (const end of ends) {
    if (!/^\+?\d+$/.test(end)) return `cannot convert string to integer for index: ${JSON.stringify(end)}`;
    if (Number(end) >= completions) return `too large index: ${JSON.stringify(end)}`;
    values.push(Number(end));
  }
  const [first = 0, last = first] = values;
  return values.length === 2 && first >= last ? notRising(first, last) : [first, last];
}

const notRising = (previous: number, current: number): string =>
  `non-increasing order, previous: ${previous}, current: ${current}`;

/** The first index that two lists have in common, if there is one. */
export function firstCommon(a: Indexes, b: Indexes): number | undefined {
  let at = 0;
  for (const [first, last] of a.intervals) {
    while ((b.intervals[at]?.[1] ?? Infinity) < first) at++;
    const [from] = b.intervals[at] ?? [Infinity];
    if (from <= last) return Math.max(first, from);
  }
  return undefined;
}
