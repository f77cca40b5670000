import { readFileSync, readdirSync } from 'node:fs';
import { streamCrictl } from './crictl-process.ts';
import { RuntimeFailure } from './runtime.ts';

/** CRI cuts the output of a probe or hook here. */
const OUTPUT_LIMIT_BYTES = 16 * 1024;

/** What `execToEnd` needs to clean up after a deadline. */
export interface ExecToEndOptions {
  readonly containerId: string;
  readonly command: readonly string[];
  readonly timeoutMs: number;
  /** The pid of the container's first process. */
  readonly pid: () => Promise<number>;
}

/**
 * Runs a command to its end by `crictl exec` with streams: `exec --sync` loses stdout when the command fails, and a probe's message is made of it.
 * Output of both channels in order of arrival. After `timeoutMs` rejects with DeadlineExceeded and ends the command inside the container,
 * which would go on otherwise.
 */
export async function execToEnd(
  argv: readonly string[],
  options: ExecToEndOptions,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const child = streamCrictl('execSync', argv, { stdin: false, tty: false });
  child.exitCode.catch(() => undefined);
  const output: Uint8Array[] = [];
  let length = 0;
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) {
      if (length < OUTPUT_LIMIT_BYTES) output.push(chunk);
      length += chunk.length;
    }
  };
  const done = Promise.all([collect(child.stdout), collect(child.stderr)]).then(() => child.exitCode);
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, options.timeoutMs, undefined);
  try {
    const exitCode = await Promise.race([done, late.promise]);
    if (exitCode === undefined) {
      child.kill();
      await endLeftover(options);
      const seconds = options.timeoutMs / 1000;
      throw new RuntimeFailure(
        'execSync',
        'DeadlineExceeded',
        `command timed out: "${options.command.join(' ')}" timed out after ${seconds}s`,
      );
    }
    return { exitCode, output: Buffer.concat(output).subarray(0, OUTPUT_LIMIT_BYTES).toString('utf8') };
  } finally {
    clearTimeout(timer);
    done.catch(() => undefined);
  }
}

/** Kills the processes of the container's cgroup that run exactly `command` and are not its first. */
async function endLeftover(options: ExecToEndOptions): Promise<void> {
  try {
    const first = await options.pid();
    const cgroup = readFileSync(`/proc/${first}/cgroup`, 'utf8');
    const wanted = `${options.command.join('\0')}\0`;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name) || Number(name) === first) continue;
      if (read(`/proc/${name}/cmdline`) === wanted && read(`/proc/${name}/cgroup`) === cgroup)
        process.kill(Number(name), 'SIGKILL');
    }
  } catch {
    // The container has ended meanwhile, and the command with it.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
