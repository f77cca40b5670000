import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type LogFormat, LogFormatter } from './cri-log.ts';

/** How to read a log. */
export interface LogReadOptions extends LogFormat {
  readonly path: string;
  /** Only this many lines from the end. */
  readonly tailLines?: number;
  /** Go on with what comes, for as long as `isLive` says so. */
  readonly follow: boolean;
  /** Does the container still run: when not, what is there is the rest. */
  readonly isLive: () => boolean;
  readonly signal: AbortSignal;
}

const CHUNK_BYTES = 64 * 1024;
/** inotify tells of new lines; this is how long the end of the container may go unseen. */
const CHECK_MS = 500;
const NEWLINE = 0x0a;

/** The log as the client reads it, in chunks. Ends at the end of the file, or with `follow` when the container has ended or `signal` aborts. */
export async function* readLog(options: LogReadOptions): AsyncGenerator<Uint8Array> {
  const { path, follow, signal } = options;
  const formatter = new LogFormatter(options);
  let file = await open(path, 'r');
  let changes = follow ? new ChangeWatch(path) : undefined;
  let settled = false;
  try {
    let offset = options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
    let rest: Uint8Array<ArrayBufferLike> = new Uint8Array();
    for (;;) {
      // Asked before reading: a container that ends after it has been asked may still write, one that had ended has written all.
      const live = follow && options.isLive();
      for (;;) {
        if (signal.aborted) return;
        const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        const { output, rest: left } = formatted(formatter, rest, buffer.subarray(0, bytesRead));
        rest = left;
        if (output.length > 0) yield output;
        if (formatter.isFull) return;
      }
      if (follow && (await isReplaced(file, path))) {
        // The runtime makes the new file first and then empties into the old one what it has taken of the container: read on until nothing comes.
        if (!settled) {
          settled = (await changes?.next(signal)) !== true;
          continue;
        }
        const next = await open(path, 'r');
        await file.close();
        changes?.close();
        file = next;
        changes = new ChangeWatch(path);
        settled = false;
        offset = 0;
        rest = new Uint8Array();
        continue;
      }
      if (!live) return;
      await changes?.next(signal);
    }
  } finally {
    changes?.close();
    await file.close();
  }
}

function formatted(
  formatter: LogFormatter,
  rest: Uint8Array,
  chunk: Uint8Array,
): { output: Uint8Array; rest: Uint8Array } {
  const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
    parts.push(formatter.format(data.subarray(start, end)));
    start = end + 1;
  }
  return { output: Buffer.concat(parts), rest: data.slice(start) };
}

/** Where the last `lines` lines begin. An unfinished last line counts as one. */
async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines === 0) return size;
  let seen = 0;
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const { buffer, bytesRead } = await file.read(new Uint8Array(end - start), 0, end - start, start);
    for (let index = bytesRead - 1; index >= 0; index--) {
      // The newline that ends the file ends the last line, it does not begin another.
      if (buffer[index] !== NEWLINE || start + index === size - 1) continue;
      seen++;
      if (seen === lines) return start + index + 1;
    }
    end = start;
  }
  return 0;
}

/** Has another file taken this one's place at `path`. */
async function isReplaced(file: FileHandle, path: string): Promise<boolean> {
  try {
    const [now, held] = await Promise.all([stat(path), file.stat()]);
    return now.ino !== held.ino;
  } catch {
    // Between the two steps of a rotation.
    return false;
  }
}

/** Waits for a file to change. */
class ChangeWatch {
  readonly #watcher: FSWatcher | undefined;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    try {
      this.#watcher = watch(path, () => this.#tell());
      this.#watcher.on('error', () => undefined);
    } catch {
      this.#watcher = undefined;
    }
  }

  /** Resolves when the file changed since the last call (true), when it is time to look, or when `signal` aborts. */
  async next(signal: AbortSignal): Promise<boolean> {
    if (!this.#changed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, CHECK_MS);
        signal.addEventListener('abort', done);
        this.#wake = done;
      });
    }
    const changed = this.#changed;
    this.#changed = false;
    this.#wake = undefined;
    return changed;
  }

  close(): void {
    this.#watcher?.close();
  }

  #tell(): void {
    this.#changed = true;
    this.#wake?.();
  }
}
