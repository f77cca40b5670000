/** What a field of a schedule may hold, and the names that may stand for numbers. */
interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** Minute, hour, day of month, month, day of week. */
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];
const DESCRIPTORS = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);
const DURATION = /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/;

/** What is wrong with a schedule, in the words of robfig/cron's standard parser; undefined = it is right. */
export function scheduleFault(schedule: string): string | undefined {
  let text = schedule;
  const zone = /^(?:CRON_)?TZ=(\S*)(?:\s+|$)/.exec(text);
  if (zone !== null) {
    const [prefix, name = ''] = zone;
    const fault = timeZoneFault(name);
    if (fault !== undefined) return `provided bad location ${name}: ${fault}`;
    text = text.slice(prefix.length).trim();
  }
  if (text.startsWith('@')) return descriptorFault(text);
  const fields = text.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length)
    return `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, bounds] of FIELDS.entries()) {
    const ranges = (fields[index] ?? '').split(',').filter((range) => range !== '');
    for (const range of ranges) {
      const fault = rangeFault(range, bounds);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function descriptorFault(text: string): string | undefined {
  if (DESCRIPTORS.has(text)) return undefined;
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`;
  const duration = text.slice('@every '.length);
  return DURATION.test(duration) || /^[+-]?0$/.test(duration)
    ? undefined
    : `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}`;
}

/** `*`, `n`, `n-m`, each with an optional `/step`. */
function rangeFault(range: string, { min, max, names }: Bounds): string | undefined {
  const [interval = '', ...steps] = range.split('/');
  const ends = interval.split('-');
  const isStar = ends[0] === '*' || ends[0] === '?';
  if (!isStar && ends.length > 2) {
    const first = readNumber(ends[0] ?? '', names);
    return typeof first === 'string' ? first : `too many hyphens: ${range}`;
  }
  const [start, last] = isStar
    ? [min, max]
    : [ends[0] ?? '', ends[1] ?? ends[0] ?? ''].map((end) => readNumber(end, names));
  if (typeof start !== 'number') return start;
  if (typeof last !== 'number') return last;
  if (steps.length > 1) return `too many slashes: ${range}`;
  const step = steps[0] === undefined ? 1 : readNumber(steps[0]);
  if (typeof step !== 'number') return step;
  // `n/step` goes on to the end.
  const end = steps.length === 1 && ends.length === 1 ? max : last;
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${range}`;
  if (end > max) return `end of range (${end}) above maximum (${max}): ${range}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${range}`;
  return step === 0 ? `step of range should be a positive number: ${range}` : undefined;
}

/** A number, or what is wrong with it. */
function readNumber(text: string, names: readonly string[] = []): number | string {
  const named = text === '' ? -1 : names.indexOf(text.toLowerCase());
  if (named >= 0) return named;
  if (!/^[+-]?\d+$/.test(text))
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
}

/** `unknown time zone X` when there is none of that name. Names are case-sensitive, and offsets are none. */
export function timeZoneFault(name: string): string | undefined {
  const unknown = `unknown time zone ${name}`;
  if (name === '' || name === 'Local') return undefined;
  if (!/^[A-Za-z]/.test(name)) return unknown;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone.toLowerCase() === name.toLowerCase() && timeZone !== name ? unknown : undefined;
  } catch (error) {
    if (error instanceof RangeError) return unknown;
    throw error;
  }
}
