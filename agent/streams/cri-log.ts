/** One entry of a container's log file, as the runtime writes it: `<time> <stream> <P|F> <text>`. */
export interface LogEntry {
  /** RFC 3339 with nanoseconds, as in the file. */
  readonly time: string;
  readonly stream: string;
  /** Its line goes on in the next entry of the same stream (the runtime cuts lines at 16 KiB). */
  readonly partial: boolean;
  /** Without the newline. */
  readonly text: Uint8Array;
}

const SPACE = 0x20;
const PARTIAL = 0x50;

/** Reads one line of a log file, without its newline; undefined when it has another form (a line cut by a power loss). */
export function parseLogEntry(line: Uint8Array): LogEntry | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  if (first < 20 || second < 0) return undefined;
  const third = line.indexOf(SPACE, second + 1);
  const tagEnd = third < 0 ? line.length : third;
  return {
    time: Buffer.from(line.subarray(0, first)).toString('latin1'),
    stream: Buffer.from(line.subarray(first + 1, second)).toString('latin1'),
    // A tag is `P` or `F`, perhaps with more tags after a colon.
    partial: line[second + 1] === PARTIAL,
    text: third < 0 ? new Uint8Array() : line.subarray(tagEnd + 1),
  };
}

/** What of a log is wanted, and how. */
export interface LogFormat {
  readonly timestamps: boolean;
  /** Entries before this are left out; milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly limitBytes?: number;
}

const NEWLINE = new Uint8Array([0x0a]);

/** Turns a log file's lines into what the client reads. Stateful: a partial entry joins the next. */
export class LogFormatter {
  readonly #format: LogFormat;
  readonly #midLine = new Set<string>();
  #left: number;

  constructor(format: LogFormat) {
    this.#format = format;
    this.#left = format.limitBytes ?? Infinity;
  }

  /** Has `limitBytes` been reached. */
  get isFull(): boolean {
    return this.#left <= 0;
  }

  /** What the client reads of one line of the file; empty when it is left out. */
  format(line: Uint8Array): Uint8Array {
    const entry = parseLogEntry(line);
    if (entry === undefined || this.isFull) return new Uint8Array();
    const { sinceMs, timestamps } = this.#format;
    if (sinceMs !== undefined && Date.parse(entry.time) < sinceMs) return new Uint8Array();
    const continues = this.#midLine.has(entry.stream);
    if (entry.partial) this.#midLine.add(entry.stream);
    else this.#midLine.delete(entry.stream);
    const parts: Uint8Array[] = [];
    if (timestamps && !continues) parts.push(Buffer.from(`${entry.time} `));
    parts.push(entry.text);
    if (!entry.partial) parts.push(NEWLINE);
    const output = Buffer.concat(parts).subarray(0, this.#left === Infinity ? undefined : this.#left);
    this.#left -= output.length;
    return output;
  }
}
