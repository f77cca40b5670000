import { type BenchServer, startBenchServer } from './api-server.ts';
import { type Figure, memoryOfOne, printFigures } from './figures.ts';
import { callAll, configMap } from './load.ts';

/** A cluster of 100,000 objects: how long a server takes to start on them, and what each costs it in memory. */
const COUNT = 100_000;
const NAMESPACES = 20;
const figures: Figure[] = [];
let server: BenchServer = await startBenchServer();
server = await server.restart();
await Bun.sleep(5000);
const empty = memoryOfOne(server.pid);
figures.push({ what: 'cold start to ready, no objects of users', value: server.startMs, unit: 'ms' });
for (let i = 0; i < NAMESPACES; i += 1)
  await server.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: `n-${i}` },
  });
process.stderr.write(`bench: making ${COUNT} objects\n`);
await callAll(COUNT, 32, (n) =>
  server.call('POST', `/api/v1/namespaces/n-${n % NAMESPACES}/configmaps`, configMap(`object-${n}`, String(n))),
);
const bytes = (await server.call('GET', '/api/v1/namespaces/n-1/configmaps/object-1')).length;
const each = (pid: number): number => ((memoryOfOne(pid).rss - empty.rss) * 1024 * 1024) / COUNT;
await Bun.sleep(5000);
figures.push({
  what: `memory per object of ${bytes} bytes, in the server that took them`,
  value: each(server.pid),
  unit: 'bytes',
});
const starts: number[] = [];
for (let i = 0; i < 3; i += 1) {
  server = await server.restart();
  starts.push(server.startMs / 1000);
}
const seconds = { unit: 's', budget: 5 };
figures.push({ what: `cold start to ready, ${COUNT} objects, best of 3`, value: Math.min(...starts), ...seconds });
figures.push({ what: 'the same, worst of 3', value: Math.max(...starts), ...seconds });
await Bun.sleep(10_000);
figures.push({ what: `memory per object of ${bytes} bytes after a start`, value: each(server.pid), unit: 'bytes' });
figures.push({ what: 'memory of the server then, RSS', value: memoryOfOne(server.pid).rss, unit: 'MB' });
await server.stop();
printFigures('Many objects', figures);
