import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createLogger } from '#base/logger.ts';
import { type OptionTable, UsageError } from '#base/options.ts';
import { stopEmbedded } from '#db/embedded.ts';
import { COMMON_OPTIONS } from '#server/config.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { stopProcess } from '../foreground.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir } satisfies OptionTable;

/** `skep reset`: removes from this host what Skep made with one data directory, and the directory. */
export function resetCommand(program: Command, host: Process): void {
  const command = addOptions(
    program
      .command('reset')
      .description('remove containers, network, mounts and data of this host, and nothing that Skep did not make')
      .option('--yes', 'do it; without it nothing is removed'),
    OPTIONS,
  );
  command.action(async () => {
    const { dataDir } = await readOptions(command, OPTIONS, host);
    if (command.opts<{ yes?: boolean }>().yes !== true) {
      throw new UsageError(`This removes every container and all data of ${dataDir}: say --yes to do it`);
    }
    if (!existsSync(dataDir)) {
      host.say(`reset: there is no ${dataDir}, nothing to do`);
      return;
    }
    const log = createLogger({ name: 'reset', level: 'warn' });
    host.say('reset: stopping server and agent');
    await stopProcess(join(dataDir, 'agent.pid'));
    await stopProcess(join(dataDir, 'server.pid'));
    if (existsSync(join(dataDir, 'containerd'))) {
      host.say('reset: removing containers, mounts and network');
      const { resetAgent } = await import('#agent/agent.ts');
      await resetAgent(dataDir, log);
    }
    await stopEmbedded(dataDir);
    host.say(`reset: removing ${dataDir}`);
    await rm(dataDir, { recursive: true, force: true });
  });
}
