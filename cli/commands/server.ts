import { join } from 'node:path';
import type { Command } from 'commander';
import { createLogger } from '#base/logger.ts';
import { SERVER_OPTIONS, type ServerConfig } from '#server/config.ts';
import type { Hub } from '#server/hub.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { runInForeground } from '../foreground.ts';
import { unpackPostgres } from '../postgres-archive.ts';

/** `skep server`: the API, controllers and scheduler, without an agent. */
export function serverCommand(program: Command, host: Process): void {
  const command = addOptions(
    program.command('server').description('run a server: the API, controllers and scheduler, without an agent'),
    SERVER_OPTIONS,
  );
  command.action(async () => {
    const config = await readOptions(command, SERVER_OPTIONS, host);
    await runInForeground([() => startServer(config, host)], join(config.dataDir, 'server.pid'));
  });
}

/** Starts a hub for a command, with the Postgres that the binary carries. */
export async function startServer(config: ServerConfig, host: Process): Promise<Hub> {
  // Here and in the other commands: no process loads what another command needs.
  const { startHub } = await import('#server/hub.ts');
  const embedded = config.databaseUrl === undefined ? host.postgresArchive : undefined;
  return startHub({
    config,
    log: createLogger({ name: 'server', level: config.logLevel }),
    say: host.say,
    postgresFiles: embedded === undefined ? undefined : await unpackPostgres(embedded, config.dataDir),
  });
}
