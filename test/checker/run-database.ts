import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { type Database, type DatabaseAddress, connect } from '#db/connect.ts';
import { type EmbeddedPostgres, runningEmbedded, startEmbedded, stopEmbedded } from '#db/embedded.ts';
import { eventually } from '#test/support/eventually.ts';
import { type LogEntry, keyOf } from './history.ts';
import { contentOf, digestOf } from './object-content.ts';

const DATABASE = 'checker';

/**
 * The checker's own view of the database. Rows of `changes` are copied as they are written, in the same transaction, so that compaction takes
 * nothing from it. A pace above 0 ms makes every commit wait up to so long between its numbers and its end.
 */
const SETUP = `
CREATE SCHEMA checker;
CREATE TABLE checker.log (revision bigint, resource text, namespace text, name text, previous_revision bigint, value text, made_by text);
CREATE TABLE checker.pace (most_ms int NOT NULL);
INSERT INTO checker.pace VALUES (0);
CREATE FUNCTION checker.copy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO checker.log VALUES (NEW.revision, NEW.resource, NEW.namespace, NEW.name, NEW.previous_revision, NEW.value, NEW.user_agent);
  RETURN NULL;
END $$;
CREATE FUNCTION checker.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_sleep(random() * most_ms / 1000) FROM checker.pace WHERE most_ms > 0;
  RETURN NULL;
END $$;
LOCK TABLE changes IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO checker.log SELECT revision, resource, namespace, name, previous_revision, value, user_agent FROM changes;
CREATE TRIGGER checker_copy AFTER INSERT ON changes FOR EACH ROW EXECUTE FUNCTION checker.copy();
CREATE TRIGGER checker_wait AFTER INSERT ON changes FOR EACH STATEMENT EXECUTE FUNCTION checker.wait();`;

/** The Postgres of a run: real, its files in the directory of the run, started again when it was killed. */
export class RunDatabase {
  readonly #postgres: Pick<EmbeddedPostgres, 'pid' | 'stop'>;
  readonly #admin: Database;
  readonly #sockets: string;

  private constructor(postgres: Pick<EmbeddedPostgres, 'pid' | 'stop'>, admin: Database, sockets: string) {
    this.#postgres = postgres;
    this.#admin = admin;
    this.#sockets = sockets;
  }

  /** One for servers with `--database-url`. `prepare` is SQL to run before any of them starts. Stop it in the end. */
  static async start(directory: string, prepare?: string): Promise<RunDatabase> {
    const log = pino({ level: 'silent' });
    // What a killed Postgres has written is with the kernel: only a machine that loses power needs fsync.
    const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '100' };
    const postgres = await startEmbedded({ dataDirectory: directory, log, settings });
    if (!('socketDirectory' in postgres.address)) throw new Error('Cannot use a Postgres that has no Unix socket');
    killAtEnd(pidFileOf(directory));
    const first = await connect(postgres.address);
    await first.pool.unsafe(`CREATE DATABASE ${DATABASE}`);
    await first.close();
    const admin = await connect({ ...postgres.address, database: DATABASE } as DatabaseAddress);
    if (prepare !== undefined) await admin.pool.unsafe(prepare);
    return new RunDatabase(postgres, admin, postgres.address.socketDirectory);
  }

  /** That of a server that has started its own: the server starts it again when it dies. */
  static async ofServer(dataDir: string): Promise<RunDatabase> {
    const address = await runningEmbedded(dataDir);
    if (address === undefined || !('socketDirectory' in address))
      throw new Error(`Cannot find the Postgres of the server in ${dataDir}`);
    const pidFile = pidFileOf(dataDir);
    killAtEnd(pidFile);
    const postgres = {
      get pid(): number {
        return Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
      },
      stop: () => stopEmbedded(dataDir),
    };
    return new RunDatabase(postgres, await connect(address), address.socketDirectory);
  }

  get name(): string {
    return DATABASE;
  }

  get socketPath(): string {
    return `${this.#sockets}/.s.PGSQL.5432`;
  }

  get postmasterPid(): number {
    return this.#postgres.pid;
  }

  /** Begins to copy the log; after the first server has made the tables. */
  async observe(): Promise<void> {
    await this.#admin.pool.unsafe(SETUP);
  }

  /** A statement, again when Postgres is just being restarted. */
  query<T extends object>(sql: string): Promise<readonly T[]> {
    return eventually(async () => [...(await this.#admin.pool.unsafe<T[]>(sql))], 30_000);
  }

  async setPace(mostMs: number): Promise<void> {
    await this.query(`UPDATE checker.pace SET most_ms = ${Math.round(mostMs)}`);
  }

  /** The whole log so far. */
  async readLog(): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (let after = -1; ;) {
      const rows = await this.query<LogRow>(
        `SELECT revision, resource, namespace, name, previous_revision AS previous, value, made_by AS maker FROM checker.log
         WHERE revision > ${after} ORDER BY revision LIMIT 2000`,
      );
      entries.push(...rows.map(entryOf));
      if (rows.length < 2000) return entries;
      after = rows.at(-1)?.revision ?? after;
    }
  }

  /** The current state as Postgres has it: key → revision. */
  async readObjects(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.query<{ resource: string; namespace: string; name: string; revision: number }>(
      'SELECT resource, namespace, name, revision FROM objects',
    );
    return new Map(rows.map(({ resource, namespace, name, revision }) => [keyOf(resource, namespace, name), revision]));
  }

  async stop(): Promise<void> {
    await this.#admin.close();
    await this.#postgres.stop();
  }
}

interface LogRow {
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly previous: number;
  readonly value: string | null;
  readonly maker: string | null;
}

function entryOf({ revision, resource, namespace, name, previous, value, maker }: LogRow): LogEntry {
  const object = value === null ? undefined : (JSON.parse(value) as Parameters<typeof contentOf>[0]);
  return {
    revision,
    resource,
    namespace,
    key: keyOf(resource, namespace, name),
    previousRevision: previous,
    content: object === undefined ? '' : contentOf(object),
    tier: object?.metadata.labels?.['tier'],
    digest: object === undefined ? '' : digestOf(object),
    madeBy: maker ?? '',
  };
}

const pidFileOf = (dataDirectory: string): string => join(dataDirectory, 'postgres/data/postmaster.pid');

/** A shell that outlives us however we end, and then kills a Postgres that is still there. */
function killAtEnd(pidFile: string): void {
  const script = 'cat >/dev/null; read -r pid < "$1" && grep -qs postgres "/proc/$pid/comm" && kill -QUIT "$pid"';
  const child = spawn('sh', ['-c', script, 'sh', pidFile], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  const stdin: unknown = child.stdin;
  if (typeof stdin === 'object' && stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function')
    stdin.unref();
}
