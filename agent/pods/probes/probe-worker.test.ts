import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { Probe } from '#api/podspec/lifecycle.ts';
import { eventually } from '#test/support/eventually.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { type ProbeType, ProbeWorker } from './probe-worker.ts';

let clock: ManualClock;
let healthy: boolean;
let held: boolean;
let attempts: number[];
let told: string[];
let changes: boolean[];
let worker: ProbeWorker;
beforeEach(() => {
  clock = new ManualClock();
  [healthy, held, attempts, told, changes] = [false, false, [], [], []];
});
afterEach(() => worker.stop());

function begin(type: ProbeType, probe: Probe): void {
  const startedAt = clock.now();
  worker = new ProbeWorker({
    type,
    probe: { periodSeconds: 1, ...probe },
    startedAt,
    initial: type === 'liveness',
    clock,
    attempt: async () => {
      attempts.push(clock.now() - startedAt);
      return { healthy, output: healthy ? '' : 'no' };
    },
    held: () => held,
    changed: () => changes.push(worker.healthy),
    unhealthy: (message) => told.push(message),
  });
}

test('readiness is tried often in the first second, and failures there are not told', async () => {
  begin('readiness', {});
  await clock.advance(200);
  expect([attempts, told]).toEqual([[50, 150], []]);
  healthy = true;
  await clock.advance(200);
  expect(changes).toEqual([true]);
  expect(attempts).toEqual([50, 150, 350]);
});

test('after the first second each failure is told, and failureThreshold of them change the result', async () => {
  healthy = true;
  begin('readiness', { failureThreshold: 2 });
  await clock.advance(900);
  healthy = false;
  await clock.advance(200);
  expect([told, worker.healthy]).toEqual([['Readiness probe failed: no'], true]);
  await clock.advance(1000);
  expect([told.length, worker.healthy, changes]).toEqual([2, false, [true, false]]);
});

test('successThreshold equal outcomes in a row make it ready', async () => {
  healthy = true;
  begin('readiness', { successThreshold: 3, initialDelaySeconds: 1 });
  await clock.advance(2500);
  expect([attempts.length, worker.healthy]).toEqual([2, false]);
  await clock.advance(1000);
  expect(worker.healthy).toBe(true);
});

test('liveness is not tried before the container has settled, and stays failed', async () => {
  begin('liveness', { failureThreshold: 3 });
  await clock.advance(999);
  expect(attempts).toEqual([]);
  await clock.advance(10_000);
  expect([worker.healthy, attempts.length, told[0]]).toEqual([false, 3, 'Liveness probe failed: no']);
});

test('what is held begins with a kick', async () => {
  [held, healthy] = [true, true];
  begin('readiness', { periodSeconds: 60 });
  await clock.advance(5000);
  expect(attempts).toEqual([]);
  held = false;
  worker.kick();
  await eventually(() => expect(worker.healthy).toBe(true));
});

test('initialDelaySeconds counts from the start of the container', async () => {
  healthy = true;
  begin('startup', { initialDelaySeconds: 3 });
  await clock.advance(2999);
  expect(attempts).toEqual([]);
  await clock.advance(1);
  expect([attempts, worker.decided]).toEqual([[3000], true]);
});
