import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pauseExecutable, pauseImageArchive } from './pause-image.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-pause-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test.skipIf(process.arch !== 'x64' || process.platform !== 'linux')('the program ends with 0 on SIGTERM', async () => {
  const path = join(directory, 'pause');
  await writeFile(path, pauseExecutable('amd64'));
  await chmod(path, 0o755);
  const child = Bun.spawn([path]);
  // Asleep under its own name: it waits for a signal, and has blocked the three by then.
  const deadline = Date.now() + 5000;
  while (!(await Bun.file(`/proc/${child.pid}/stat`).text()).includes('(pause) S')) {
    if (Date.now() > deadline) throw new Error('the program never came to rest');
    await Bun.sleep(5);
  }
  child.kill('SIGTERM');
  expect([await child.exited, child.signalCode]).toEqual([0, null]);
});

test('the arm64 program names its machine and has the length of its segment', () => {
  const file = pauseExecutable('arm64');
  const view = new DataView(file.buffer);
  expect([view.getUint16(18, true), view.getBigUint64(96, true)]).toEqual([183, BigInt(file.length)]);
});

test('pauseImageArchive() gives the same bytes each time, with its reference inside', async () => {
  const archive = pauseImageArchive('arm64');
  expect(archive).toEqual(pauseImageArchive('arm64'));
  const files = await new Bun.Archive(archive).files();
  expect(JSON.parse((await files.get('manifest.json')?.text()) ?? '[]')[0].RepoTags).toEqual([
    'localhost/skep-pause:1',
  ]);
});
