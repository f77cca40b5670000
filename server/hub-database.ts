import { join } from 'node:path';
import type { Logger } from '#base/logger.ts';
import { type Database, connect, poolerOf } from '#db/connect.ts';
import { startEmbedded } from '#db/embedded.ts';
import { IdentityTable } from '#db/identity.ts';
import { migrate } from '#db/migrate.ts';
import { PooledSession } from '#db/pooled-session.ts';
import { ServerSession } from '#db/server-session.ts';
import { SoleServer } from '#db/sole-server.ts';
import type { ServerConfig } from './config.ts';
import { shareIdentity } from './identity/shared-identity.ts';
import type { LeaderElection } from './reconcile/leader.ts';
import { soleLeader } from './reconcile/leader.ts';
import type { Membership } from './store/freshness.ts';

/** What a hub's database is opened with. */
export interface HubDatabaseOptions {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly say: (line: string) => void;
  /** A directory with Postgres' files for the embedded one. */
  readonly postgresFiles?: string | undefined;
}

/** The database of a hub, and where the hub stands among the servers that share it. */
export interface HubDatabase {
  readonly database: Database;
  readonly membership: Membership;
  readonly leader: LeaderElection;
  /** This server among the others; undefined with the embedded database, which nobody else can reach. */
  readonly session: ServerSession | PooledSession | undefined;
}

/**
 * Starts the embedded Postgres or connects to the one given, joins the other servers there, brings the schema up to date and makes the identity
 * directory that of the cluster. What ends each part is added to `started`.
 *
 * @throws DatabaseError or Error that says what to do.
 */
export async function openHubDatabase(
  { config, log, say, postgresFiles }: HubDatabaseOptions,
  started: (() => Promise<void>)[],
): Promise<HubDatabase> {
  const startedAt = performance.now();
  const took = (): string => `${((performance.now() - startedAt) / 1000).toFixed(2)} s`;
  const address =
    config.databaseUrl === undefined
      ? await startOwnPostgres({ config, log, say, postgresFiles }, started)
      : { url: config.databaseUrl };
  const database = await connect(address);
  started.push(() => database.close());
  say(`database: Postgres ${Math.floor(database.version / 10_000)} answers, after ${took()}`);
  const session = config.databaseUrl === undefined ? undefined : await joinServers(database, log, started);
  const membership = session ?? (await openAlone(database));
  await shareIdentity({
    table: new IdentityTable(database.pool),
    directory: join(config.dataDir, 'identity'),
    keyFile: config.encryptionKeyFile,
  });
  return { database, membership, leader: session ?? soleLeader, session };
}

async function openAlone({ pool }: Database): Promise<SoleServer> {
  await migrate(pool);
  return SoleServer.open(pool);
}

async function startOwnPostgres(
  { config, log, say, postgresFiles }: HubDatabaseOptions,
  started: (() => Promise<void>)[],
): Promise<Database['address']> {
  say('database: starting the embedded Postgres');
  const postgres = await startEmbedded({
    dataDirectory: config.dataDir,
    log: log.child({ part: 'postgres' }),
    ...(postgresFiles === undefined ? {} : { filesDirectory: postgresFiles }),
    ...(config.fsync ? {} : { settings: { fsync: 'off' } }),
  });
  started.push(() => postgres.stop());
  return postgres.address;
}

async function joinServers(
  database: Database,
  log: Logger,
  started: (() => Promise<void>)[],
): Promise<ServerSession | PooledSession> {
  const { address, pool } = database;
  const common = { log: log.child({ part: 'servers' }), prepare: () => migrate(pool) };
  const session =
    poolerOf(address) === 'transaction'
      ? new PooledSession({ database, ...common })
      : new ServerSession({ address, ...common });
  started.push(() => session.stop());
  void session.run();
  await session.joined();
  return session;
}
