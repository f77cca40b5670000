import { expect, test } from 'bun:test';
import { ManualClock } from '#test/support/manual-clock.ts';
import type { RuntimeContainerStats } from '../runtime/runtime.ts';
import { UsageSampler } from './usage-sampler.ts';

/** A node whose containers use what `rates` says, in nanocores; a machine of one busy core. */
function node(rates: Record<string, number>) {
  const clock = new ManualClock();
  const began = clock.now();
  const asked: number[] = [];
  const stats = (): RuntimeContainerStats[] =>
    Object.entries(rates).map(([id, rate]) => ({
      id,
      labels: id === 'stray' ? {} : { pod: 'p', name: id },
      cpuCoreNanoSeconds: ((clock.now() - began) * rate) / 1000,
      timestampNanos: clock.now() * 1e6,
      memoryWorkingSetBytes: 4096,
    }));
  const sampler = new UsageSampler({
    clock,
    runtime: {
      async containerStats() {
        asked.push(clock.now() - began);
        return stats();
      },
    },
    owner: ({ pod, name }) =>
      pod === undefined || name === undefined ? undefined : { namespace: 'd', name: pod, uid: 'u', container: name },
    machine: async () => ({
      cpuCoreNanoSeconds: (clock.now() - began) * 1e6,
      memoryWorkingSetBytes: 1000,
      memoryAvailableBytes: 3000,
    }),
  });
  /** A report, with the second that it may need. */
  async function report() {
    const asking = sampler.report();
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_000);
    return asking;
  }
  return { clock, sampler, asked, report, rates };
}

test('the first question is answered with a second of measuring, and nothing is measured before', async () => {
  const { report, asked } = node({ a: 250_000_000, stray: 1 });
  expect(asked).toEqual([]);
  expect(await report()).toMatchObject({
    windowMs: 1_000,
    node: { cpuNanoCores: 1_000_000_000, memoryWorkingSetBytes: 1000, memoryAvailableBytes: 3000 },
    pods: [
      {
        namespace: 'd',
        name: 'p',
        uid: 'u',
        containers: [{ name: 'a', cpuNanoCores: 250_000_000, memoryWorkingSetBytes: 4096 }],
      },
    ],
  });
  expect(asked).toEqual([0, 1_000]);
});

test('the next one is answered at once with the average since the last', async () => {
  const { report, clock, sampler, asked } = node({ a: 5_000_000 });
  await report();
  await clock.advance(14_000);
  const { windowMs, pods } = await sampler.report();
  expect([windowMs, pods[0]?.containers[0]?.cpuNanoCores]).toEqual([14_000, 5_000_000]);
  expect(asked).toEqual([0, 1_000, 15_000]);
});

test('a container that is new, and a last question long ago, cost another second', async () => {
  const { report, clock, rates } = node({ a: 1_000_000 });
  await report();
  await clock.advance(5_000);
  rates['b'] = 2_000_000;
  const { windowMs, pods } = await report();
  expect(windowMs).toBe(1_000);
  expect(pods[0]?.containers.map(({ name, cpuNanoCores }) => [name, cpuNanoCores])).toEqual([
    ['a', 1_000_000],
    ['b', 2_000_000],
  ]);
  await clock.advance(61_000);
  expect((await report()).windowMs).toBe(1_000);
});

test('two who ask at once get one answer', async () => {
  const { sampler, clock, asked } = node({ a: 1 });
  const both = Promise.all([sampler.report(), sampler.report()]);
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(1_000);
  const [one, other] = await both;
  expect(one).toBe(other);
  expect(asked).toHaveLength(2);
});
