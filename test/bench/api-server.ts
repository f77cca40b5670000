import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../support/hosts.ts';
import { ROOT } from '../support/import-law.ts';
import type { Access } from './watch-latency.ts';

/** A `skep server` process on loopback, as users run it, and what a client needs to call it. */
export interface BenchServer {
  readonly pid: number;
  readonly url: string;
  /** Sends one request over a kept connection; rejects when the status is not 2xx. */
  call(method: string, path: string, body?: unknown, contentType?: string): Promise<string>;
  /** For a client in another process. */
  readonly access: Access;
  readonly directory: string;
  /** Milliseconds from the start of the process to `ok` on /readyz. */
  readonly startMs: number;
  restart(): Promise<BenchServer>;
  stop(): Promise<void>;
}

/** What a benchmark may choose of its server. */
export interface BenchServerOptions {
  /** Default: a new one. */
  readonly directory?: string;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** SKEP_BENCH_BINARY: another build than the newest, to compare two. */
const BINARY = process.env['SKEP_BENCH_BINARY'] ?? join(ROOT, 'dist/skep');

/** Starts a server on a port of loopback. */
export async function startBenchServer(options: BenchServerOptions = {}): Promise<BenchServer> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'skep-bench-')));
  await chmod(directory, 0o755); // Postgres runs as a user of its own
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const url = `https://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = Bun.spawn(
    [
      BINARY,
      'server',
      '--data-dir',
      directory,
      '--listen',
      `127.0.0.1:${port}`,
      '--log-level',
      'warn',
      ...(options.flags ?? []),
    ],
    {
      env: { ...process.env, ...options.environment },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: Bun.file(join(directory, 'log')),
    },
  );
  process.once('exit', () => child.kill('SIGTERM')); // a bench that fails leaves nothing running
  const request = async (path: string, init: RequestInit = {}, token = '', ca?: string): Promise<Response> =>
    fetch(url + path, {
      ...init,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(init.headers as Record<string, string> | undefined),
      },
      tls: ca === undefined ? { rejectUnauthorized: false } : { ca },
    });
  await waitFor('the server is ready', async () => (await (await request('/readyz')).text()) === 'ok', 60_000);
  const startMs = performance.now() - startedAt;
  const kubeconfig = await waitFor('the kubeconfig is there', async () => {
    const text = await Bun.file(join(directory, 'kubeconfig')).text();
    return text === '' ? undefined : text;
  });
  const token = /token: (.*)/.exec(kubeconfig)?.[1] ?? '';
  const ca = Buffer.from(/certificate-authority-data: (.*)/.exec(kubeconfig)?.[1] ?? '', 'base64').toString();
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    await child.exited;
  };
  return {
    pid: child.pid,
    url,
    access: { url, ca, token },
    directory,
    startMs,
    async call(method, path, body, contentType = 'application/json') {
      const response = await request(
        path,
        {
          method,
          headers: { 'content-type': contentType },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        },
        token,
        ca,
      );
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
      return text;
    },
    async restart() {
      await end();
      return startBenchServer({ ...options, directory });
    },
    async stop() {
      await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
