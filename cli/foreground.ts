import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Service } from '#base/service.ts';

/** How long services get to stop after SIGTERM before the process ends without them. */
const STOP_DEADLINE_MS = 20_000;
const POLL_MS = 50;

/**
 * Starts services one after another and runs them in the foreground until one ends or the process is told to stop (SIGTERM, SIGINT); then stops
 * all, last first. `pidFile` holds the process id meanwhile, so that `skep reset` and `skep status` find it.
 *
 * @throws what the first failing service rejected with; Error when another process of the same data directory is running.
 */
export async function runInForeground(starts: readonly (() => Promise<Service>)[], pidFile: string): Promise<void> {
  await claimPidFile(pidFile);
  const asked = Promise.withResolvers<void>();
  process.on('SIGTERM', asked.resolve);
  process.on('SIGINT', asked.resolve);
  const services: Service[] = [];
  const ends: Promise<void>[] = [asked.promise];
  try {
    for (const start of starts) {
      const service = await Promise.race([start(), ...ends]);
      if (service === undefined) break;
      services.push(service);
      ends.push(service.run());
    }
    await Promise.race(ends);
  } finally {
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, STOP_DEADLINE_MS).unref());
    await Promise.race([stopAll(services), deadline]);
    await rm(pidFile, { force: true });
  }
}

async function stopAll(services: readonly Service[]): Promise<void> {
  for (const service of services.toReversed()) await service.stop();
}

/** The process that a pid file names, if it is alive. */
export async function runningProcess(pidFile: string): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes('skep') || command.includes('cli/main') ? pid : undefined;
}

/** Sends SIGTERM to the process that a pid file names and waits for its end, then SIGKILL. Resolves at once when there is none. */
export async function stopProcess(pidFile: string): Promise<void> {
  const pid = await runningProcess(pidFile);
  if (pid === undefined) return;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; waited < STOP_DEADLINE_MS + 5000; waited += POLL_MS) {
    if ((await runningProcess(pidFile)) !== pid) return;
    await Bun.sleep(POLL_MS);
  }
  process.kill(pid, 'SIGKILL');
}

async function claimPidFile(pidFile: string): Promise<void> {
  const running = await runningProcess(pidFile);
  if (running !== undefined && running !== process.pid) {
    throw new Error(`Cannot start: process ${running} runs with this data directory already (${pidFile})`);
  }
  await mkdir(dirname(pidFile), { recursive: true, mode: 0o700 });
  await writeFile(pidFile, `${process.pid}\n`);
}

/** Does an agent run with this data directory, by itself or as a part of `skep up`. */
export async function runsAgent(dataDir: string): Promise<boolean> {
  if ((await runningProcess(join(dataDir, 'agent.pid'))) !== undefined) return true;
  return existsSync(join(dataDir, 'node.token')) && (await runningProcess(join(dataDir, 'server.pid'))) !== undefined;
}
