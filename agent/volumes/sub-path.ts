import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { bindOpen, canMount, isMountPoint, unmount } from './mounts.ts';
import { VolumeFailure } from './volume-type.ts';

/** Linux's O_PATH, which Node does not name: a handle on a place, for looking and mounting, not for reading. */
const O_PATH = 0o10000000;

/** A part of a volume that a container is to see alone. */
export interface SubPath {
  /** The volume on the host. */
  readonly volumePath: string;
  /** Relative, without `..`. */
  readonly subPath: string;
  /** Where the part is pinned: a path of ours that no container can reach. */
  readonly pin: string;
}

/**
 * Binds a sub-path of a volume to `pin` and returns the path to be mounted into the container. What is missing is made, as directories with the
 * volume's own mode. Links are followed as long as they stay in the volume.
 *
 * A container that has the volume already may swap a directory for a link at any moment. So what was resolved is opened again step by step
 * without following anything, and what is bound is the open handle, not a name (kubelet: pkg/volume/util/subpath; CVE-2017-1002101,
 * CVE-2021-25741). Without root nothing can be bound: then it is the resolved path.
 * @throws VolumeFailure
 */
export async function pinSubPath({ volumePath, subPath, pin }: SubPath): Promise<string> {
  const root = await realpath(volumePath).catch(() => {
    throw new VolumeFailure(`lstat ${volumePath}: no such file or directory`);
  });
  const found = await resolveWithin(root, subPath);
  const handle = await openStepwise(root, found);
  try {
    if (!canMount()) return join(root, found);
    await preparePin(pin, (await handle.stat()).isDirectory());
    await bindOpen(handle.fd, pin);
    return pin;
  } finally {
    await handle.close();
  }
}

/** The sub-path without links, relative to `root`; parts that do not exist yet stay as they are. */
async function resolveWithin(root: string, subPath: string): Promise<string> {
  const rest: string[] = [];
  const parts = subPath.split('/').filter((part) => part !== '' && part !== '.');
  while (parts.length > 0) {
    const path = await realpath(join(root, ...parts)).catch(() => undefined);
    if (path === undefined) rest.unshift(parts.pop() ?? '');
    else if (path === root || path.startsWith(`${root === '/' ? '' : root}/`))
      return join(relative(root, path), ...rest);
    else throw new VolumeFailure(`subpath "${subPath}" not within volume path "${root}"`);
  }
  return join(...rest);
}

/** Opens a path below `root` name by name, and makes the directories that are missing. A link on the way is refused. */
async function openStepwise(root: string, path: string): Promise<FileHandle> {
  let here = await open(root, O_PATH);
  try {
    const mode = (await here.stat()).mode & 0o7777;
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      // Through the handle's own entry in /proc: the kernel goes on from the open directory, whatever its name is by now.
      const next = await openHere(`/proc/self/fd/${here.fd}/${name}`, mode);
      await here.close();
      here = next;
      if ((await here.stat()).isSymbolicLink())
        throw new VolumeFailure(`subpath "${path}" has an unexpected link: ${name}`);
    }
    return here;
  } catch (error) {
    await here.close();
    throw error;
  }
}

async function openHere(path: string, mode: number): Promise<FileHandle> {
  const flags = O_PATH | constants.O_NOFOLLOW;
  const found = await open(path, flags).catch(unless('ENOENT'));
  if (found !== undefined) return found;
  // Another container of the pod may make it at the same time.
  await mkdir(path).catch(unless('EEXIST'));
  const made = await open(path, flags);
  // Not by its name, which may be a link by now; and not by mkdir, which the umask cuts.
  try {
    await chmod(`/proc/self/fd/${made.fd}`, mode);
    return made;
  } catch (error) {
    await made.close();
    throw error;
  }
}

/** Takes an error with this code for undefined; throws any other. */
const unless =
  (code: string) =>
  (error: unknown): undefined => {
    if (!(error instanceof Error && 'code' in error && error.code === code)) throw error;
  };

/** An empty file or directory to mount on; what was pinned there for the container's predecessor goes. */
async function preparePin(pin: string, isDirectory: boolean): Promise<void> {
  while (await isMountPoint(pin)) await unmount(pin);
  await mkdir(isDirectory ? pin : dirname(pin), { recursive: true, mode: 0o750 });
  if (!isDirectory) await writeFile(pin, '', { mode: 0o640 });
}
