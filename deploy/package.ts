/**
 * Makes dist/npm, the npm package: `bunx skep up` runs the command line; `skep/api/*` are the types and kinds of the Kubernetes API.
 * tsup bundles, tsc writes the declarations. Prints one line a step.
 */
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dir, '..');
const OUT = join(ROOT, 'dist/npm');
const say = (line: string): boolean => process.stderr.write(`package: ${line}\n`);

function run(...argv: string[]): void {
  const { exitCode } = Bun.spawnSync(argv, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (exitCode !== 0) process.exit(exitCode);
}

say('bundling');
run(process.execPath, '--bun', join(ROOT, 'node_modules/.bin/tsup'), '--silent');
say('writing declarations');
run(join(ROOT, 'node_modules/.bin/tsc'), '--project', join(ROOT, 'deploy/tsconfig.package.json'), '--outDir', OUT);
const own = (await Bun.file(join(ROOT, 'package.json')).json()) as Record<string, unknown>;
const published = {
  name: own['name'],
  version: own['version'],
  description: own['description'],
  license: own['license'],
  type: 'module',
  bin: { skep: './skep.js' },
  engines: { bun: '>=1.4' },
  // The declarations name each other by their sources' paths.
  imports: { '#api/*.ts': './api/*.d.ts' },
  exports: { './api/*': { types: './api/*.d.ts', default: './api/*.js' } },
  dependencies: own['dependencies'],
  optionalDependencies: own['optionalDependencies'],
};
await Bun.write(join(OUT, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
await Bun.write(join(OUT, 'README.md'), Bun.file(join(ROOT, 'README.md')));
const bin = join(OUT, 'skep.js');
await Bun.write(bin, `#!/usr/bin/env bun\n${await Bun.file(bin).text()}`);
say(`dist/npm, version ${String(own['version'])}`);
