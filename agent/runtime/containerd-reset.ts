import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import type { Logger } from '#base/logger.ts';
import { cgroupParent, detectCgroups, removeCgroup } from './cgroup.ts';
import { type ContainerdPaths, containerdPaths } from './containerd-config.ts';
import { answers, isContainerd, runningContainerd, startContainerd } from './containerd-process.ts';
import { endProcess } from './containerd-supervisor.ts';
import { CrictlCommand, runToEnd } from './crictl-command.ts';

/** What `resetContainerd` needs to know. */
export interface ContainerdResetOptions {
  readonly dataDirectory: string;
  readonly logger: Logger;
  readonly containerd?: string;
  readonly crictl?: string;
  /** Cgroups that pods were put in, removed where empty. */
  readonly cgroupPaths: readonly string[];
}

const REMOVE_DEADLINE_MS = 120_000;

/**
 * Removes every pod of this agent's containerd, ends it and its shims, undoes its mounts and removes its cgroups and run directory.
 * Images and the rest of the data directory are the caller's to delete. Works also when containerd is not running or will not start.
 */
export async function resetContainerd(options: ContainerdResetOptions): Promise<void> {
  const paths = containerdPaths(options.dataDirectory);
  await removePods(paths, options);
  const pid = runningContainerd(paths);
  if (pid !== undefined) await endProcess(pid, () => isContainerd(pid, paths));
  await endShims(paths);
  await unmountBelow([`${paths.root}/`, `${paths.runDirectory}/`]);
  const cgroups = detectCgroups();
  for (const path of options.cgroupPaths) removeCgroup(cgroupParent(path, cgroups.driver), cgroups);
  rmSync(paths.runDirectory, { recursive: true, force: true });
  for (const empty of ['/run/skep', '/run/containerd/s', '/run/containerd']) removeIfEmpty(empty);
}

async function removePods(paths: ContainerdPaths, options: ContainerdResetOptions): Promise<void> {
  const { containerd = 'containerd', crictl = 'crictl', logger } = options;
  if (!existsSync(paths.config)) return;
  const hasTasks = existsSync(paths.taskDirectory) && readdirSync(paths.taskDirectory).length > 0;
  try {
    if (runningContainerd(paths) === undefined) {
      // Only containerd takes down a pod's network rightly, so it is started for this once more.
      if (!hasTasks) return;
      startContainerd(containerd, paths);
    }
    const deadline = Date.now() + 15_000;
    while (!(await answers(paths.socket)) && Date.now() < deadline) await Bun.sleep(50);
    const command = new CrictlCommand({ crictl, socket: paths.socket });
    const run = (...args: string[]) => command.run('reset', args, { timeoutMs: REMOVE_DEADLINE_MS, slow: true });
    const ids = (await run('pods', '-q')).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await run('rmp', '-f', ...ids);
  } catch (error) {
    logger.warn({ error }, 'cannot remove pods through containerd, ending their processes');
  }
}

/** Ends what is still below our socket: shims, and the containers that a shim leaves when it is killed. */
async function endShims(paths: ContainerdPaths): Promise<void> {
  const doomed: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = read(`/proc/${name}/cmdline`).split('\0');
    if (words[0]?.includes('containerd-shim') === true && words.includes(paths.socket))
      doomed.push(Number(name), ...childrenOf(Number(name)));
  }
  for (const pid of doomed) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
  const deadline = Date.now() + 5_000;
  while (doomed.some((pid) => existsSync(`/proc/${pid}`)) && Date.now() < deadline) await Bun.sleep(20);
}

const childrenOf = (pid: number): number[] =>
  read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((child) => child !== '')
    .map(Number);

/** Unmounts, newest first, what is mounted below any of the prefixes. */
async function unmountBelow(prefixes: readonly string[]): Promise<void> {
  const targets = read('/proc/self/mountinfo')
    .split('\n')
    .map((line) => decodeOctal(line.split(' ')[4] ?? ''))
    .filter((target) => prefixes.some((prefix) => target.startsWith(prefix)))
    .toReversed();
  for (const target of targets) await runToEnd('unmount', ['umount', '-l', target], 10_000).catch(() => undefined);
}

/** mountinfo writes spaces as `\040`. */
const decodeOctal = (text: string): string =>
  text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not there, or somebody else's things are in it.
  }
}
