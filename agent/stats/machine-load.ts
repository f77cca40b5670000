import { readFile } from 'node:fs/promises';

/** How busy the machine is and has been. */
export interface MachineLoad {
  /** Of all processors together since the machine was started, in steps of 10 ms. */
  readonly cpuCoreNanoSeconds: number;
  /** What could not be given out without swapping. */
  readonly memoryWorkingSetBytes: number;
  readonly memoryAvailableBytes: number;
}

/** USER_HZ, which is 100 on every architecture that Skep runs on. */
const TICK_NANOS = 10_000_000;

/** Reads two files of /proc: no process is started. */
export async function machineLoad(proc = '/proc'): Promise<MachineLoad> {
  const [stat, memory] = await Promise.all([readFile(`${proc}/stat`, 'utf8'), readFile(`${proc}/meminfo`, 'utf8')]);
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(memory)?.[1] ?? 0);
  const available = kibibytes('MemAvailable') * 1024;
  return {
    cpuCoreNanoSeconds: busyTicks(stat) * TICK_NANOS,
    memoryWorkingSetBytes: Math.max(0, kibibytes('MemTotal') * 1024 - available),
    memoryAvailableBytes: available,
  };
}

/** user + nice + system + irq + softirq. Guests are in user already; idle, iowait and what a hypervisor stole were nobody's work here. */
function busyTicks(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .map(Number);
  return user + nice + system + irq + softirq;
}
