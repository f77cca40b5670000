import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { KubeObject } from '#api/kind.ts';

/** Longest file name that every common file system takes, less what `.json` and `.tmp` add. Bytes. */
const NAME_LIMIT = 240;

/** How objects of one resource lie on disk. `durable` = flushed to the medium before the write counts as done. */
export interface ObjectFileOptions {
  readonly mode: number;
  readonly directoryMode: number;
  readonly durable: boolean;
}

/** Where the object of `key` (`namespace/name` or `name`) lies below `directory`: `namespace/name.json`. Over-long names are cut and hashed. */
export function objectPath(directory: string, key: string): string {
  return `${join(directory, ...key.split('/').map(fileName))}.json`;
}

function fileName(part: string): string {
  const name = encodeURIComponent(part).replace(/^\./, '%2E');
  if (name.length <= NAME_LIMIT) return name;
  return `${name.slice(0, 170)}-${createHash('sha256').update(part).digest('hex')}`;
}

/** Writes `object` in place of what was there; a crash leaves the old file or the new one, never a part. */
export async function writeObject(path: string, object: KubeObject, options: ObjectFileOptions): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: options.directoryMode });
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', options.mode);
  try {
    await file.writeFile(JSON.stringify(object));
    if (options.durable) await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Removes the object's file; fine when there is none. */
export const removeObject = (path: string): Promise<void> => rm(path, { force: true });

/**
 * Every object below `directory`, at most two levels deep. A file that holds no object (a medium that broke, an
 * edit by hand) is passed to `onBroken` and left out.
 */
export async function readObjects(directory: string, onBroken: (path: string) => void): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith('.json')) continue;
    const path = join(entry.parentPath, entry.name);
    const object = parse(await readFile(path, 'utf8'));
    if (object === undefined) onBroken(path);
    else objects.push(object);
  }
  return objects;
}

function parse(text: string): KubeObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is KubeObject =>
  typeof value === 'object' && value !== null && 'metadata' in value && typeof value.metadata === 'object';
