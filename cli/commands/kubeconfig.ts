import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { OptionTable } from '#base/options.ts';
import { COMMON_OPTIONS } from '#server/config.ts';
import { addOptions, type Process, readOptions } from '../command.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir } satisfies OptionTable;

/** `skep kubeconfig`: prints the admin kubeconfig. */
export function kubeconfigCommand(program: Command, host: Process): void {
  const command = addOptions(program.command('kubeconfig').description('print the admin kubeconfig'), OPTIONS);
  command.action(async () => {
    const { dataDir } = await readOptions(command, OPTIONS, host);
    const path = join(dataDir, 'kubeconfig');
    try {
      host.print((await readFile(path, 'utf8')).trimEnd());
    } catch (error) {
      throw new Error(`Cannot read ${path}: start a server with this data directory first`, { cause: error });
    }
  });
}
