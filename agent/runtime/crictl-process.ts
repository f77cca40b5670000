import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFailure } from './crictl-command.ts';
import type { RuntimeFailure, RuntimeProcess } from './runtime.ts';

/**
 * The two ways in which crictl streams. Its exit code is 1 whatever the command's was, and what it has to say itself goes to the same stderr
 * as the command's: the last line there, `… command terminated with exit code N`, is therefore taken off and read.
 */
export function streamCrictl(
  verb: string,
  argv: readonly string[],
  options: { readonly stdin: boolean; readonly tty: boolean },
): RuntimeProcess {
  return options.tty ? withTerminal(verb, argv) : withPipes(verb, argv, options.stdin);
}

/** How the command ended: its exit code, or why it could not run. */
export type CrictlEnding = { readonly exitCode: number } | { readonly failure: RuntimeFailure };

/** Reads crictl's own last words. `code` is crictl's exit status, null when it was killed. */
export function endingOf(verb: string, code: number | null, ownWords: string): CrictlEnding {
  if (code === 0) return { exitCode: 0 };
  const exit = /command terminated with exit code (\d+)"\s*$/.exec(ownWords);
  if (exit !== null) return { exitCode: Number(exit[1]) };
  if (ownWords === '') return { exitCode: 137 };
  const failure = parseFailure(verb, ownWords);
  const cut = /^(?:execing command in|attaching) container [^:]*: /.exec(failure.message);
  return { failure: cut === null ? failure : trimmed(failure, cut[0].length) };
}

function trimmed(failure: RuntimeFailure, length: number): RuntimeFailure {
  failure.message = failure.message.slice(length);
  return failure;
}

/** crictl's own lines: log lines of its CRI client, then the fatal one, at the very end. */
const OWN_WORDS = /(?:E\d{4} [\d:.]+ +\d+ [^\n]*\n)*time="[^"\n]*" level=(?:fatal|error) msg=[^\n]*\n?$/;
const OWN_START = /E\d{4} \d\d:|time="/g;
/** A whole line that crictl may have written; any other that begins alike is the command's. */
const OWN_LINE = /^(?:E\d{4} [\d:.]+ +\d+ \w+\.go:\d+\]|time="[^"\n]*" level=(?:fatal|error) msg=)/;
/** No line of crictl's own is longer. */
const HOLD_BYTES = 16 * 1024;

/**
 * Parts stderr into what the command wrote and what crictl added. Text from the first possible beginning of crictl's words is held back
 * until more comes or the stream ends. Works on latin1, so that bytes stay bytes.
 */
export class OwnWordsFilter {
  #held = '';

  /** What of `chunk` (and of what was held) is surely the command's. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#held += Buffer.from(chunk).toString('latin1');
    const start = this.#ownStart();
    const sure = this.#held.slice(0, start);
    this.#held = this.#held.slice(start);
    return sure === '' ? undefined : Buffer.from(sure, 'latin1');
  }

  #ownStart(): number {
    const held = this.#held;
    OWN_START.lastIndex = Math.max(0, held.length - HOLD_BYTES);
    for (let match = OWN_START.exec(held); match !== null; match = OWN_START.exec(held)) {
      const end = held.indexOf('\n', match.index);
      if (end === -1 || OWN_LINE.test(held.slice(match.index, end))) return match.index;
    }
    return partialStart(held);
  }

  /** The end of the stream: the last of the command's bytes, and crictl's words. */
  end(): { readonly rest: Uint8Array; readonly ownWords: string } {
    const own = OWN_WORDS.exec(this.#held);
    const rest = own === null ? this.#held : this.#held.slice(0, own.index);
    return {
      rest: Buffer.from(rest, 'latin1'),
      ownWords: own === null ? '' : Buffer.from(own[0], 'latin1').toString('utf8'),
    };
  }
}

/** A chunk may end in the middle of `time="` or `E1121 08:`. */
function partialStart(text: string): number {
  const tail = /(?:t|ti|tim|time|time=|E\d{0,4}|E\d{4} \d{0,2})$/.exec(text);
  return tail?.index ?? text.length;
}

function withPipes(verb: string, argv: readonly string[], stdin: boolean): RuntimeProcess {
  const child = Bun.spawn([...argv], { stdin: stdin ? 'pipe' : 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const filter = new OwnWordsFilter();
  const { promise: ownWords, resolve: tellOwnWords } = Promise.withResolvers<string>();
  const stderr = child.stderr.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>(
      {
        transform: (chunk, controller) => {
          const sure = filter.push(chunk);
          if (sure !== undefined) controller.enqueue(sure);
        },
        flush: (controller) => {
          const { rest, ownWords: words } = filter.end();
          if (rest.length > 0) controller.enqueue(rest);
          tellOwnWords(words);
        },
      },
      undefined,
      // Room, so that the exit code comes also to one who does not read stderr.
      new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
    ),
  );
  const sink = child.stdin;
  return {
    stdin: typeof sink === 'object' ? writableOf(sink) : undefined,
    stdout: child.stdout,
    stderr,
    exitCode: child.exited.then(async (code) => {
      // After a kill the reader of stderr may be gone, and with it the one who would tell.
      const words = child.signalCode === null ? await ownWords : '';
      const ending = endingOf(verb, child.signalCode === null ? code : null, words);
      if ('failure' in ending) throw ending.failure;
      return ending.exitCode;
    }),
    resize: () => undefined,
    kill: () => child.kill('SIGKILL'),
  };
}

function writableOf(sink: Bun.FileSink): WritableStream<Uint8Array> {
  return new WritableStream({
    write: async (chunk) => {
      void sink.write(chunk);
      await sink.flush();
    },
    close: async () => {
      await sink.end();
    },
    abort: async () => {
      await sink.end();
    },
  });
}

/** A stopped crictl reads no more from containerd: that is the only brake a terminal has. */
const PAUSE_BYTES = 1024 * 1024;

/**
 * crictl asks for a real terminal, so it gets a pseudo-terminal of our own. It is not crictl's controlling terminal, so the kernel sends
 * no SIGWINCH after a resize: we do. stderr goes to a file, else crictl's words would be in the output. The shell's script is constant;
 * what varies goes in by argv.
 */
function withTerminal(verb: string, argv: readonly string[]): RuntimeProcess {
  const directory = mkdtempSync(join(tmpdir(), 'skep-exec-'));
  const errors = join(directory, 'stderr');
  let paused = false;
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  let ended = false;
  const stdout = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        output = controller;
      },
      pull: () => {
        if (paused) child.kill('SIGCONT');
        paused = false;
      },
      cancel: () => {
        ended = true;
        child.kill('SIGKILL');
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
  );
  const { promise: drained, resolve: tellDrained } = Promise.withResolvers<void>();
  const terminal = new Bun.Terminal({
    data: (_terminal, data) => {
      if (ended) return;
      output?.enqueue(data.slice());
      if (!paused && (output?.desiredSize ?? 0) < -PAUSE_BYTES) {
        paused = true;
        child.kill('SIGSTOP');
      }
    },
    exit: () => tellDrained(),
  });
  const child = Bun.spawn(['/bin/sh', '-c', 'exec "$@" 2>"$0"', errors, ...argv], { terminal });

  async function end(): Promise<number> {
    const code = await child.exited;
    await Promise.race([drained, Bun.sleep(200)]);
    terminal.close();
    const words = readErrors(errors);
    rmSync(directory, { recursive: true, force: true });
    if (!ended) output?.close();
    ended = true;
    const ending = endingOf(verb, child.signalCode === null ? code : null, words);
    if ('failure' in ending) throw ending.failure;
    return ending.exitCode;
  }

  const exitCode = end();
  // A failure is the caller's to see; one who only reads the output must not bring the process down.
  exitCode.catch(() => undefined);
  return {
    stdin: new WritableStream<Uint8Array>({
      write: (chunk) => {
        if (!terminal.closed) terminal.write(chunk);
      },
      // The end of input, as a user types it.
      close: () => {
        if (!terminal.closed) terminal.write('\x04');
      },
    }),
    stdout,
    stderr: new ReadableStream({ start: (controller) => controller.close() }),
    exitCode,
    resize: (width, height) => {
      if (terminal.closed) return;
      terminal.resize(width, height);
      child.kill('SIGWINCH');
    },
    kill: () => child.kill('SIGKILL'),
  };
}

function readErrors(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
