import { expect, test } from 'bun:test';
import { systemClock } from './clock.ts';
import { KeyedBackoff } from './backoff.ts';
import { Metrics } from './metrics.ts';
import { WorkQueue } from './work-queue.ts';

test('take() gives keys in the order in which they came, each once however often it was added', async () => {
  const queue = new WorkQueue(systemClock);
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
  expect(queue.length).toBe(3);
  expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(['a', 'b', 'c']);
});

test('a key that is added while it is worked on waits until that work is done', async () => {
  const queue = new WorkQueue(systemClock);
  queue.add('a');
  await queue.take();
  queue.add('a');
  queue.add('a');
  expect(queue.length).toBe(0);
  queue.done('a');
  expect(queue.length).toBe(1);
  expect(await queue.take()).toBe('a');
  queue.done('a');
  expect(queue.idle).toBe(true);
});

test('addAfter() adds once, after the shortest of several delays', async () => {
  const queue = new WorkQueue(systemClock);
  queue.addAfter('a', 60_000);
  queue.addAfter('a', 5);
  queue.addAfter('a', 30_000);
  expect([queue.delayed, queue.length]).toEqual([1, 0]);
  expect(await queue.take()).toBe('a');
  expect(queue.delayed).toBe(0);
});

test('stop() wakes takers and drops every delay', async () => {
  const queue = new WorkQueue(systemClock);
  const taking = queue.take();
  queue.addAfter('a', 60_000);
  queue.stop();
  expect(await taking).toBeUndefined();
  expect(await queue.take()).toBeUndefined();
  expect(queue.delayed).toBe(0);
});

test('a queue tells its depth, what was added and how long keys waited and were worked on', async () => {
  let now = 0;
  const metrics = new Metrics();
  const clock = { now: () => now, sleep: () => new Promise<void>(() => undefined) };
  const queue = new WorkQueue(clock, { name: 'q', metrics });
  const seen = async (name: string): Promise<number | undefined> => {
    const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${name}{name="q"} `));
    return line === undefined ? undefined : Number(line.split(' ')[1]);
  };
  for (const key of ['a', 'b', 'b']) queue.add(key);
  queue.addAfter('c', 1_000);
  expect([await seen('workqueue_depth'), await seen('workqueue_adds_total')]).toEqual([2, 2]);
  expect([await seen('skep_workqueue_delayed'), await seen('workqueue_retries_total')]).toEqual([1, 1]);
  now = 2_000;
  await queue.take();
  expect([await seen('workqueue_depth'), await seen('workqueue_queue_duration_seconds_sum')]).toEqual([1, 2]);
  now = 5_000;
  // Marked while it is worked on: it waits from here on.
  queue.add('a');
  now = 6_000;
  queue.done('a');
  expect([await seen('workqueue_work_duration_seconds_sum'), await seen('workqueue_adds_total')]).toEqual([4, 3]);
  expect([await queue.take(), await queue.take()]).toEqual(['b', 'a']);
  expect(await seen('workqueue_queue_duration_seconds_sum')).toBe(2 + 6 + 1);
});

test('KeyedBackoff doubles for each failure of a key, up to its limit, until the key is forgotten', () => {
  const backoff = new KeyedBackoff({ baseMs: 5, maxMs: 30 });
  expect([backoff.next('a'), backoff.next('a'), backoff.next('a'), backoff.next('a')]).toEqual([5, 10, 20, 30]);
  expect([backoff.next('b'), backoff.failures('a')]).toEqual([5, 4]);
  backoff.forget('a');
  expect(backoff.next('a')).toBe(5);
});
