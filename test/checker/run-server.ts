import { mkdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '#test/support/eventually.ts';
import { ROOT } from '#test/support/import-law.ts';
import type { DatabaseProxy } from './database-proxy.ts';

/** Which program the servers of a run are. */
export type ServerProgram =
  | { readonly binary: string }
  /** From the sources, with modules that change them on their way in (planted/). */
  | { readonly preload: readonly string[] };

/** The binary that `make build` makes, or SOAK_BINARY; the sources where there is none. */
export function builtProgram(): ServerProgram {
  const binary = process.env['SOAK_BINARY'] ?? join(ROOT, 'dist/skep');
  return existsSync(binary) ? { binary } : { preload: [] };
}

/** What a server of a run is started with. */
export interface RunServerOptions {
  readonly index: number;
  readonly directory: string;
  readonly program: ServerProgram;
  /** Where its database is, by way of a proxy; undefined = it has the embedded one. */
  readonly database: { readonly proxy: DatabaseProxy; readonly name: string } | undefined;
  /** The key that the first server makes, for the others. */
  readonly keyFile: string;
  readonly port: number;
  readonly flags: readonly string[];
}

const READY_MS = 60_000;

/** A `skep server` in a process of its own, which may be stopped, killed and started again on the same port and data directory. */
export class RunServer {
  readonly index: number;
  readonly url: string;
  readonly proxy: DatabaseProxy | undefined;
  readonly #options: RunServerOptions;
  #child: Bun.Subprocess | undefined;
  #headers: Readonly<Record<string, string>> = {};
  #ca = '';
  starts = 0;
  /** A fault has its process in hand. */
  claimed = false;

  constructor(options: RunServerOptions) {
    this.#options = options;
    this.index = options.index;
    this.proxy = options.database?.proxy;
    this.url = `https://127.0.0.1:${options.port}`;
  }

  get dataDir(): string {
    return join(this.#options.directory, `server${this.index}`);
  }

  get logFile(): string {
    return join(this.#options.directory, `server${this.index}.log`);
  }

  /**
   * Starts the process and waits until it is ready. One that ends is started again for a minute, as it ends where its database is away for long;
   * the very first start has no such excuse.
   */
  async start(): Promise<void> {
    const until = performance.now() + READY_MS;
    while (!(await this.#startOnce())) {
      if (this.starts > 1 && performance.now() < until) continue;
      throw new Error(`Server ${this.index} ends at its start: ${(await Bun.file(this.logFile).text()).slice(-2_000)}`);
    }
  }

  async #startOnce(): Promise<boolean> {
    const { index, program, database, keyFile, port, flags } = this.#options;
    const { dataDir } = this;
    await mkdir(dataDir, { recursive: true });
    const command =
      'binary' in program
        ? [program.binary]
        : [process.execPath, ...program.preload.flatMap((file) => ['--preload', file]), join(ROOT, 'cli/main.ts')];
    const log = Bun.file(this.logFile);
    const before = await log.text().catch(() => '');
    // Bun's own redirection would begin the file anew.
    if (before !== '') await Bun.write(`${this.logFile}.${this.starts}`, before);
    const where =
      database === undefined
        ? ['--database-fsync', 'false']
        : ['--database-url', `postgres://postgres@127.0.0.1:${database.proxy.port}/${database.name}`];
    this.#child = Bun.spawn(
      [
        ...command,
        'server',
        '--data-dir',
        dataDir,
        '--listen',
        `127.0.0.1:${port}`,
        ...where,
        ...(index === 0 ? [] : ['--encryption-key-file', keyFile]),
        ...flags,
      ],
      { cwd: ROOT, stdin: 'ignore', stdout: log, stderr: log },
    );
    this.starts += 1;
    const child = this.#child;
    await eventually(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      await this.#readIdentity(dataDir);
      const answer = await this.fetch('/readyz', { signal: AbortSignal.timeout(2_000) });
      if ((await answer.text()) !== 'ok') throw new Error('Not ready yet');
    }, READY_MS);
    return child.exitCode === null && child.signalCode === null;
  }

  /** A request as the admin, over TLS. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      ...init,
      headers: { ...this.#headers, ...(init.headers as Record<string, string> | undefined) },
      tls: { ca: this.#ca },
    });
  }

  /** Sends a signal; for SIGKILL resolves when the process has ended. */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    this.#child?.kill(signal);
    if (signal === 'SIGKILL') await this.#child?.exited;
  }

  async #readIdentity(dataDir: string): Promise<void> {
    const [token = '', ca = ''] = await Promise.all(
      ['admin.token', 'ca.crt'].map((name) => readFile(join(dataDir, 'identity', name), 'utf8')),
    );
    this.#headers = { authorization: `Bearer ${token.trim()}` };
    this.#ca = ca;
  }
}
