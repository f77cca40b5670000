import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '#db/embedded.ts';
import { silentLog } from '../support/database.ts';
import { databaseUrl } from '../support/server-process.ts';
import { type BenchServer, startBenchServer } from './api-server.ts';
import { type Figure, percentile, printFigures } from './figures.ts';
import { CONFIGMAPS, configMap, load } from './load.ts';
import { watchLatencies } from './watch-latency.ts';

/** Two servers on one Postgres: all writes go to the one, all watchers are at the other. */
const home = await mkdtemp(join(tmpdir(), 'skep-bench-two-'));
await chmod(home, 0o755);
const figures: Figure[] = [];
const postgres = await startEmbedded({ dataDirectory: join(home, 'database'), log: silentLog });
const servers: BenchServer[] = [];
try {
  const flags = ['--database-url', databaseUrl(postgres.address)];
  const writer = await startBenchServer({ flags });
  servers.push(writer);
  const directory = join(home, 'second');
  await mkdir(join(directory, 'identity'), { recursive: true, mode: 0o755 });
  const key = 'identity/encryption.key';
  await copyFile(join(writer.directory, key), join(directory, key));
  const other = await startBenchServer({ flags, directory });
  servers.push(other);

  await load('warm-up', { clients: 4, seconds: 2 }, (n) =>
    writer.call('POST', CONFIGMAPS, configMap(`warm-${n}`, '0')),
  );
  const post = (name: string) => writer.call('POST', CONFIGMAPS, configMap(name, '0', {}));
  process.stderr.write('bench: watch across two servers\n');
  const latencies = await watchLatencies(other.access, CONFIGMAPS, post);
  const what = `watch across two servers, 50 watchers × 100 writes/s (${latencies.length} of ${600 * 50} events)`;
  figures.push({ what: `${what}, p50`, value: percentile(latencies, 0.5), unit: 'ms' });
  figures.push({ what: 'watch across two servers, p99', value: percentile(latencies, 0.99), unit: 'ms', budget: 25 });

  let read = 0;
  const consistent = await load('consistent reads', { clients: 1, seconds: 3 }, () =>
    other.call('GET', `${CONFIGMAPS}/warm-${1 + ((read += 1) % 500)}`),
  );
  figures.push({
    what: 'get of a server among two, which asks Postgres first, 1 client: p50',
    value: percentile(consistent.times, 0.5),
    unit: 'ms',
  });
} finally {
  for (const server of servers) await server.stop();
  await postgres.stop();
  await rm(home, { recursive: true, force: true });
}
printFigures('Several servers', figures);
