import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseProxy } from './database-proxy.ts';
import { RunDatabase } from './run-database.ts';
import { RunServer, type ServerProgram } from './run-server.ts';

/** What servers a run has. */
export interface RunClusterOptions {
  readonly directory: string;
  readonly servers: number;
  /** The one server starts the embedded Postgres; else all have a Postgres beside them, each by way of a proxy. */
  readonly embedded: boolean;
  readonly program: ServerProgram;
  readonly flags: readonly string[];
  /** SQL to run before the first server starts; not with `embedded`. */
  readonly prepare?: string;
}

/** The servers of a run and their Postgres. */
export class RunCluster {
  readonly servers: RunServer[] = [];
  #database: RunDatabase | undefined;

  get database(): RunDatabase {
    if (this.#database === undefined) throw new Error('Cannot use the database before the start');
    return this.#database;
  }

  /** Stop it in the end, also when this rejects. */
  async start({ directory, servers, embedded, program, flags, prepare }: RunClusterOptions): Promise<void> {
    if (!embedded) this.#database = await RunDatabase.start(directory, prepare);
    for (let index = 0; index < servers; index++) {
      const database = embedded
        ? undefined
        : { proxy: await DatabaseProxy.start(this.database.socketPath), name: this.database.name };
      const keyFile = join(directory, 'server0/identity/encryption.key');
      const server = new RunServer({ index, directory, program, flags, database, keyFile, port: await freePort() });
      this.servers.push(server);
      await server.start();
      if (index > 0) continue;
      this.#database ??= await RunDatabase.ofServer(server.dataDir);
      await this.#database.observe();
    }
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      await server.signal('SIGCONT');
      await server.signal('SIGKILL');
    }
    for (const { proxy } of this.servers) await proxy?.stop();
    await this.#database?.stop();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
