import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCa } from './authority.ts';
import { newSealingKey, parseSealingKey, seal, unseal } from './sealed.ts';
import { loadTokenKeys } from './tokens.ts';

/** Where the servers of a database keep what they share (db/identity.ts). */
export interface SharedIdentityTable {
  readOrMake(make: () => Promise<ReadonlyMap<string, string>>): Promise<ReadonlyMap<string, string>>;
}

/** What `shareIdentity` works with. */
export interface SharedIdentityOptions {
  readonly table: SharedIdentityTable;
  /** `DATA_DIR/identity`. */
  readonly directory: string;
  /** Of `--encryption-key-file`; default `encryption.key` in the directory, made when the database is new. */
  readonly keyFile?: string | undefined;
}

/** The files by which clients know the cluster, and their modes. The serving certificate is each server's own. */
const SHARED_FILES: Readonly<Record<string, number>> = {
  'ca.crt': 0o644,
  'ca.key': 0o600,
  'service-account.key': 0o600,
  'admin.token': 0o600,
};

/**
 * Makes the files of the identity directory those of all servers of the database. The first server puts its own there, making what is missing;
 * every other one takes them from there, and needs the key under which they are sealed.
 *
 * @throws Error that says what to do when the key is missing or another one, or when the directory is of another cluster.
 */
export async function shareIdentity({ table, directory, keyFile }: SharedIdentityOptions): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = keyFile ?? join(directory, 'encryption.key');
  const shared = await table.readOrMake(async () => {
    const key = await keyOfFirst(path, keyFile === undefined);
    await loadCa(directory);
    await loadTokenKeys(directory);
    const sealed = new Map<string, string>();
    for (const name of Object.keys(SHARED_FILES))
      sealed.set(name, seal(key, name, (await textOf(join(directory, name))) ?? ''));
    return sealed;
  });
  const key = await keyOfLater(path);
  for (const [name, mode] of Object.entries(SHARED_FILES)) {
    const text = unseal(key, name, shared.get(name) ?? '');
    if (text === undefined)
      throw new Error(
        `Cannot open the cluster's identity in the database: the key in ${path} is not the one it is sealed with. ${WHERE_THE_KEY_IS}`,
      );
    await takeFile(directory, name, text, mode);
  }
}

const WHERE_THE_KEY_IS =
  'Copy identity/encryption.key from the data directory of a server that runs to this one, or name a copy by --encryption-key-file';

async function keyOfFirst(path: string, mayMake: boolean): Promise<Buffer> {
  if (mayMake && (await textOf(path)) === undefined) await replace(path, newSealingKey(), 0o600);
  return keyOfLater(path);
}

async function keyOfLater(path: string): Promise<Buffer> {
  const text = await textOf(path);
  if (text === undefined)
    throw new Error(
      `Cannot open the cluster's identity in the database: there is no key in ${path}. ${WHERE_THE_KEY_IS}`,
    );
  const key = parseSealingKey(text);
  if (key === undefined)
    throw new Error(
      `Cannot use the key in ${path}: want 32 bytes in base64, as \`head -c 32 /dev/urandom | base64\` makes`,
    );
  return key;
}

async function takeFile(directory: string, name: string, text: string, mode: number): Promise<void> {
  const path = join(directory, name);
  const there = await textOf(path);
  if (there?.trim() === text.trim()) return;
  if (there !== undefined)
    throw new Error(
      `Cannot use ${directory} with this database: its ${name} is another cluster's. Give a --data-dir of its own to each cluster`,
    );
  await replace(path, text, mode);
}

async function replace(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await rename(`${path}.new`, path);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
