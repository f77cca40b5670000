import { RuntimeFailure } from './runtime.ts';

/**
 * For programs in Go that live for a moment: one thread, and no garbage collection before they hold 128 MB. That is a quarter of the CPU time
 * of a call (measured: 18 → 14 ms).
 */
const SHORT_LIVED = { GOMAXPROCS: '1', GOGC: 'off', GOMEMLIMIT: '128MiB' } as const;

/** How crictl is called. */
export interface CrictlCommandOptions {
  /** The program, e.g. `crictl` or an absolute path. */
  readonly crictl: string;
  /** containerd's socket, a path. */
  readonly socket: string;
  /** How many short calls may run at once; each is a process of some 25 MB. Default 6. */
  readonly concurrency?: number;
}

/**
 * Runs crictl, one short process a call. At most `concurrency` run at once, later ones wait in order;
 * calls that may take long (stop, pull) do not count, so that they hold nobody up.
 */
export class CrictlCommand {
  readonly #prefix: readonly string[];
  readonly #concurrency: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: CrictlCommandOptions) {
    const endpoint = `unix://${options.socket}`;
    // Without a configuration it warns on stderr, in the midst of what a command prints.
    this.#prefix = [
      options.crictl,
      '--config',
      '/dev/null',
      '--runtime-endpoint',
      endpoint,
      '--image-endpoint',
      endpoint,
    ];
    this.#concurrency = options.concurrency ?? 6;
  }

  /** The whole argument vector of a call, for those who keep its streams. `timeoutMs` is what crictl itself waits for containerd. */
  argv(args: readonly string[], timeoutMs = 10_000): string[] {
    return [...this.#prefix, '--timeout', `${Math.ceil(timeoutMs / 1000)}s`, ...args];
  }

  /** Runs `args` and returns stdout. `verb` is the name that a failure bears. Rejects with RuntimeFailure. */
  async run(
    verb: string,
    args: readonly string[],
    options: { timeoutMs?: number; slow?: boolean } = {},
  ): Promise<string> {
    const { timeoutMs = 30_000, slow = false } = options;
    if (!slow) await this.#enter();
    try {
      return await runToEnd(verb, this.argv(args, timeoutMs), timeoutMs + 2_000, SHORT_LIVED);
    } finally {
      if (!slow) this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.#concurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

/** Runs a program to its end and returns stdout; kills it after `timeoutMs` (code DeadlineExceeded). Other failures are read from its stderr. */
export async function runToEnd(
  verb: string,
  argv: readonly string[],
  timeoutMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  let child;
  try {
    child = Bun.spawn([...argv], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env: { ...Bun.env, ...env } });
  } catch (cause) {
    throw new RuntimeFailure(verb, 'Unavailable', `cannot start ${argv[0]}: ${String(cause)}`, { cause });
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  try {
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (late) throw new RuntimeFailure(verb, 'DeadlineExceeded', `no answer after ${Math.round(timeoutMs / 1000)} s`);
    if (code !== 0) throw parseFailure(verb, err);
    return out;
  } finally {
    clearTimeout(timer);
  }
}

const FATAL = /level=fatal msg=("(?:[^"\\]|\\.)*"|\S+)/g;
const LOGGED = /err=("(?:[^"\\]|\\.)*")/g;
const RPC = /rpc error: code = (\w+) desc = ([\s\S]*)$/;

/**
 * What crictl wrote to stderr as a failure. Its last line is `… level=fatal msg="<what it did>: rpc error: code = C desc = D"`;
 * some verbs drop the code there, but the line before, of its CRI client, still has it.
 */
export function parseFailure(verb: string, stderr: string): RuntimeFailure {
  const fatal = lastQuoted(stderr, FATAL);
  for (const text of [fatal, lastQuoted(stderr, LOGGED)]) {
    const rpc = text === undefined ? null : RPC.exec(text);
    if (rpc !== null) return new RuntimeFailure(verb, rpc[1] ?? 'Unknown', rpc[2] ?? '');
  }
  return new RuntimeFailure(verb, 'Unknown', fatal ?? stderr.trim());
}

function lastQuoted(text: string, pattern: RegExp): string | undefined {
  const found = [...text.matchAll(pattern)].at(-1)?.[1];
  if (found === undefined || !found.startsWith('"')) return found;
  return unquote(found);
}

/** Go's strconv.Quote, undone. */
export function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted.replace(/\\x([0-9a-f]{2})/g, '\\u00$1').replace(/\\([av])/g, ' ')));
  } catch {
    return quoted.slice(1, -1);
  }
}
