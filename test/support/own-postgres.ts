import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, type DatabaseAddress, connect } from '#db/connect.ts';
import { type EmbeddedPostgres, startEmbedded } from '#db/embedded.ts';
import { silentLog } from './database.ts';

/** A Postgres that one test may stop, fill and lock. */
export interface OwnPostgres {
  /** Postgres' own files. */
  readonly data: string;
  /** As its superuser. */
  readonly address: DatabaseAddress;
  /** Runs one statement as its superuser, over a connection for it alone. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
  /** The database of the role `skep`, which owns it and has no other rights; it asks for `password`. */
  roleUrl(password?: string): string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/** The password of the role `skep`. */
const PASSWORD = 'right';

/** Starts one. `directory` (default: a new one) is its data directory; `settings` are beside fsync off. */
export async function startOwnPostgres({
  settings = {},
  directory,
}: { readonly settings?: Readonly<Record<string, string>>; readonly directory?: string } = {}): Promise<OwnPostgres> {
  const dataDirectory = directory ?? (await mkdtemp(join(tmpdir(), 'skep-own-postgres-')));
  await chmod(dataDirectory, 0o711);
  let running: EmbeddedPostgres | undefined;
  const start = async (): Promise<EmbeddedPostgres> => {
    running = await startEmbedded({ dataDirectory, log: silentLog, settings: { fsync: 'off', ...settings } });
    return running;
  };
  const { address } = await start();
  if ('url' in address) throw new Error('Want a socket');
  const data = join(dataDirectory, 'postgres', 'data');
  const hba = join(data, 'pg_hba.conf');
  await writeFile(hba, `local all skep scram-sha-256\n${await readFile(hba, 'utf8')}`);
  const sql = async (text: string): Promise<readonly Record<string, unknown>[]> => {
    const one: Database = await connect(address);
    try {
      return [...(await one.pool.unsafe(text))] as Record<string, unknown>[];
    } finally {
      await one.close();
    }
  };
  await sql(`CREATE ROLE skep LOGIN PASSWORD '${PASSWORD}'`);
  await sql('CREATE DATABASE skep OWNER skep');
  await sql('SELECT pg_reload_conf()');
  const stop = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  return {
    data,
    address,
    sql,
    roleUrl: (password = PASSWORD) => `postgres://skep:${password}@localhost/skep?host=${address.socketDirectory}`,
    start: async () => void (await start()),
    stop,
    async remove() {
      await stop();
      if (directory === undefined) await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
