/** What a command said. `code` is 127 when it could not be started, 137 when it was killed at its deadline. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. `timeoutMs` defaults to 10,000. */
export interface CommandOptions {
  readonly stdin?: string;
  readonly timeoutMs?: number;
}

/** Runs a program by its argument list. The one place where the network parts start processes, so that tests can stand in another netns. */
export type RunCommand = (argv: readonly string[], options?: CommandOptions) => Promise<CommandResult>;

const DEFAULT_TIMEOUT_MS = 10_000;

/** Runs a program, never through a shell, and waits for its end; never rejects. */
export const runCommand: RunCommand = async (argv, { stdin, timeoutMs = DEFAULT_TIMEOUT_MS } = {}) => {
  try {
    const child = Bun.spawn([...argv], {
      stdin: stdin === undefined ? 'ignore' : new TextEncoder().encode(stdin),
      stdout: 'pipe',
      stderr: 'pipe',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  } catch (error) {
    return { code: 127, stdout: '', stderr: error instanceof Error ? error.message : String(error) };
  }
};

/** As `run`, but a failure is an Error that names the program and what it said. Returns its stdout. */
export async function mustRun(run: RunCommand, argv: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code !== 0) throw new Error(`Cannot run ${argv.join(' ')}: status ${code}: ${stderr.trim().slice(0, 2000)}`);
  return stdout;
}
