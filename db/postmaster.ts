import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What postmaster.pid says of a running Postgres (Postgres: src/include/utils/pidfile.h). */
export interface Postmaster {
  readonly pid: number;
  readonly socketDirectory: string;
  readonly ready: boolean;
}

/** The postmaster of `dataDirectory`, if one is running. A pid file of a dead one, or of a pid that now is something else, counts as none. */
export function runningPostmaster(dataDirectory: string): Postmaster | undefined {
  const file = join(dataDirectory, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  const pid = Number(lines[0]);
  if (!isPostmasterOf(pid, dataDirectory)) return undefined;
  return { pid, socketDirectory: lines[4]?.trim() ?? '', ready: lines[7]?.trim() === 'ready' };
}

/** A postmaster's working directory is its data directory. */
function isPostmasterOf(pid: number, dataDirectory: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === dataDirectory && readlinkSync(`/proc/${pid}/exe`).includes('postgres');
  } catch {
    return false;
  }
}

/** Is the process still there (a zombie is not). */
export function isRunning(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/**
 * Stops a postmaster: SIGINT (fast: sessions end, a checkpoint is written); after `deadlineMs` SIGQUIT (at once; the next start recovers from
 * the log), then SIGKILL.
 */
export async function stopPostmaster(pid: number, deadlineMs: number, first: NodeJS.Signals = 'SIGINT'): Promise<void> {
  const steps: readonly (readonly [NodeJS.Signals, number])[] = [
    [first, deadlineMs],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 2_000],
  ];
  for (const [signal, waitMs] of steps) {
    if (!isRunning(pid)) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = Date.now() + waitMs;
    while (isRunning(pid) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Removes the pid file, the socket and its lock that a killed postmaster has left. Postgres itself would refuse to start when their pid is in
 * use again, or is a zombie.
 */
export async function removeStaleFiles(dataDirectory: string, socketDirectory: string): Promise<void> {
  if (runningPostmaster(dataDirectory) !== undefined) return;
  const files = [
    join(dataDirectory, 'postmaster.pid'),
    join(socketDirectory, '.s.PGSQL.5432'),
    join(socketDirectory, '.s.PGSQL.5432.lock'),
  ];
  for (const file of files) await rm(file, { force: true });
}
