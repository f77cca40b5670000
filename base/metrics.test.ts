import { expect, test } from 'bun:test';
import { Metrics, type Sample, observeProcess } from './metrics.ts';

const samples = async (metrics: Metrics, name: string): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(name));

test('gauge() is read at each scrape, and a newer reader of a series takes the place of the older', async () => {
  const metrics = new Metrics();
  const depth = { name: 'workqueue_depth', help: 'Keys that wait', labels: ['name'] };
  let waiting = 1;
  metrics.gauge(depth, ['a'], () => waiting);
  metrics.gauge(depth, ['b'], () => 7);
  expect(await samples(metrics, 'workqueue_depth')).toEqual([
    'workqueue_depth{name="a"} 1',
    'workqueue_depth{name="b"} 7',
  ]);
  waiting = 2;
  metrics.gauge(depth, ['b'], () => 8);
  expect(await samples(metrics, 'workqueue_depth')).toEqual([
    'workqueue_depth{name="a"} 2',
    'workqueue_depth{name="b"} 8',
  ]);
});

test('gauges() forgets a series that its reader no longer gives', async () => {
  const metrics = new Metrics();
  let objects: Sample[] = [
    [['pods'], 3],
    [['nodes'], 1],
  ];
  metrics.gauges({ name: 'objects', help: 'Objects', labels: ['resource'] }, () => objects);
  expect(await samples(metrics, 'objects')).toEqual(['objects{resource="pods"} 3', 'objects{resource="nodes"} 1']);
  objects = [[['nodes'], 2]];
  expect(await samples(metrics, 'objects')).toEqual(['objects{resource="nodes"} 2']);
});

test('counter() and histogram() give the same one to everybody who asks', async () => {
  const metrics = new Metrics();
  for (let part = 0; part < 2; part++) {
    metrics.counter({ name: 'adds_total', help: 'Adds', labels: ['name'] }).add(['q']);
    metrics.histogram({ name: 'took_seconds', help: 'Time' }, [1]).observe([], 0.5);
  }
  expect(await samples(metrics, 'adds_total')).toEqual(['adds_total{name="q"} 2']);
  expect(await samples(metrics, 'took_seconds_count')).toEqual(['took_seconds_count 2']);
});

test('a metric has at most 2,000 series; the rest is told as other', async () => {
  const metrics = new Metrics();
  const count = metrics.counter({ name: 'seen_total', help: 'Seen', labels: ['path'] });
  for (let index = 0; index < 2_100; index++) count.add([`/p${index}`]);
  const lines = await samples(metrics, 'seen_total');
  expect(lines.length).toBe(2_001);
  expect(lines.at(-1)).toBe('seen_total{path="other"} 100');
});

test('observeProcess() tells memory, processor time and start', async () => {
  const metrics = new Metrics();
  observeProcess(metrics);
  const value = async (name: string): Promise<number> => Number((await samples(metrics, name))[0]?.split(' ')[1]);
  expect(await value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(await value('process_start_time_seconds')).toBeLessThan(Date.now() / 1000);
  const before = await value('process_cpu_seconds_total');
  expect(before).toBeGreaterThan(0);
  expect(await value('process_cpu_seconds_total')).toBeLessThan(before + 10);
});
