import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file of a volume. `mode` is its permission bits. */
export interface PayloadFile {
  readonly data: Uint8Array;
  readonly mode: number;
}

/** The files of a volume by their path inside it, e.g. `deep/er`. */
export type Payload = ReadonlyMap<string, PayloadFile>;

const DATA = '..data';

/**
 * Makes `directory` show exactly `payload`, all of it or the old content, never a mix (kubelet: AtomicWriter): the files lie in a directory
 * of their own, `..data` points to it and is replaced by one rename; what the container sees are links into `..data`.
 * Does nothing when the content is right already. `fsGroup` gets to read the files.
 */
export async function writePayload(directory: string, payload: Payload, fsGroup: number | undefined): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, fsGroup === undefined ? 0o777 : 0o2777);
  if (fsGroup !== undefined) await chown(directory, 0, fsGroup);
  const previous = await readlink(join(directory, DATA)).catch(() => undefined);
  if (previous !== undefined && (await holds(join(directory, previous), payload, fsGroup))) return;

  const next = `..${new Date().toISOString().replace(/[:.]/g, '_')}.${crypto.randomUUID().slice(0, 8)}`;
  await writeFiles(join(directory, next), payload, fsGroup);
  const temporary = join(directory, '..data_tmp');
  await rm(temporary, { force: true });
  await symlink(next, temporary);
  await rename(temporary, join(directory, DATA));

  const visible = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? ''));
  const present = await readdir(directory);
  for (const name of visible) if (!present.includes(name)) await symlink(join(DATA, name), join(directory, name));
  for (const name of present)
    if (!name.startsWith('..') && !visible.has(name)) await rm(join(directory, name), { force: true });
  for (const name of present)
    if (name.startsWith('..') && name !== DATA && name !== next)
      await rm(join(directory, name), { recursive: true, force: true });
}

async function writeFiles(directory: string, payload: Payload, fsGroup: number | undefined): Promise<void> {
  await makeDirectory(directory, fsGroup);
  for (const [path, file] of payload) {
    const target = join(directory, path);
    for (let depth = 1; depth < path.split('/').length; depth += 1)
      await makeDirectory(join(directory, ...path.split('/').slice(0, depth)), fsGroup);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file.data);
    if (fsGroup !== undefined) await chown(target, 0, fsGroup);
    // chmod and not the mode of open: the umask must not count.
    await chmod(target, modeOf(file, fsGroup));
  }
}

async function makeDirectory(path: string, fsGroup: number | undefined): Promise<void> {
  await mkdir(path, { recursive: true });
  if (fsGroup !== undefined) await chown(path, 0, fsGroup);
  await chmod(path, fsGroup === undefined ? 0o755 : 0o2755);
}

const modeOf = (file: PayloadFile, fsGroup: number | undefined): number =>
  fsGroup === undefined ? file.mode : file.mode | 0o440;

async function holds(directory: string, payload: Payload, fsGroup: number | undefined): Promise<boolean> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const present = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  if (present.length !== payload.size) return false;
  for (const [path, file] of payload) {
    const target = join(directory, path);
    if (!present.includes(target)) return false;
    const { mode } = await stat(target);
    if ((mode & 0o777) !== modeOf(file, fsGroup)) return false;
    if (Buffer.compare(await readFile(target), file.data) !== 0) return false;
  }
  return true;
}
