import { afterAll, expect, test } from 'bun:test';
import { appendFileSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '#test/support/eventually.ts';
import { type LogReadOptions, readLog } from './log-reader.ts';

const directory = mkdtempSync(join(tmpdir(), 'skep-log-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const at = (second: number) => `2026-11-21T08:00:${String(second).padStart(2, '0')}.123456789Z`;
const entry = (second: number, text: string, tag = 'F', stream = 'stdout') =>
  `${at(second)} ${stream} ${tag} ${text}\n`;

let serial = 0;
function logFile(content: string): string {
  const path = join(directory, `${++serial}.log`);
  writeFileSync(path, content);
  return path;
}

const options = (path: string, more: Partial<LogReadOptions> = {}): LogReadOptions => ({
  path,
  timestamps: false,
  follow: false,
  isLive: () => false,
  signal: new AbortController().signal,
  ...more,
});

async function textOf(reading: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reading) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('readLog() gives the text of both streams in order, and joins partial entries', async () => {
  const path = logFile(entry(1, 'one') + entry(2, 'tw', 'P') + entry(2, 'o', 'F') + entry(3, 'three', 'F', 'stderr'));
  expect(await textOf(readLog(options(path)))).toBe('one\ntwo\nthree\n');
  expect(await textOf(readLog(options(path, { timestamps: true })))).toBe(
    `${at(1)} one\n${at(2)} two\n${at(3)} three\n`,
  );
});

test('readLog() with tailLines, sinceMs and limitBytes leaves out what was not asked for', async () => {
  const path = logFile(entry(1, 'one') + entry(2, 'two') + entry(3, ''));
  expect(await textOf(readLog(options(path, { tailLines: 2 })))).toBe('two\n\n');
  expect(await textOf(readLog(options(path, { tailLines: 9 })))).toBe('one\ntwo\n\n');
  expect(await textOf(readLog(options(path, { tailLines: 0 })))).toBe('');
  expect(await textOf(readLog(options(path, { sinceMs: Date.parse(at(2)) })))).toBe('two\n\n');
  expect(await textOf(readLog(options(path, { limitBytes: 6 })))).toBe('one\ntw');
});

test('readLog() finds the tail also when it is longer than one chunk', async () => {
  const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index} ${'x'.repeat(30)}`);
  const path = logFile(lines.map((line) => entry(1, line)).join(''));
  expect(await textOf(readLog(options(path, { tailLines: 3_000 })))).toBe(`${lines.slice(2_000).join('\n')}\n`);
});

test('readLog() leaves out a line that was cut by a power loss', async () => {
  const path = logFile(`${entry(1, 'one')}2026-11-21T08:\0\0\0\n${entry(2, 'two')}2026-11-21T08:00:03.1Z std`);
  expect(await textOf(readLog(options(path)))).toBe('one\ntwo\n');
});

test('readLog() follows while the container lives, over a rotation, and ends with it', async () => {
  const path = logFile(entry(1, 'one'));
  let live = true;
  let seen = '';
  const reading = (async () => {
    for await (const chunk of readLog(options(path, { follow: true, isLive: () => live })))
      seen += Buffer.from(chunk).toString();
  })();
  const until = async (text: string) => {
    const deadline = Date.now() + 3_000;
    while (seen !== text && Date.now() < deadline) await Bun.sleep(2);
    expect(seen).toBe(text);
  };
  await until('one\n');
  appendFileSync(path, entry(2, 'two'));
  await until('one\ntwo\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, entry(3, 'three'));
  await until('one\ntwo\nthree\n');
  appendFileSync(path, entry(4, 'last'));
  live = false;
  await reading;
  expect(seen).toBe('one\ntwo\nthree\nlast\n');
});

test('readLog() reads what the runtime still writes into a log after it has made the next one', async () => {
  const path = logFile('');
  let written = 0;
  let live = true;
  const reading = textOf(readLog(options(path, { follow: true, isLive: () => live })));
  const line = (): string => entry(1, `line ${++written}`);
  for (const rotation of [1, 2, 3]) {
    appendFileSync(path, line());
    await eventually(() => expect(openFiles()).toContain(path));
    renameSync(path, `${path}.${rotation}`);
    writeFileSync(path, '');
    for (let late = 0; late < 20; late++) {
      appendFileSync(`${path}.${rotation}`, line());
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  live = false;
  expect(await reading).toBe(Array.from({ length: written }, (_, index) => `line ${index + 1}\n`).join(''));
});

/** The paths of what this process has open. */
const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });

test('readLog() stops when the reader leaves', async () => {
  const gone = new AbortController();
  const reading = textOf(
    readLog(options(logFile(entry(1, 'one')), { follow: true, isLive: () => true, signal: gone.signal })),
  );
  gone.abort();
  expect(await Promise.race([reading.then(() => 'ended'), Bun.sleep(2_000)])).toBe('ended');
});
