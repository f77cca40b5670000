import { expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usableFiles } from './postgres-files.ts';

test('usableFiles() completes a slim copy in place, twice, without links to libraries that were left out', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'skep-files-'));
  try {
    const source = join(directory, 'files');
    await mkdir(join(source, 'bin'), { recursive: true });
    await mkdir(join(source, 'lib'));
    await writeFile(join(source, 'bin', 'postgres'), '');
    await writeFile(join(source, 'lib', 'libpq.so.5.18'), '');
    const links = [
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
      { source: 'native/lib/libecpg.so.6.18', target: 'native/lib/libecpg.so.6' },
    ];
    await writeFile(join(source, 'pg-symlinks.json'), JSON.stringify(links));
    for (let start = 0; start < 2; start += 1) {
      expect(await usableFiles(source, join(directory, 'copy'), process.getuid?.() ?? 0)).toBe(source);
    }
    expect((await readdir(join(source, 'lib'))).toSorted()).toEqual(['libpq.so.5', 'libpq.so.5.18']);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
