import { readdirSync, readFileSync } from 'node:fs';

/** What processes have used since they began. */
export interface ProcessUse {
  /** Of their children that have ended, too. */
  readonly cpuMs: number;
  /** How often a thread of theirs went to sleep of itself, which is how often it was woken. */
  readonly wakeUps: number;
  /** Bytes that they caused to be written to disk; of their children that have ended, too. */
  readonly writeBytes: number;
}

/** The kernel's USER_HZ, on all that Skep runs on. */
const TICKS_PER_SECOND = 100;

/** A process and its children that live. */
export function withChildren(root: number): number[] {
  const all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return [root, ...all.map(Number).filter((pid) => Number(statOf(pid)[1]) === root)];
}

/** The sum of several processes'. */
export function useOf(pids: readonly number[]): ProcessUse {
  const sum = { cpuMs: 0, wakeUps: 0, writeBytes: 0 };
  for (const pid of pids) {
    // utime, stime, cutime, cstime: fields 14 to 17; statOf begins with the third.
    const ticks = statOf(pid)
      .slice(11, 15)
      .reduce((total, field) => total + Number(field), 0);
    sum.cpuMs += (ticks * 1000) / TICKS_PER_SECOND;
    sum.writeBytes += field(`/proc/${pid}/io`, 'write_bytes');
    for (const thread of threadsOf(pid))
      sum.wakeUps += field(`/proc/${pid}/task/${thread}/status`, 'voluntary_ctxt_switches');
  }
  return sum;
}

/** What was used between two moments, for each second of `ms`. */
export const perSecond = (before: ProcessUse, after: ProcessUse, ms: number): ProcessUse => ({
  cpuMs: ((after.cpuMs - before.cpuMs) * 1000) / ms,
  wakeUps: ((after.wakeUps - before.wakeUps) * 1000) / ms,
  writeBytes: ((after.writeBytes - before.writeBytes) * 1000) / ms,
});

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // the process ended meanwhile
  }
}

function statOf(pid: number): string[] {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const field = (path: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readProc(path))?.[1] ?? 0);

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process ended meanwhile
  }
}
