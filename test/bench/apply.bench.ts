import { startBenchServer } from './api-server.ts';
import { type Figure, percentile, printFigures } from './figures.ts';
import { CONFIGMAPS, configMap, load } from './load.ts';

/** Server-side applies per second of 1 KB ConfigMaps over TLS on loopback: such as create, change, and change nothing. The client shares the machine. */
const SECONDS = 8;
const CLIENTS = 32;
const APPLY = 'application/apply-patch+yaml';

const server = await startBenchServer();
const figures: Figure[] = [];
let made = 0;
let next = 0;
const apply = (name: string, value: string) =>
  server.call('PATCH', `${CONFIGMAPS}/${name}?fieldManager=bench`, configMap(name, value), APPLY);
const existing = (): string => `c-${1 + ((next += 1) % made)}`;

await load('warm-up', { clients: 4, seconds: 2 }, (n) => apply(`warm-${n}`, '0'));
await measure('applies/s that create', () => apply(`c-${(made += 1)}`, '0'));
await measure('applies/s that change', () => {
  const name = existing();
  return apply(name, String(next));
});
await measure('applies/s that change nothing', () => apply('warm-1', '0'));
await server.stop();
printFigures('Server-side apply', figures);

async function measure(what: string, once: () => Promise<unknown>): Promise<void> {
  const { times, seconds } = await load(what, { clients: CLIENTS, seconds: SECONDS }, once);
  const named = `${what}, ${CLIENTS} clients`;
  figures.push({ what: named, value: times.length / seconds, unit: '/s', budget: 1000, better: 'higher' });
  figures.push({ what: `${named.replace('/s', '')}: p99`, value: percentile(times, 0.99), unit: 'ms' });
}
