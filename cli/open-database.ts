import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '#base/logger.ts';
import { type Database, connect } from '#db/connect.ts';
import { runningEmbedded, startEmbedded } from '#db/embedded.ts';
import type { Process } from './command.ts';
import { unpackPostgres } from './postgres-archive.ts';

/** Which database a command is about. */
export interface DatabaseChoice {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  /** Make the embedded database when there is none. */
  readonly create?: boolean;
}

/**
 * Lets `task` use the database of a server, whether that server runs or not: the one of the URL, else the embedded one, which is started for
 * the task and stopped after it when it does not run. One that runs is left running.
 */
export async function withDatabase<T>(
  { dataDir, databaseUrl, create = false }: DatabaseChoice,
  host: Process,
  task: (database: Database) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== undefined) return using(await connect({ url: databaseUrl }), task);
  if (!create && !existsSync(join(dataDir, 'postgres', 'data', 'PG_VERSION')))
    throw new Error(`There is no embedded database in ${dataDir}: give --data-dir, or --database-url for one of yours`);
  const running = await runningEmbedded(dataDir);
  if (running !== undefined) return using(await connect(running), task);
  host.say('database: starting the embedded Postgres');
  const filesDirectory =
    host.postgresArchive === undefined ? undefined : await unpackPostgres(host.postgresArchive, dataDir);
  const postgres = await startEmbedded({
    dataDirectory: dataDir,
    log: createLogger({ name: 'database', level: 'error' }),
    ...(filesDirectory === undefined ? {} : { filesDirectory }),
  });
  try {
    return await using(await connect(postgres.address), task);
  } finally {
    await postgres.stop();
  }
}

async function using<T>(database: Database, task: (database: Database) => Promise<T>): Promise<T> {
  try {
    return await task(database);
  } finally {
    await database.close();
  }
}
