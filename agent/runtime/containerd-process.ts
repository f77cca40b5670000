import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { ContainerdPaths } from './containerd-config.ts';

const LOG_LIMIT_BYTES = 4 * 1024 * 1024;

/** The pid of the containerd that serves these paths, if it lives: from the pid file, checked against its command line (pids are reused). */
export function runningContainerd(paths: ContainerdPaths): number | undefined {
  if (!existsSync(paths.pidFile)) return undefined;
  const pid = Number(readFileSync(paths.pidFile, 'utf8'));
  return Number.isInteger(pid) && pid > 0 && isContainerd(pid, paths) ? pid : undefined;
}

/** Does `pid` run containerd with this configuration. */
export function isContainerd(pid: number, paths: ContainerdPaths): boolean {
  try {
    if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return false;
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(paths.config);
  } catch {
    return false;
  }
}

/** Starts containerd in a session of its own, with no pipe to us: it outlives the agent. Returns its pid. */
export function startContainerd(program: string, paths: ContainerdPaths): number {
  mkdirSync(dirname(paths.log), { recursive: true });
  if (existsSync(paths.log) && statSync(paths.log).size > LOG_LIMIT_BYTES) truncateSync(paths.log, 0);
  const log = openSync(paths.log, 'a', 0o600);
  try {
    const child = Bun.spawn([program, '--config', paths.config], {
      stdin: 'ignore',
      stdout: log,
      stderr: log,
      detached: true,
      cwd: '/',
    });
    child.unref();
    writeFileSync(paths.pidFile, `${child.pid}`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** Does anybody answer at the socket. */
export function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect({ path: socket });
    const settle = (answer: boolean) => {
      connection.destroy();
      resolve(answer);
    };
    connection.once('connect', () => settle(true));
    connection.once('error', () => settle(false));
  });
}

/** The last lines that containerd wrote, for the error message when it will not start. */
export function lastLogLines(paths: ContainerdPaths, lines = 3): string {
  if (!existsSync(paths.log)) return '';
  return readFileSync(paths.log, 'utf8').trim().split('\n').slice(-lines).join('\n');
}
