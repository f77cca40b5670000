import { copyFile, mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { createLogger } from '#base/logger.ts';
import type { OptionTable } from '#base/options.ts';
import { COMMON_OPTIONS } from '#server/config.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { runsAgent } from '../foreground.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir } satisfies OptionTable;

/** `skep image import`: brings an image archive onto this node, without a registry. */
export function imageCommand(program: Command, host: Process): void {
  const image = program.command('image').description("this node's images");
  const command = addOptions(
    image
      .command('import')
      .argument('<file>', 'an archive as docker save or an OCI tool writes it')
      .description("load an image archive; when no agent runs it is kept in DIR/images for the agent's next start"),
    OPTIONS,
  );
  command.action(async (file: string) => {
    const { dataDir } = await readOptions(command, OPTIONS, host);
    const { size } = await stat(file).catch((error: unknown) => {
      throw new Error(`Cannot read ${file}`, { cause: error });
    });
    if (!(await runsAgent(dataDir))) {
      const kept = join(dataDir, 'images', basename(file));
      await mkdir(join(dataDir, 'images'), { recursive: true });
      await copyFile(file, kept);
      host.say(`no agent runs with ${dataDir}: kept ${kept} for its next start`);
      return;
    }
    host.say(`importing ${file} (${(size / 1e6).toFixed(1)} MB)`);
    const { importImage } = await import('#agent/agent.ts');
    const log = createLogger({ name: 'image', level: 'warn' });
    for (const reference of await importImage(dataDir, file, log)) host.print(reference);
  });
}
