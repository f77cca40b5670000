import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canMount, isMountPoint, unmountBelow } from './mounts.ts';
import { pinSubPath } from './sub-path.ts';

let directory: string;
let volumePath: string;
let pin: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-subpath-'));
  volumePath = join(directory, 'volume');
  pin = join(directory, 'pins/c/0');
  await mkdir(join(directory, 'secret'), { recursive: true });
  await writeFile(join(directory, 'secret/key'), 'SECRET');
  await mkdir(join(volumePath, 'a/b'), { recursive: true });
  await writeFile(join(volumePath, 'a/b/file'), 'inside');
});
afterEach(async () => {
  await unmountBelow(directory);
  await rm(directory, { recursive: true });
});
const pinned = (subPath: string): Promise<string> => pinSubPath({ volumePath, subPath, pin });

describe.skipIf(!canMount())(`pinSubPath()${canMount() ? '' : ' (skipped: needs root)'}`, () => {
  test('binds a directory, which stays the same when its name is given to something else', async () => {
    expect(await pinned('a/b')).toBe(pin);
    await rename(join(volumePath, 'a'), join(volumePath, 'moved'));
    await symlink(join(directory, 'secret'), join(volumePath, 'a'));
    expect(await readdir(pin)).toEqual(['file']);
  });

  test('binds a file', async () => {
    await pinned('a/b/file');
    expect(await readFile(pin, 'utf8')).toBe('inside');
  });

  test('follows links within the volume, as a ConfigMap has them', async () => {
    await symlink('a', join(volumePath, '..data'));
    await symlink('..data/b/file', join(volumePath, 'key'));
    await pinned('key');
    expect(await readFile(pin, 'utf8')).toBe('inside');
  });

  test.each([
    ['a link out of the volume', 'out', 'subpath "out" not within volume path'],
    ['a path through one', 'out/key', 'subpath "out/key" not within volume path'],
    ['a link to nothing', 'dangling', 'has an unexpected link: dangling'],
    ['a path below a link to nothing', 'dangling/x', 'has an unexpected link: dangling'],
  ])('refuses %s', async (_what, subPath, message) => {
    await symlink('../secret', join(volumePath, 'out'));
    await symlink('../secret/none', join(volumePath, 'dangling'));
    await expect(pinned(subPath)).rejects.toThrow(message);
    expect(await readdir(join(directory, 'secret'))).toEqual(['key']);
  });

  test('makes what is missing with the mode of the volume', async () => {
    await chmod(volumePath, 0o2777);
    await pinned('new/deep');
    for (const path of ['new', 'new/deep'])
      expect(((await stat(join(volumePath, path))).mode & 0o7777).toString(8)).toBe('2777');
    await writeFile(join(pin, 'x'), '');
    expect(await readdir(join(volumePath, 'new/deep'))).toEqual(['x']);
  });

  test('pins anew for the next start of the container', async () => {
    await pinned('a');
    await pinned('a/b');
    expect(await readdir(pin)).toEqual(['file']);
    await unmountBelow(pin);
    expect(await isMountPoint(pin)).toBe(false);
  });

  test('a container that swaps a directory for a link again and again never gets out', async () => {
    const target = join(volumePath, 'a');
    let swapping = true;
    const swap = (async () => {
      const aside = join(volumePath, 'aside');
      const ignore = (): void => undefined;
      // Any step may fail: what is pinned meanwhile may have made a directory of that name.
      while (swapping) {
        await rename(target, aside).catch(ignore);
        await symlink(join(directory, 'secret'), target).catch(ignore);
        await rm(target, { recursive: true, force: true }).catch(ignore);
        await rename(aside, target).catch(ignore);
      }
    })();
    let good = 0;
    for (let round = 0; round < 100; round += 1) {
      const path = await pinned('a').catch(() => undefined);
      if (path === undefined) continue;
      good += 1;
      expect(await readdir(path)).not.toContain('key');
    }
    swapping = false;
    await swap;
    expect(good).toBeGreaterThan(0);
  }, 30_000);
});
