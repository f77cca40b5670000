import { chmod, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Glob } from 'bun';
import { startBenchServer } from './api-server.ts';
import { type Figure, percentile, printFigures } from './figures.ts';
import { CONFIGMAPS, configMap, load } from './load.ts';

/**
 * Writes on a disk that takes 10 ms for each flush, as an SD card does. The embedded Postgres runs with a library that makes every fsync and
 * fdatasync of each of its processes take 10 ms longer than the disk at hand needs; nothing else of it is changed, so checkpoints and new log
 * segments are as slow as commits. Not modelled: a card that writes few bytes a second, or stops for seconds to clean up.
 */
const FLUSH_MS = 10;
const SHIM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static int slow(const char *name, int fd) {
  struct timespec left = { 0, ${FLUSH_MS}000000 };
  while (nanosleep(&left, &left) != 0) ;
  return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}
int fsync(int fd) { return slow("fsync", fd); }
int fdatasync(int fd) { return slow("fdatasync", fd); }
`;

if (Bun.which('cc') === null) {
  process.stderr.write('bench: left out, there is no C compiler (cc) to build the slow disk with\n');
  process.exit(0);
}
const figures: Figure[] = [];
let server = await startBenchServer();
try {
  // The first start has unpacked Postgres into the data directory.
  await slowDown(server.directory);
  server = await server.restart();
  for (const [clients, budget] of [[1], [16], [64, 1500]] as const) {
    const create = (n: number) => server.call('POST', CONFIGMAPS, configMap(`s-${clients}-${n}`, '0'));
    const what = `creates/s, ${FLUSH_MS} ms a flush, ${clients} client${clients === 1 ? '' : 's'}`;
    const { times, seconds } = await load(what, { clients, seconds: 8 }, create);
    const rate: Figure = { what, value: times.length / seconds, unit: '/s' };
    figures.push(budget === undefined ? rate : { ...rate, budget, better: 'higher' });
    figures.push({ what: `${what}: p99`, value: percentile(times, 0.99), unit: 'ms' });
    // Below it the library was not in effect, and the figures would say nothing.
    const fastest = Math.min(...times);
    if (fastest < FLUSH_MS) throw new Error(`A create took ${fastest} ms: flushes are not slow`);
  }
} finally {
  await server.stop();
}
printFigures('A slow disk', figures);

/** Puts a script in the place of `postgres` which runs the real one with the library. */
async function slowDown(dataDirectory: string): Promise<void> {
  const [programs = ''] = [
    ...new Glob('programs/*/bin').scanSync({ cwd: dataDirectory, absolute: true, onlyFiles: false }),
  ];
  await Bun.write(join(programs, 'slow.c'), SHIM);
  const compiled = Bun.spawnSync(['cc', '-shared', '-fPIC', '-O2', '-o', 'slow.so', 'slow.c', '-ldl'], {
    cwd: programs,
  });
  if (compiled.exitCode !== 0) throw new Error(`Cannot build the slow disk: ${compiled.stderr.toString()}`);
  const [program, real] = [join(programs, 'postgres'), join(programs, 'postgres.real')];
  await rename(program, real);
  await Bun.write(program, `#!/bin/sh\nLD_PRELOAD='${join(programs, 'slow.so')}' exec '${real}' "$@"\n`);
  await chmod(program, 0o755);
}
