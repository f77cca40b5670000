import { startBenchServer } from './api-server.ts';
import { type Figure, memoryOfOne, printFigures } from './figures.ts';
import { CONFIGMAPS, configMap } from './load.ts';

/**
 * What 5,000 watches cost that nothing happens to: memory of the server, each watch on a TLS connection of its own as clients with HTTP/1.1 have
 * it. The clients are in a process of their own.
 */
const COUNT = 5_000;
const figures: Figure[] = [];
const server = await startBenchServer();
const client = Bun.spawn(
  [process.execPath, `${import.meta.dir}/idle-watches-client.ts`, String(COUNT), `${CONFIGMAPS}?watch=true`],
  {
    env: { ...process.env, BENCH_SERVER: JSON.stringify(server.access) },
    stdio: ['pipe', 'pipe', 'inherit'],
  },
);
try {
  // The first few bring in the code of watches; it is not the watches' own.
  const output = client.stdout.getReader();
  await output.read();
  const before = await settled(server.pid);
  const startedAt = performance.now();
  void client.stdin.write('more\n');
  await client.stdin.flush();
  await output.read();
  const seconds = (performance.now() - startedAt) / 1000;
  const open = await memoryAt('the moment that all are open', server.pid);
  const after = await settled(server.pid);
  figures.push({ what: `${COUNT} watches: time to open them, client included`, value: seconds, unit: 's' });
  figures.push({
    what: `${COUNT} watches: growth of the server's RSS when the last is open`,
    value: open - before,
    unit: 'MB',
  });
  figures.push({
    what: `${COUNT} idle watches: growth of the server's RSS`,
    value: after - before,
    unit: 'MB',
    budget: 60,
  });
  const told = output.read();
  const writtenAt = performance.now();
  await server.call('POST', CONFIGMAPS, configMap('told', '0'));
  await told;
  figures.push({ what: `one event to all ${COUNT}`, value: performance.now() - writtenAt, unit: 'ms' });
  figures.push({
    what: `${COUNT} watches after that event: growth of the server's RSS`,
    value: (await settled(server.pid)) - before,
    unit: 'MB',
  });
} finally {
  client.kill();
  await client.exited;
  await server.stop();
}
printFigures('Idle watches', figures);

async function memoryAt(what: string, pid: number): Promise<number> {
  const { rss } = memoryOfOne(pid);
  process.stderr.write(`bench: ${what}: ${rss.toFixed(1)} MB\n`);
  return rss;
}

/** RSS in MB after some seconds without work, in which the garbage of before goes. */
async function settled(pid: number): Promise<number> {
  await Bun.sleep(10_000);
  return memoryAt('settled', pid);
}
