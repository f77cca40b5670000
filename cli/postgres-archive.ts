import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Unpacks the Postgres that the compiled binary carries, once for each archive, and returns the directory with `bin/`, `lib/`, `share/`.
 * `archive` is a path inside the binary, whose name bears a hash of the content: so a start need not read the 18 MB. It holds a tar,
 * compressed by zstd. The directory is complete or not there.
 */
export async function unpackPostgres(archive: string, dataDir: string): Promise<string> {
  const directory = join(resolve(dataDir), 'programs', basename(archive).replaceAll(/\.tar|\.zst$/g, ''));
  if ((await readdir(directory).catch(() => [])).length > 0) return directory;
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(directory), { recursive: true, mode: 0o755 });
  await extract(archive, unfinished);
  Bun.gc(true); // 130 MB of buffers, which would else be resident until the heap has grown by as much again
  const programs = join(unfinished, 'bin');
  for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755);
  await rename(unfinished, directory);
  return directory;
}

/** A function of its own: no buffer outlives it. */
async function extract(archive: string, directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o755 });
  const tar = Bun.zstdDecompressSync(await Bun.file(archive).bytes());
  await new Bun.Archive(tar).extract(directory);
}
