import type { RuntimeProcess } from './runtime.ts';

/** What a command gives that ends by itself. */
export interface FakeCommandResult {
  readonly exitCode: number;
  readonly output: string;
}

/** The few commands that a container without an image knows: echo, true, false, `sh -c 'exit N'` and `sh -c 'echo …'`. Others: 127. */
export function runFakeCommand(command: readonly string[]): FakeCommandResult {
  const [program, ...args] = command;
  if (program === 'true') return { exitCode: 0, output: '' };
  if (program === 'false') return { exitCode: 1, output: '' };
  if (program === 'echo') return { exitCode: 0, output: `${args.join(' ')}\n` };
  if (program === 'sh' && args[0] === '-c') {
    const exit = /^exit (\d+)$/.exec(args[1] ?? '');
    if (exit !== null) return { exitCode: Number(exit[1]), output: '' };
    const echo = /^echo (.*)$/.exec(args[1] ?? '');
    if (echo !== null) return { exitCode: 0, output: `${echo[1]}\n` };
  }
  return { exitCode: 127, output: `${program ?? ''}: not found\n` };
}

/** A running command as streams: `cat` copies stdin to stdout until its end (or `kill`); others end at once. */
export function fakeProcess(
  command: readonly string[],
  options: { readonly stdin: boolean; readonly tty: boolean },
  exec: ((command: readonly string[]) => FakeCommandResult) | undefined,
): RuntimeProcess {
  const { promise: exitCode, resolve: exit } = Promise.withResolvers<number>();
  const empty = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
  if (command[0] === 'cat') {
    const pipe = new TransformStream<Uint8Array, Uint8Array>(
      { flush: () => exit(0) },
      undefined,
      new CountQueuingStrategy({ highWaterMark: 64 }),
    );
    const kill = new AbortController();
    const stdin = pipe.writable.getWriter();
    kill.signal.addEventListener('abort', () => {
      exit(137);
      void stdin.close().catch(() => undefined);
    });
    return {
      stdin: options.stdin
        ? new WritableStream({ write: (chunk) => stdin.write(chunk), close: () => stdin.close() })
        : undefined,
      stdout: pipe.readable,
      stderr: empty,
      exitCode,
      resize: () => undefined,
      kill: () => kill.abort(),
    };
  }
  const result = exec?.(command) ?? runFakeCommand(command);
  exit(result.exitCode);
  return {
    stdin: options.stdin ? new WritableStream() : undefined,
    stdout: new Response(result.output).body ?? empty,
    stderr: empty,
    exitCode,
    resize: () => undefined,
    kill: () => undefined,
  };
}
