import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxArchive } from '../../deploy/images.ts';

/** The references of the image that tests run: the same files under two names, so that a change of image is a rollout. */
export const TEST_IMAGES = ['localhost/bb:1', 'localhost/bb:2'] as const;

/** Writes the archive of TEST_IMAGES into `directory` (made when missing) and returns its path. */
export async function writeTestImages(directory: string): Promise<string> {
  const path = join(directory, 'bb.tar');
  await mkdir(directory, { recursive: true });
  await writeFile(path, await busyboxArchive(TEST_IMAGES));
  return path;
}
