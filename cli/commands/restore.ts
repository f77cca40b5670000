import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { OptionTable } from '#base/options.ts';
import type { BackupFile } from '#db/backup.ts';
import { COMMON_OPTIONS, SERVER_OPTIONS } from '#server/config.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { runningProcess } from '../foreground.ts';
import { progress } from './backup.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir, databaseUrl: SERVER_OPTIONS.databaseUrl } satisfies OptionTable;

/** `skep restore`: makes a cluster what a backup says. */
export function restoreCommand(program: Command, host: Process): void {
  const command = addOptions(
    program
      .command('restore')
      .description(
        "put a backup's objects, CA, keys and tokens into a data directory and a database, the embedded one or that of --database-url; every server must be stopped",
      )
      .argument('<file>', 'what skep backup wrote; it is checked before anything is changed')
      .option('--force', 'replace the cluster that is there'),
    OPTIONS,
  );
  command.action(async (path: string) => {
    const { dataDir, databaseUrl } = await readOptions(command, OPTIONS, host);
    const force = command.opts<{ force?: boolean }>().force === true;
    const server = await runningProcess(join(dataDir, 'server.pid'));
    if (server !== undefined)
      throw new Error(
        `Cannot restore: server ${server} runs with ${dataDir}; stop it first, for it would go on with what it has in memory`,
      );
    const [{ readHeader }, { load, verifyBackup }, { withDatabase }] = await Promise.all([
      import('#db/backup-file.ts'),
      import('#db/restore.ts'),
      import('../open-database.ts'),
    ]);
    host.say(`restore: checking ${path}`);
    const backup = await verifyBackup(path, await readHeader(path));
    const identity = join(dataDir, 'identity');
    if (!force && (await isOfAnother(identity, backup.files)))
      throw new Error(`Cannot restore: ${identity} has the CA of another cluster; --force replaces it`);
    await mkdir(dataDir, { recursive: true, mode: 0o755 });
    // Beside the place, until the database has it all.
    const staged = join(dataDir, 'identity.restored');
    await rm(staged, { recursive: true, force: true });
    await mkdir(staged, { mode: 0o700 });
    try {
      for (const one of backup.files) await writeIdentity(path, staged, one);
      const revision = await withDatabase({ dataDir, databaseUrl, create: true }, host, (database) =>
        load(database.pool, backup, {
          force,
          onProgress: progress('restore', 'read', host),
        }),
      );
      await rm(identity, { recursive: true, force: true });
      await rename(staged, identity);
      // It may be of another CA; a server writes it when it starts.
      await rm(join(dataDir, 'kubeconfig'), { force: true });
      const { header, counts } = backup;
      host.say(
        `restore: ${counts['objects'] ?? 0} objects of ${header.createdAt}; the next revision is ${revision + 1}. Start the server now`,
      );
    } finally {
      await rm(staged, { recursive: true, force: true });
    }
  });
}

/** Does the directory hold a CA that is not the backup's. */
async function isOfAnother(identity: string, files: readonly BackupFile[]): Promise<boolean> {
  const there = await readFile(join(identity, 'ca.crt')).catch(() => undefined);
  return there !== undefined && files.find(({ file }) => file === 'ca.crt')?.content !== there.toString('base64');
}

async function writeIdentity(path: string, directory: string, { file, mode, content }: BackupFile): Promise<void> {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(file))
    throw new Error(`Cannot use ${path}: it has a file of the name ${JSON.stringify(file)}`);
  const target = join(directory, file);
  await writeFile(target, Buffer.from(content, 'base64'), { mode: 0o600 });
  await chmod(target, mode & 0o644);
}
