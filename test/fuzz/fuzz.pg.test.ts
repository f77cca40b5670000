import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { Dice } from './dice.ts';
import { fuzz } from './fuzz.ts';

/** What is reached in a minute; `make fuzz` takes ten. */
const SECONDS = 45;
/** A server that keeps what it is sent passes this within the run. */
const MAX_RSS_MB = 900;

let directory: string;
let server: ServerProcess;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-fuzz-'));
  await chmod(directory, 0o755); // Postgres runs as a user of its own
  server = await startServerProcess(directory, undefined, ['--database-fsync', 'false', '--log-level', 'error']);
});
afterAll(async () => {
  await server.kill('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

test('Dice throws the same for the same seed', () => {
  const throwsOf = (seed: number): number[] => Array.from({ length: 5 }, () => new Dice(seed).below(1_000));
  expect(throwsOf(7)).toEqual(throwsOf(7));
  expect(throwsOf(7)).not.toEqual(throwsOf(8));
});

test(
  'requests made by chance get no 5xx without a reason, and do not fill the memory',
  async () => {
    const seed = Date.now() % 2 ** 32;
    process.stderr.write(`fuzz: seed ${seed}\n`);
    const ca = await readFile(join(directory, 'identity/ca.crt'), 'utf8');
    const { url, adminToken: token, pid } = server;
    const report = await fuzz({ url, token, ca, pid, seed, seconds: SECONDS });
    process.stderr.write(
      `fuzz: ${report.requests} requests, slowest ${Math.round(report.slowest.ms)} ms, ${report.rss.end} MB\n`,
    );
    expect(report.faults).toEqual([]);
    expect(report.requests).toBeGreaterThan(1_000);
    expect(report.rss.end).toBeLessThan(MAX_RSS_MB);
  },
  (SECONDS + 60) * 1000,
);
