import { waitFor } from '../support/hosts.ts';
import { type BenchServer, startBenchServer } from './api-server.ts';
import { type Figure, memoryFigures, memoryOf, percentile, printFigures, total } from './figures.ts';
import { CONFIGMAPS, configMap, load, callAll } from './load.ts';
import { watchLatencies } from './watch-latency.ts';

/** Requests per second, list time, watch latency, start time and memory of one server over TLS on loopback; the client shares the machine. */
const SECONDS = 8;

let server: BenchServer = await startBenchServer();
const figures: Figure[] = [];
await Bun.sleep(3000);
idle('first start', server);
server = await server.restart();
figures.push({ what: 'cold start to ready, existing data', value: server.startMs, unit: 'ms', budget: 600 });
await Bun.sleep(3000);
idle('later start', server);

let made = 0;
await load('warm-up', { clients: 4, seconds: 2 }, (n) => server.call('POST', CONFIGMAPS, configMap(`warm-${n}`, '0')));
await measure('creates/s, 1 client', 1, 800, () => server.call('POST', CONFIGMAPS, configMap(`c-${(made += 1)}`, '0')));
await measure('creates/s, 32 clients', 32, 3000, () =>
  server.call('POST', CONFIGMAPS, configMap(`c-${(made += 1)}`, '0')),
);
let updated = 0;
const update = () => {
  const name = `c-${1 + ((updated += 1) % made)}`;
  return server.call('PUT', `${CONFIGMAPS}/${name}`, configMap(name, String(updated)));
};
await measure('updates/s, 1 client', 1, undefined, update);
await measure('updates/s, 32 clients', 32, 3000, update);
let got = 0;
const get = () => server.call('GET', `${CONFIGMAPS}/c-${1 + ((got += 1) % made)}`);
await measure('gets/s, 1 client', 1, undefined, get);
await measure('gets/s, 32 clients', 32, 6000, get);

await server.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'listed' } });
const LISTED = '/api/v1/namespaces/listed/configmaps';
const listed = 2300;
await callAll(listed, 16, (n) => server.call('POST', LISTED, configMap(`l-${n}`, '0')));
const listTimes: number[] = [];
let listBytes = 0;
for (let i = 0; i < 40; i += 1) {
  const startedAt = performance.now();
  listBytes = (await server.call('GET', LISTED)).length;
  listTimes.push(performance.now() - startedAt);
}
figures.push({
  what: `list ${listed} ConfigMaps (${(listBytes / 1e6).toFixed(1)} MB), p50`,
  value: percentile(listTimes, 0.5),
  unit: 'ms',
  budget: 10,
});
await watchLatency();
figures.push(...memoryFigures(`memory with ${made + listed} objects`, memoryOf(server.pid)));
server = await server.restart();
figures.push({ what: `cold start to ready with ${made + listed} objects`, value: server.startMs, unit: 'ms' });
await Bun.sleep(3000);
figures.push(...memoryFigures(`memory after that start`, memoryOf(server.pid)));
await server.stop();
printFigures('API server', figures);

async function measure(
  what: string,
  clients: number,
  budget: number | undefined,
  once: () => Promise<unknown>,
): Promise<void> {
  const { times, seconds } = await load(what, { clients, seconds: SECONDS }, once);
  figures.push({
    what,
    value: times.length / seconds,
    unit: '/s',
    ...(budget === undefined ? {} : { budget, better: 'higher' }),
  });
  figures.push({
    what: `${what.replace('/s', '')}: p99`,
    value: percentile(times, 0.99),
    unit: 'ms',
    ...(what === 'creates/s, 32 clients' ? { budget: 25 } : {}),
  });
}

/** The idle memory of the control plane. */
function idle(when: string, { pid }: BenchServer): void {
  const memory = memoryOf(pid);
  figures.push(...memoryFigures(`memory, idle, ${when}`, memory));
  const what = `control plane memory, idle, ${when} (all processes with the database)`;
  figures.push({ what: `${what}, RSS`, value: total(memory, 'rss'), unit: 'MB', budget: 140 });
  figures.push({ what: `${what}, PSS`, value: total(memory, 'pss'), unit: 'MB', budget: 140 });
}

/** 50 watchers of one namespace, in a process of their own, while 100 objects a second are written; and the same with a server that does nothing. */
async function watchLatency(): Promise<void> {
  process.stderr.write('bench: watch\n');
  await server.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'watched' },
  });
  const path = '/api/v1/namespaces/watched/configmaps';
  const body = (name: string) => configMap(name, '0', {});
  const latencies = await watchLatencies(server.access, path, (name) => server.call('POST', path, body(name)));
  const what = `watch, 50 watchers × 100 writes/s (${latencies.length} of ${600 * 50} events)`;
  figures.push({ what: `${what}, p50`, value: percentile(latencies, 0.5), unit: 'ms', budget: 2 });
  figures.push({ what: 'watch, p99', value: percentile(latencies, 0.99), unit: 'ms', budget: 6 });

  const port = 30_000 + Math.floor(Math.random() * 2_000);
  const identity = `${server.directory}/identity`;
  const nothing = Bun.spawn(
    [
      process.execPath,
      `${import.meta.dir}/nothing-server.ts`,
      String(port),
      `${identity}/server.crt`,
      `${identity}/server.key`,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const { ca, token } = server.access;
  const url = `https://127.0.0.1:${port}`;
  const post = async (name: string): Promise<unknown> =>
    (await fetch(url, { method: 'POST', body: JSON.stringify(body(name)), tls: { ca } })).text();
  await waitFor('the do-nothing server is there', async () => (await post('first')) !== '');
  const floor = await watchLatencies({ url, ca, token }, '/', post);
  nothing.kill();
  figures.push({ what: 'watch of a do-nothing server, same client, p50', value: percentile(floor, 0.5), unit: 'ms' });
  figures.push({ what: 'watch of a do-nothing server, p99', value: percentile(floor, 0.99), unit: 'ms' });
}
