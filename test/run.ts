import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Glob } from 'bun';
import { ROOT } from './support/import-law.ts';

/**
 * Runs every test file, group by group (what needs nothing, Postgres, root, a whole cluster), each group in a process of its own,
 * and ends with `N passed, N failed`. Arguments: parts of paths that limit the files. Exit status 1 when a test failed, was skipped, or did not load.
 */
const GROUPS = [
  { name: 'unit', holds: (file: string) => !/\.(pg|root|e2e)\.test\.ts$/.test(file) },
  { name: 'postgres', holds: (file: string) => file.endsWith('.pg.test.ts') },
  { name: 'root', holds: (file: string) => file.endsWith('.root.test.ts') },
  { name: 'end to end', holds: (file: string) => file.endsWith('.e2e.test.ts') },
] as const;
const FOLDERS = ['api', 'base', 'db', 'server', 'agent', 'cli', 'deploy', 'test'];
const GROUP_DEADLINE_MS = 40 * 60_000;

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

async function testFiles(only: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const folder of FOLDERS) {
    for await (const file of new Glob(`${folder}/**/*.test.ts`).scan(ROOT)) files.push(file);
  }
  return files.filter((file) => only.length === 0 || only.some((part) => file.includes(part))).sort();
}

async function runGroup(name: string, files: readonly string[]): Promise<Count> {
  const report = join(tmpdir(), `skep-tests-${process.pid}-${name.replaceAll(' ', '-')}.xml`);
  process.stdout.write(`\n== ${name}: ${files.length} files\n`);
  const child = Bun.spawn(
    [
      process.execPath,
      'test',
      '--timeout=120000',
      '--reporter=junit',
      `--reporter-outfile=${report}`,
      ...files.map((file) => `./${file}`),
    ],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], timeout: GROUP_DEADLINE_MS, killSignal: 'SIGKILL' },
  );
  const code = await child.exited;
  const xml = await Bun.file(report)
    .text()
    .catch(() => '');
  await rm(report, { force: true });
  const head = /<testsuites[^>]*>/.exec(xml)?.[0] ?? '';
  const number = (attribute: string): number => Number(new RegExp(`${attribute}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const count = {
    passed: number('tests') - number('failures') - number('skipped'),
    failed: number('failures'),
    skipped: number('skipped'),
  };
  const silent = code !== 0 && count.failed === 0;
  if (silent) process.stdout.write(`${name}: the test process ended with ${code} and named no failed test\n`);
  return silent ? { ...count, failed: 1 } : count;
}

const files = await testFiles(process.argv.slice(2));
const total = { passed: 0, failed: 0, skipped: 0 };
for (const group of GROUPS) {
  const own = files.filter((file) => group.holds(file));
  if (own.length === 0) continue;
  const count = await runGroup(group.name, own);
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}
if (total.skipped > 0)
  process.stdout.write(`${total.skipped} skipped: a part that these tests need is missing on this machine\n`);
process.stdout.write(`${total.passed} passed, ${total.failed + total.skipped} failed\n`);
process.exit(total.failed + total.skipped > 0 || total.passed === 0 ? 1 : 0);
