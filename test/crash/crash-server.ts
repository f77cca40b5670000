import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connectClient } from '#db/connect.ts';
import { stopEmbedded } from '#db/embedded.ts';
import { isRunning, runningPostmaster } from '#db/postmaster.ts';
import type { ServerProgram } from '#test/checker/run-server.ts';
import { eventually } from '#test/support/eventually.ts';
import { ROOT } from '#test/support/import-law.ts';
import type { LogRow, StoredRow } from './ledger.ts';

const READY_MS = 60_000;
const REQUEST_MS = 20_000;
/** Where the writes of a run go. */
export const NAMESPACE = 'default';

/** A `skep server` with its embedded Postgres, either of which can be killed and comes back. */
export class CrashServer {
  readonly #directory: string;
  readonly #program: ServerProgram;
  readonly #port: number;
  #child: Bun.Subprocess | undefined;
  #headers: Readonly<Record<string, string>> = {};
  #ca = '';

  constructor(directory: string, program: ServerProgram, port: number) {
    this.#directory = directory;
    this.#program = program;
    this.#port = port;
  }

  get logFile(): string {
    return join(this.#directory, 'server.log');
  }

  get #dataDir(): string {
    return join(this.#directory, 'data');
  }

  /** Starts the process; it adopts the Postgres that runs, or starts one. Resolves when it is ready. */
  async start(): Promise<void> {
    await mkdir(this.#dataDir, { recursive: true });
    const program = this.#program;
    const command =
      'binary' in program
        ? [program.binary]
        : [process.execPath, ...program.preload.flatMap((file) => ['--preload', file]), join(ROOT, 'cli/main.ts')];
    const flags = ['--data-dir', this.#dataDir, '--listen', `127.0.0.1:${this.#port}`, '--log-level', 'info'];
    const log = Bun.file(this.logFile);
    const child = Bun.spawn([...command, 'server', ...flags], { cwd: ROOT, stdin: 'ignore', stdout: log, stderr: log });
    this.#child = child;
    await eventually(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const identity = join(this.#dataDir, 'identity');
      const [token = '', ca = ''] = await Promise.all(
        ['admin.token', 'ca.crt'].map((name) => readFile(join(identity, name), 'utf8')),
      );
      this.#headers = { authorization: `Bearer ${token.trim()}` };
      this.#ca = ca;
      const answer = await this.fetch('/readyz');
      if ((await answer.text()) !== 'ok') throw new Error('Not ready yet');
    }, READY_MS);
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The server has ended at its start: ${(await log.text()).slice(-2_000)}`);
  }

  /** A request as the admin. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`https://127.0.0.1:${this.#port}${path}`, {
      ...init,
      // On a connection that was used before, fetch sends a write again by itself when that ends without an answer.
      keepalive: false,
      signal: AbortSignal.timeout(REQUEST_MS),
      headers: { ...this.#headers, ...(init.headers as Record<string, string> | undefined) },
      tls: { ca: this.#ca },
    });
  }

  /** Resolves when a write is stored: Postgres is there, and the server has found it. */
  async serves(): Promise<void> {
    await eventually(async () => {
      const body = { kind: 'Namespace', apiVersion: 'v1', metadata: { generateName: 'probe-' } };
      const answer = await this.fetch('/api/v1/namespaces?dryRun=All', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (answer.status !== 201) throw new Error(`Not stored: ${answer.status} ${await answer.text()}`);
      if ((await (await this.fetch('/readyz')).text()) !== 'ok') throw new Error('Not ready');
    }, READY_MS);
  }

  /** kill -9 of the server; its Postgres goes on, as a process of its own. */
  async killServer(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
  }

  /** kill -9 of the postmaster and of each process that it has made, in one moment. */
  async killPostgres(): Promise<void> {
    const pid = runningPostmaster(join(this.#dataDir, 'postgres', 'data'))?.pid;
    if (pid === undefined) return;
    // First it is stopped, or it would see its children die and act on it. Each backend leads a process group of its own.
    process.kill(pid, 'SIGSTOP');
    const all = [pid, ...(await childrenOf(pid))];
    for (const one of all) kill(one);
    await eventually(() => {
      if (all.some(isRunning)) throw new Error('Still there');
    });
  }

  /** What Postgres has, past the API: the log above `after`, and all objects. */
  async read(after: number): Promise<{ readonly rows: LogRow[]; readonly objects: StoredRow[] }> {
    const socketDirectory = runningPostmaster(join(this.#dataDir, 'postgres', 'data'))?.socketDirectory ?? '';
    const sql = connectClient(
      { socketDirectory, user: 'postgres', database: 'postgres' },
      { name: 'crash check', max: 1 },
    );
    try {
      return await sql.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', async (transaction) => {
        const rows = await transaction<(Omit<LogRow, 'content'> & { content: string | null })[]>`
          SELECT revision, name, previous_revision AS previous, value::json #>> '{data,content}' AS content, user_agent AS id
          FROM changes WHERE revision > ${after} AND resource = 'configmaps' AND namespace = ${NAMESPACE} AND name LIKE 'crash-%'
          ORDER BY revision`;
        const objects = await transaction<StoredRow[]>`
          SELECT name, revision, value::json #>> '{data,content}' AS content FROM objects
          WHERE resource = 'configmaps' AND namespace = ${NAMESPACE} AND name LIKE 'crash-%'`;
        return { rows: rows.map((row) => ({ ...row, content: row.content ?? undefined })), objects: [...objects] };
      });
    } finally {
      await sql.end({ timeout: 1 });
    }
  }

  /** Kills both, for good. */
  async stop(): Promise<void> {
    await this.killServer();
    await stopEmbedded(this.#dataDir);
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const status = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    if (Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === parent) children.push(Number(entry));
  }
  return children;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}
