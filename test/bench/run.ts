import { Glob } from 'bun';

/** Runs every benchmark whose path holds one of the arguments (all without arguments), one after another, each in a process of its own. */
const only = process.argv.slice(2);
let failed = false;
const files = [...new Glob('*.bench.ts').scanSync(import.meta.dir)].toSorted();
for (const file of files.filter((one) => only.length === 0 || only.some((part) => one.includes(part)))) {
  process.stderr.write(`bench: == ${file}\n`);
  const { exitCode } = Bun.spawnSync([process.execPath, `${import.meta.dir}/${file}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 30 * 60_000,
  });
  failed ||= exitCode !== 0;
}
process.exit(failed ? 1 : 0);
