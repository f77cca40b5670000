import { expect, test } from 'bun:test';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dir, '..');

test('the npm package runs as skep, and has the types of the kinds', async () => {
  const made = Bun.spawnSync([process.execPath, join(ROOT, 'deploy/package.ts')], { cwd: ROOT });
  expect(made.stderr.toString()).toContain('dist/npm, version');
  const { stdout } = Bun.spawnSync([process.execPath, join(ROOT, 'dist/npm/skep.js'), '--help']);
  for (const command of ['up', 'server', 'agent', 'token', 'kubeconfig', 'image', 'status', 'reset']) {
    expect(stdout.toString()).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  }
  expect(await Bun.file(join(ROOT, 'dist/npm/api/kinds/core/pod.d.ts')).text()).toContain('podKind');
}, 60_000);
