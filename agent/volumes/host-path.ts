import { lstat, mkdir, stat, writeFile } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { VolumeFailure, type VolumeType } from './volume-type.ts';

/** What each type asks of the path, and what is said when it is something else (kubelet: pkg/volume/hostpath). */
const CHECKS: Readonly<Record<string, { readonly is: (stats: Stats) => boolean; readonly what: string }>> = {
  Directory: { is: (stats) => stats.isDirectory(), what: 'a directory' },
  DirectoryOrCreate: { is: (stats) => stats.isDirectory(), what: 'a directory' },
  File: { is: (stats) => stats.isFile(), what: 'a file' },
  FileOrCreate: { is: (stats) => stats.isFile(), what: 'a file' },
  Socket: { is: (stats) => stats.isSocket(), what: 'a socket file' },
  CharDevice: { is: (stats) => stats.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (stats) => stats.isBlockDevice(), what: 'a block device' },
};

/** A file or directory of the node itself. */
export const hostPathVolume: VolumeType = {
  source: 'hostPath',
  setUp: async ({ volume }) => {
    const { path = '', type = '' } = volume.hostPath ?? {};
    const check = CHECKS[type];
    if (check !== undefined) {
      const stats = (await stat(path).catch(() => undefined)) ?? (await create(path, type));
      if (stats === undefined || !check.is(stats))
        throw new VolumeFailure(`hostPath type check failed: ${path} is not ${check.what}`);
    }
    return { path, readOnly: false, owned: false };
  },
};

async function create(path: string, type: string): Promise<Stats | undefined> {
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  else if (type === 'FileOrCreate') {
    const parent = await lstat(dirname(path)).catch(() => undefined);
    if (parent === undefined) throw new VolumeFailure(`open ${path}: no such file or directory`);
    await writeFile(path, '', { flag: 'a', mode: 0o644 });
  } else return undefined;
  return await stat(path);
}
