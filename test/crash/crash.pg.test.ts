import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { builtProgram } from '#test/checker/run-server.ts';
import { ROOT } from '#test/support/import-law.ts';
import { runCrashes } from './crashes.ts';

const newSeed = (): number => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  process.stdout.write(`seed ${seed}\n`);
  return seed;
};

test('10 times kill -9 of the server, of Postgres, or both, under load: what was acknowledged is there, what was refused is not', async () => {
  const report = await runCrashes({ count: 10, seed: newSeed(), program: builtProgram() });
  expect(report.violations).toEqual([]);
  expect(report.kills).toEqual({ postgres: 4, server: 4, both: 2 });
  expect(report.acknowledged).toBeGreaterThan(100);
  expect(report.midway).toBeGreaterThan(0);
}, 300_000);

test('the same finds a server that replies before the commit', async () => {
  const preload = [join(ROOT, 'test/checker/planted/reply-before-commit.ts')];
  const report = await runCrashes({ count: 30, seed: newSeed(), program: { preload } });
  expect(report.violations.join('\n')).toContain('is lost');
}, 300_000);
