import { chmod, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
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
  const programs = join(unfinished, 'bin');
  for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755);
  for (const part of ['bin', 'lib']) await rewriteInPieces(join(unfinished, part));
  Bun.gc(true); // 200 MB of buffers, which would else be resident until the heap has grown by as much again
  await rename(unfinished, directory);
  return directory;
}

/** A function of its own: no buffer outlives it. */
async function extract(archive: string, directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o755 });
  const tar = Bun.zstdDecompressSync(await Bun.file(archive).bytes());
  await new Bun.Archive(tar).extract(directory);
}

/** How much is written at once. */
const PIECE_BYTES = 16 * 1024;

/**
 * Writes each file of a directory anew in small pieces. What is written at once ext4 keeps in pages of up to 2 MiB, and a process that touches
 * one byte of such a page maps all of it: each of Postgres' eight processes then counted 13 MB, and counts 5 MB like this.
 */
async function rewriteInPieces(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(directory, entry.name);
    const { mode } = await stat(path);
    const content = await readFile(path);
    const file = await open(`${path}.pieces`, 'w', mode);
    try {
      for (let at = 0; at < content.length; at += PIECE_BYTES) await file.write(content.subarray(at, at + PIECE_BYTES));
      await file.chmod(mode);
    } finally {
      await file.close();
    }
    await rename(`${path}.pieces`, path);
  }
}
