import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunResult, run } from './hosts.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** kubectl against a server without nodes: pods stay Pending, everything else is as in a cluster. */
export interface KubectlServer {
  readonly server: ServerProcess;
  /** For files that kubectl reads; goes away with the server. */
  readonly directory: string;
  /** Runs `kubectl LINE` (words are parted by spaces; give a list where one holds spaces). Never rejects for its exit code. */
  result(line: string | readonly string[], options?: KubectlOptions): Promise<RunResult>;
  /** The same; rejects when it fails. Returns stdout. */
  out(line: string | readonly string[], options?: KubectlOptions): Promise<string>;
  /** What kubectl says on stderr when it fails; rejects when it does not. */
  refusal(line: string | readonly string[], options?: KubectlOptions): Promise<string>;
  /** Writes a file and returns its path. Anything but a string is written as JSON. */
  file(name: string, content: unknown): Promise<string>;
  stop(): Promise<void>;
}

/** What goes to stdin (an object as JSON), and more environment. */
export interface KubectlOptions {
  readonly stdin?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a server with the embedded Postgres. `flags` as for `skep server`. */
export async function startKubectlServer(flags: readonly string[] = []): Promise<KubectlServer> {
  const directory = await mkdtemp(join(tmpdir(), 'skep-kubectl-'));
  await chmod(directory, 0o755); // Postgres runs as a user of its own
  const dataDir = join(directory, 'server');
  const server = await startServerProcess(dataDir, undefined, ['--database-fsync', 'false', ...flags]);
  const result: KubectlServer['result'] = (line, { stdin, environment } = {}) =>
    run(['kubectl', ...(typeof line === 'string' ? line.split(' ') : line)], {
      ...(stdin === undefined ? {} : { stdin: textOf(stdin) }),
      environment: { KUBECONFIG: join(dataDir, 'kubeconfig'), HOME: directory, ...environment },
    });
  const told = (line: string | readonly string[], { code, stdout, stderr }: RunResult): string =>
    `kubectl ${typeof line === 'string' ? line : line.join(' ')}: exit ${code}: ${stderr}${stdout}`;
  return {
    server,
    directory,
    result,
    async out(line, options) {
      const answer = await result(line, options);
      if (answer.code !== 0) throw new Error(told(line, answer));
      return answer.stdout;
    },
    async refusal(line, options) {
      const answer = await result(line, options);
      if (answer.code === 0) throw new Error(`Not refused: ${told(line, answer)}`);
      return answer.stderr;
    },
    async file(name, content) {
      const path = join(directory, name);
      await Bun.write(path, textOf(content));
      return path;
    },
    async stop() {
      await server.kill('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const textOf = (content: unknown): string => (typeof content === 'string' ? content : JSON.stringify(content));
