import { type BenchServer, startBenchServer } from './api-server.ts';
import { type Figure, percentile, printFigures, residentMemory } from './figures.ts';

/** Requests per second, list time, watch latency, start time and memory of one server over TLS on loopback; the client shares the machine. */
const SECONDS = 8;
const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
const PAYLOAD = 'x'.repeat(900);
const configMap = (name: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { app: 'bench' } },
  data: { value, payload: PAYLOAD },
});

let server: BenchServer = await startBenchServer();
const figures: Figure[] = [];
await Bun.sleep(3000);
const idle = Object.entries(residentMemory(server.pid));
for (const [name, megabytes] of idle)
  figures.push({ what: `resident memory, idle: ${name}`, value: megabytes, unit: 'MB' });
figures.push({
  what: 'control plane memory, idle (RSS, all processes with the database)',
  value: idle.reduce((sum, [, megabytes]) => sum + megabytes, 0),
  unit: 'MB',
  budget: 140,
});

let made = 0;
await load('warm-up', 4, 2, (n) => server.call('POST', CONFIGMAPS, configMap(`warm-${n}`, '0')));
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
let listed = 0;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (listed < 2300) await server.call('POST', LISTED, { ...configMap(`l-${(listed += 1)}`, '0') });
  }),
);
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
for (const [name, megabytes] of Object.entries(residentMemory(server.pid))) {
  figures.push({ what: `resident memory with ${made + listed} objects: ${name}`, value: megabytes, unit: 'MB' });
}
server = await server.restart();
figures.push({ what: `cold start to ready with ${made + listed} objects`, value: server.startMs, unit: 'ms' });
await server.stop();
server = await startBenchServer();
server = await server.restart();
figures.push({ what: 'cold start to ready, existing data', value: server.startMs, unit: 'ms', budget: 600 });
await server.stop();
printFigures('API server', figures);

/** Runs `once` in `clients` loops for some seconds; returns the times in ms. */
async function load(
  what: string,
  clients: number,
  seconds: number,
  once: (n: number) => Promise<unknown>,
): Promise<number[]> {
  process.stderr.write(`bench: ${what}\n`);
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  let n = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < end) {
        const startedAt = performance.now();
        await once((n += 1));
        times.push(performance.now() - startedAt);
      }
    }),
  );
  return times;
}

async function measure(
  what: string,
  clients: number,
  budget: number | undefined,
  once: () => Promise<unknown>,
): Promise<void> {
  const startedAt = performance.now();
  const times = await load(what, clients, SECONDS, once);
  const seconds = (performance.now() - startedAt) / 1000;
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

/** 50 watchers of one namespace while 100 objects a second are written: from before the request to each watcher's reading of the event. */
async function watchLatency(): Promise<void> {
  process.stderr.write('bench: watch\n');
  await server.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'watched' },
  });
  const path = '/api/v1/namespaces/watched/configmaps';
  const stop = new AbortController();
  const sentAt = new Map<string, number>();
  const latencies: number[] = [];
  const watchers = Array.from({ length: 50 }, async () => {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of await server.watch(`${path}?watch=true`, stop.signal)) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        const now = performance.now();
        for (const line of lines) {
          const sent = sentAt.get(/"name":"(w-\d+)"/.exec(line)?.[1] ?? '');
          if (sent !== undefined) latencies.push(now - sent);
        }
      }
    } catch {
      // the watch is ended by our own abort
    }
  });
  await Bun.sleep(1000);
  const pending: Promise<unknown>[] = [];
  for (let i = 0; i < 600; i += 1) {
    const name = `w-${i}`;
    sentAt.set(name, performance.now());
    pending.push(server.call('POST', path, { ...configMap(name, '0'), metadata: { name } }));
    await Bun.sleep(10);
  }
  await Promise.all(pending);
  await Bun.sleep(500);
  stop.abort();
  await Promise.allSettled(watchers);
  figures.push({
    what: `watch, 50 watchers × 100 writes/s (${latencies.length} of ${600 * 50} events), p50`,
    value: percentile(latencies, 0.5),
    unit: 'ms',
    budget: 2,
  });
  figures.push({ what: 'watch, p99', value: percentile(latencies, 0.99), unit: 'ms', budget: 6 });
}
