import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { see, specOf } from '../containers/container-kill.ts';
import { terminationMessage } from '../containers/termination-message.ts';
import { removeLog } from '../logs/rotated-logs.ts';
import { podLogDirectory, terminationFile } from '../pod-paths.ts';
import { LABELS } from '../sandbox/sandbox-config.ts';
import type { PodState } from './pod-state.ts';

/** In the set of what has changed: sandboxes and containers must be listed, since there may be some that are not known. */
const LIST = 'list';

/** Keeps a pod's record like the runtime: asks for what has changed, reads the last words of what has ended, removes what is too old. */
export class RecordKeeper {
  readonly #state: PodState;
  readonly #changed = new Set<string>();

  constructor(state: PodState) {
    this.#state = state;
    for (const id of state.record.containers.keys()) this.#changed.add(id);
  }

  /** A container (or, without id, the sandbox or something that is not known) may have changed. */
  changed(containerId?: string): void {
    this.#changed.add(containerId ?? LIST);
  }

  /** Brings the record up to date with what was told to have changed. */
  async refresh(): Promise<void> {
    const { context, record } = this.#state;
    const changed = [...this.#changed];
    for (const id of changed) this.#changed.delete(id);
    try {
      await Promise.all(changed.map((id) => (id === LIST ? this.#relist() : see(context, record, id))));
    } catch (error) {
      for (const id of changed) this.#changed.add(id);
      throw error;
    }
    await this.readMessages();
  }

  /** Reads the termination messages of containers that have ended since. */
  async readMessages(): Promise<void> {
    const { context, pod, record, messages } = this.#state;
    const directory = context.volumes.podDirectory(pod.metadata.uid ?? '');
    for (const ended of record.containers.values()) {
      const container = specOf(pod, ended.name);
      if (ended.state !== 'exited' || container === undefined || messages.has(ended.id)) continue;
      const file = terminationFile(directory, ended.name, ended.attempt);
      const log = join(podLogDirectory(context.dataDir, pod), ended.name, `${ended.attempt}.log`);
      const message = await terminationMessage(container, ended.exitCode, { file, log });
      messages.set(ended.id, message === '' ? ended.message : message);
    }
  }

  /** Of each container the last two stay: the one that runs and the one before it, for its log. */
  dropOld(): void {
    const { record, messages } = this.#state;
    const names = new Set([...record.containers.values()].map(({ name }) => name));
    for (const name of names)
      for (const old of record.history(name).slice(2)) {
        if (old.state === 'running') continue;
        record.containers.delete(old.id);
        messages.delete(old.id);
        void this.#removeContainer(old.id, name, old.attempt);
      }
    const used = new Set([...record.containers.values()].map(({ sandboxId }) => sandboxId));
    for (const { id } of record.sandboxes.values()) {
      if (used.has(id) || id === record.sandbox?.id) continue;
      record.sandboxes.delete(id);
      void this.#removeSandbox(id);
    }
  }

  /** Asks for all that there is of this pod, known or not. */
  async #relist(): Promise<void> {
    const { context, pod, record } = this.#state;
    const { runtime } = context;
    const { uid } = pod.metadata;
    const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
    const own = sandboxes.filter(({ metadata }) => metadata.uid === uid);
    record.sandboxes.clear();
    for (const sandbox of own) record.sandboxes.set(sandbox.id, sandbox);
    const ids = containers.filter(({ labels }) => labels[LABELS.podUid] === uid).map(({ id }) => id);
    const doubtful = ids.filter((id) => record.containers.get(id)?.state !== 'exited');
    await Promise.all(doubtful.map((id) => see(context, record, id)));
    for (const id of record.containers.keys()) if (!ids.includes(id)) record.containers.delete(id);
  }

  async #removeSandbox(id: string): Promise<void> {
    const { runtime, log } = this.#state.context;
    try {
      await runtime.removeSandbox(id);
    } catch (error) {
      log.warn({ err: error, id }, 'cannot remove a dead sandbox');
    }
  }

  async #removeContainer(id: string, name: string, attempt: number): Promise<void> {
    const { context, pod } = this.#state;
    try {
      await context.runtime.removeContainer(id);
      await removeLog(join(podLogDirectory(context.dataDir, pod), name, `${attempt}.log`));
      await rm(terminationFile(context.volumes.podDirectory(pod.metadata.uid ?? ''), name, attempt), { force: true });
    } catch (error) {
      context.log.warn({ err: error, id }, 'cannot remove a dead container');
    }
  }
}
