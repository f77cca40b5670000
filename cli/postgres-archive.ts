import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Unpacks the Postgres that the compiled binary carries, once for each archive, and returns the directory with `bin/`, `lib/`, `share/`.
 * `archive` is a path that Bun can read (inside the binary); it holds a tar, compressed by zstd. The directory is complete or not there.
 */
export async function unpackPostgres(archive: string, dataDir: string): Promise<string> {
  const packed = await Bun.file(archive).bytes();
  const directory = join(dataDir, 'programs', `postgres-${Bun.hash(packed).toString(16)}`);
  if ((await readdir(directory).catch(() => [])).length > 0) return directory;
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(directory), { recursive: true, mode: 0o755 });
  const files = await new Bun.Archive(Bun.zstdDecompressSync(packed)).files();
  for (const [name, file] of files) {
    const path = join(unfinished, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await writeFile(path, await file.bytes());
    await chmod(path, name.startsWith('bin/') ? 0o755 : 0o644);
  }
  await rename(unfinished, directory);
  return directory;
}
