import { afterEach, expect, test } from 'bun:test';
import { chmod, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackPostgres } from './postgres-archive.ts';

let directory = '';
afterEach(() => rm(directory, { recursive: true, force: true }));

test('unpackPostgres() brings every byte and lets programs be run', async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-unpack-'));
  await chmod(directory, 0o755);
  const program = Buffer.from(Array.from({ length: 100_001 }, (_, at) => at % 251));
  const tar = await new Bun.Archive({
    'bin/postgres': program,
    'bin/empty': '',
    'lib/x.so': 'library',
    'share/a': 'b',
  }).bytes();
  const archive = join(directory, 'pg-1.tar.zst');
  await Bun.write(archive, Bun.zstdCompressSync(tar));
  const files = await unpackPostgres(archive, directory);
  expect(await readFile(join(files, 'bin/postgres'))).toEqual(program);
  expect((await stat(join(files, 'bin/postgres'))).mode & 0o777).toBe(0o755);
  expect(await readFile(join(files, 'lib/x.so'), 'utf8')).toBe('library');
  expect((await readdir(join(files, 'bin'))).toSorted()).toEqual(['empty', 'postgres']);
  expect((await readdir(join(files, 'lib'))).toSorted()).toEqual(['x.so']);
  expect(await unpackPostgres(archive, directory)).toBe(files);
});
