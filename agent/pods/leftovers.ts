import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PodContext } from './pod-context.ts';
import { ANNOTATIONS } from './containers/container-config.ts';
import type { PodRecord } from './pod-record.ts';

/** Stops and removes what the runtime holds of a pod that is no longer this node's, and its files. */
export async function removeLeftover(context: PodContext, uid: string, record: PodRecord): Promise<void> {
  const { runtime, volumes, log } = context;
  log.info(
    { uid, containers: record.containers.size, sandboxes: record.sandboxes.size },
    'removing what is left of a pod that is gone',
  );
  await Promise.all(
    record.running.map((container) => {
      const grace = Number(container.annotations[ANNOTATIONS.terminationGracePeriod] ?? '30');
      return runtime.stopContainer(container.id, Number.isFinite(grace) ? grace : 30);
    }),
  );
  for (const id of record.sandboxes.keys()) {
    await runtime.stopSandbox(id);
    await runtime.removeSandbox(id);
  }
  await volumes.tearDown(uid);
}

/** Removes files of pods that nobody knows any more: volumes, and logs. */
export async function removeLeftoverFiles(context: PodContext, known: ReadonlySet<string>): Promise<void> {
  for (const uid of await context.volumes.leftovers()) if (!known.has(uid)) await context.volumes.tearDown(uid);
  const logs = join(context.dataDir, 'logs', 'pods');
  for (const name of await readdir(logs).catch(() => [])) {
    const uid = name.split('_')[2] ?? '';
    if (!known.has(uid)) await rm(join(logs, name), { recursive: true, force: true });
  }
}
