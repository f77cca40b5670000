import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { DatabaseAddress } from '#db/connect.ts';
import { eventually } from './eventually.ts';
import { ROOT } from './import-law.ts';

/** A server in a process of its own, on loopback, over a database that others may share. */
export interface ServerProcess {
  readonly pid: number;
  readonly dataDir: string;
  readonly url: string;
  readonly adminToken: string;
  /** A request as the admin, over TLS. A body that is no string goes as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Sends a signal; resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops it, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** What it has said and logged. */
  log(): Promise<string>;
}

/** As `--database-url` takes it. */
export const databaseUrl = (address: DatabaseAddress): string =>
  'url' in address
    ? address.url
    : `postgres://${address.user}@localhost/${address.database}?host=${address.socketDirectory}`;

/** Starts a server from the sources, with the embedded Postgres when there is no address, and waits until it is ready. Kill it in `afterEach`. */
export async function startServerProcess(
  dataDir: string,
  address: DatabaseAddress | undefined,
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  await mkdir(dataDir, { recursive: true });
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const logFile = join(dataDir, 'test.log');
  const child = Bun.spawn(
    [
      process.execPath,
      join(ROOT, 'cli/main.ts'),
      'server',
      '--data-dir',
      dataDir,
      '--listen',
      `127.0.0.1:${port}`,
      ...(address === undefined ? [] : ['--database-url', databaseUrl(address)]),
      ...flags,
    ],
    { stdout: Bun.file(logFile), stderr: Bun.file(logFile), stdin: 'ignore', cwd: ROOT },
  );
  const log = () => readFile(logFile, 'utf8');
  const request = async (method: string, path: string, body?: unknown, headers = {}): Promise<Response> => {
    const [token, ca] = await Promise.all(
      ['admin.token', 'ca.crt'].map((name) => readFile(join(dataDir, 'identity', name), 'utf8')),
    );
    return fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token?.trim() ?? ''}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      tls: { ca: ca ?? '' },
    });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) return;
      if ((await (await request('GET', '/readyz')).text()) !== 'ok') throw new Error('Not ready yet');
    }, 20_000);
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}: ${await log()}`);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    pid: child.pid,
    dataDir,
    url,
    adminToken: (await readFile(join(dataDir, 'identity', 'admin.token'), 'utf8')).trim(),
    call: request,
    log,
    signal: (signal) => child.kill(signal),
    async kill(signal) {
      child.kill(signal);
      await child.exited;
    },
  };
}

/** A TCP port of loopback that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
