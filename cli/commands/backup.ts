import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { OptionTable } from '#base/options.ts';
import type { BackupFile } from '#db/backup.ts';
import { COMMON_OPTIONS, SERVER_OPTIONS } from '#server/config.ts';
import { addOptions, type Process, readOptions } from '../command.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir, databaseUrl: SERVER_OPTIONS.databaseUrl } satisfies OptionTable;

/** Each server makes its own from the CA. */
const NOT_SAVED = new Set(['server.crt', 'server.key']);

/** `skep backup`: the whole cluster's state in one file. */
export function backupCommand(program: Command, host: Process): void {
  const command = addOptions(
    program
      .command('backup')
      .description(
        "write the cluster's objects, CA, keys and tokens to a file; the server may go on running. The file holds secrets: it is made with mode 0600, keep it so",
      )
      .argument('<file>', 'where to write it; a file of that name is replaced when the backup is whole'),
    OPTIONS,
  );
  command.action(async (path: string) => {
    const { dataDir, databaseUrl } = await readOptions(command, OPTIONS, host);
    const [{ dump }, { createBackup }, { withDatabase }] = await Promise.all([
      import('#db/backup.ts'),
      import('#db/backup-file.ts'),
      import('../open-database.ts'),
    ]);
    const files = await identityFiles(join(dataDir, 'identity'));
    await withDatabase({ dataDir, databaseUrl }, host, async (database) => {
      const writer = await createBackup(path);
      try {
        const onProgress = progress('backup', 'written', host);
        const revision = await dump(database.pool, { writer, files, onProgress });
        const counts = await writer.finish();
        const { size } = await stat(path);
        host.say(
          `backup: ${counts['objects'] ?? 0} objects at revision ${revision}, ${size} bytes in ${path}; it holds secrets`,
        );
      } catch (error) {
        await writer.abandon();
        throw error;
      }
    });
  });
}

/** A line every few seconds for what takes long. */
export function progress(what: string, done: string, host: Process): (rows: number) => void {
  let last = performance.now();
  return (rows) => {
    if (performance.now() - last < 2_000) return;
    last = performance.now();
    host.say(`${what}: ${rows} rows ${done}`);
  };
}

async function identityFiles(directory: string): Promise<BackupFile[]> {
  if (!existsSync(join(directory, 'ca.key')))
    throw new Error(
      `Cannot back up: there is no CA in ${directory}; run this on a host with a server, with its --data-dir`,
    );
  const files: BackupFile[] = [];
  for (const entry of (await readdir(directory, { withFileTypes: true })).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (!entry.isFile() || NOT_SAVED.has(entry.name) || entry.name.endsWith('.new')) continue;
    const path = join(directory, entry.name);
    const content = (await readFile(path)).toString('base64');
    files.push({ file: entry.name, mode: (await stat(path)).mode & 0o777, content });
  }
  return files;
}
