import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createLogger } from '#base/logger.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { LogRotation } from './log-rotation.ts';
import { removeLog } from './rotated-logs.ts';

let directory: string;
let path: string;
let clock: ManualClock;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-rotation-'));
  path = join(directory, '0.log');
  clock = new ManualClock();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const rotation = (reopenLog: () => Promise<void> = () => writeFile(path, '')): LogRotation =>
  new LogRotation({
    runtime: { reopenLog },
    running: () => [{ id: 'c1', logPath: path }],
    clock,
    log: createLogger({ name: 'test', level: 'silent' }),
    mostBytes: 10,
    mostFiles: 4,
  });

/** Every file of the log and what is in it. */
async function files(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(directory)).toSorted()) {
    const content = await readFile(join(directory, name));
    found[name] = (name.endsWith('.gz') ? gunzipSync(content) : content).toString();
  }
  return found;
}

test('look() leaves a log alone that is not full, and one that is not there', async () => {
  await rotation().look();
  await writeFile(path, 'nine byte');
  await rotation().look();
  expect(await files()).toEqual({ '0.log': 'nine byte' });
});

test('look() renames a full log, packs the one before it, and keeps four files in all', async () => {
  const rotating = rotation();
  const seen: Record<string, string>[] = [];
  for (const round of [1, 2, 3, 4, 5]) {
    await writeFile(path, `full log ${round}`);
    await rotating.look();
    seen.push(await files());
    await clock.advance(60_000);
  }
  expect(seen[0]).toEqual({ '0.log': '', '0.log.20260101-000000': 'full log 1' });
  expect(seen[1]).toEqual({
    '0.log': '',
    '0.log.20260101-000000.gz': 'full log 1',
    '0.log.20260101-000100': 'full log 2',
  });
  expect(seen[4]).toEqual({
    '0.log': '',
    '0.log.20260101-000200.gz': 'full log 3',
    '0.log.20260101-000300.gz': 'full log 4',
    '0.log.20260101-000400': 'full log 5',
  });
});

test('look() puts the log back when the container does not go on in a new one', async () => {
  await writeFile(path, 'full log 1');
  await rotation(() => Promise.reject(new Error('container is in CONTAINER_EXITED state'))).look();
  expect(await files()).toEqual({ '0.log': 'full log 1' });
});

test('look() tidies up after an agent that was killed while it packed', async () => {
  await writeFile(path, 'full log 3');
  await writeFile(`${path}.20251231-000000.gz`, Bun.gzipSync('one'));
  await writeFile(`${path}.20251231-000000`, 'one');
  await writeFile(`${path}.20251231-000100`, 'two');
  await writeFile(`${path}.20251231-000100.gz.tmp`, 'half');
  await rotation().look();
  expect(await files()).toEqual({
    '0.log': '',
    '0.log.20251231-000000.gz': 'one',
    '0.log.20251231-000100.gz': 'two',
    '0.log.20260101-000000': 'full log 3',
  });
});

test('run() looks every ten seconds until stop()', async () => {
  const rotating = rotation();
  const running = rotating.run();
  await writeFile(path, 'full log 1');
  await clock.advance(9_999);
  expect(Object.keys(await files())).toEqual(['0.log']);
  await clock.advance(1);
  await rotating.stop();
  await running;
  expect(Object.keys(await files())).toEqual(['0.log', '0.log.20260101-000010']);
});

test('removeLog() removes a log with all that was rotated of it, and no other', async () => {
  for (const name of ['0.log', '0.log.20260101-000000', '0.log.20251231-000000.gz', '10.log'])
    await writeFile(join(directory, name), name);
  await removeLog(path);
  expect(await readdir(directory)).toEqual(['10.log']);
});
