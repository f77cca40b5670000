import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineLoad } from './machine-load.ts';

const proc = mkdtempSync(join(tmpdir(), 'skep-proc-'));
afterAll(() => rmSync(proc, { recursive: true, force: true }));

test('machineLoad() counts what processors worked, not what they waited or lost to a hypervisor', async () => {
  // user nice system idle iowait irq softirq steal guest guest_nice
  writeFileSync(join(proc, 'stat'), 'cpu  100 20 30 4000 500 6 7 800 9 1\ncpu0 1 1 1 1 1 1 1 1 1 1\n');
  writeFileSync(join(proc, 'meminfo'), 'MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:    400 kB\n');
  expect(await machineLoad(proc)).toEqual({
    cpuCoreNanoSeconds: 163 * 10_000_000,
    memoryWorkingSetBytes: 600 * 1024,
    memoryAvailableBytes: 400 * 1024,
  });
});

test('machineLoad() reads this machine', async () => {
  const { cpuCoreNanoSeconds, memoryWorkingSetBytes } = await machineLoad();
  expect(cpuCoreNanoSeconds).toBeGreaterThan(0);
  expect(memoryWorkingSetBytes).toBeGreaterThan(0);
});
