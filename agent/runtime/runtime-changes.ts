import type { Logger } from '#base/logger.ts';
import { ExitWatch } from './exit-watch.ts';
import { RuntimeFailure, type RuntimeContainer, type RuntimeContainerStatus, type RuntimeSandbox } from './runtime.ts';

/** What may have changed. */
export interface RuntimeChange {
  readonly sandboxId: string;
  readonly containerId?: string;
}

/** What RuntimeChanges asks the runtime. */
export interface RuntimeChangesOptions {
  readonly taskDirectory: string;
  readonly logger: Logger;
  readonly inspect: (id: string) => Promise<RuntimeContainerStatus>;
  readonly containers: () => Promise<readonly RuntimeContainer[]>;
  readonly sandboxes: () => Promise<readonly RuntimeSandbox[]>;
}

/** A lost inotify event is seen by then; every ask costs a crictl call, so it is rare. */
const RELIST_MS = 60_000;
/** The same when there is no inotify. */
const RELIST_BLIND_MS = 1_000;
const CONFIRM_DELAYS_MS = [0, 10, 20, 50, 100, 200, 500, 1000, 2000];

/**
 * Knows what runs, and tells when it no longer does. A container is in one of these states here:
 * started (we or a list saw it running) → gone from the task directory → confirmed by one inspect that says exited (kept: it changes no more,
 * so the answer to whoever asks next is free) → told. A sandbox is told at once.
 */
export class RuntimeChanges {
  readonly #options: RuntimeChangesOptions;
  readonly #listeners = new Set<(change: RuntimeChange) => void>();
  readonly #running = new Map<string, string>();
  readonly #sandboxes = new Set<string>();
  readonly #ended = new Map<string, RuntimeContainerStatus>();
  readonly #confirming = new Set<string>();
  #watch: ExitWatch | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: RuntimeChangesOptions) {
    this.#options = options;
  }

  /** See ContainerRuntime.onChange. The watch begins with the first listener. */
  onChange(listener: (change: RuntimeChange) => void): () => void {
    this.#listeners.add(listener);
    this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#end();
    };
  }

  /** Ends everything. */
  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#end();
  }

  /** The status of a container that is known to have ended. */
  endedStatus(id: string): RuntimeContainerStatus | undefined {
    return this.#ended.get(id);
  }

  sandboxStarted(id: string): void {
    this.#sandboxes.add(id);
  }

  sandboxRemoved(id: string): void {
    this.#sandboxes.delete(id);
  }

  /** Its sandbox is learned when somebody inspects it. */
  containerStarted(id: string): void {
    if (!this.#running.has(id)) this.#running.set(id, '');
  }

  containerRemoved(id: string): void {
    this.#running.delete(id);
    this.#ended.delete(id);
  }

  sawSandboxes(sandboxes: readonly RuntimeSandbox[]): void {
    for (const { id, state } of sandboxes) if (state === 'ready') this.#sandboxes.add(id);
  }

  sawContainers(containers: readonly RuntimeContainer[]): void {
    const there = new Set(containers.map(({ id }) => id));
    for (const id of this.#ended.keys()) if (!there.has(id)) this.#ended.delete(id);
    for (const { id, sandboxId, state } of containers) if (state === 'running') this.#running.set(id, sandboxId);
  }

  sawStatus(status: RuntimeContainerStatus): void {
    if (status.state === 'running') this.#running.set(status.id, status.sandboxId);
    if (status.state !== 'exited') return;
    this.#running.delete(status.id);
    this.#ended.set(status.id, status);
  }

  #begin(): void {
    if (this.#watch !== undefined || this.#timer !== undefined || this.#closed) return;
    const { taskDirectory, logger } = this.#options;
    try {
      this.#watch = new ExitWatch({
        taskDirectory,
        ended: (id) => this.#taskEnded(id),
        failed: (error) => this.#blind(error),
      });
    } catch (error) {
      logger.warn({ error, taskDirectory }, 'cannot watch tasks by inotify, listing instead');
    }
    this.#schedule();
  }

  #blind(error: Error): void {
    this.#options.logger.warn({ error }, 'the watch of tasks ended, listing instead');
    this.#watch?.close();
    this.#watch = undefined;
  }

  #end(): void {
    this.#watch?.close();
    this.#watch = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    const wait = this.#watch === undefined ? RELIST_BLIND_MS : RELIST_MS;
    this.#timer = setTimeout(() => void this.#relist(), wait);
    this.#timer.unref();
  }

  async #relist(): Promise<void> {
    try {
      if (this.#running.size > 0 || this.#sandboxes.size > 0) await this.#compare();
    } catch (error) {
      this.#options.logger.debug({ error }, 'cannot list containers');
    }
    if (this.#timer !== undefined) this.#schedule();
  }

  async #compare(): Promise<void> {
    const before = new Map(this.#running);
    const sandboxesBefore = new Set(this.#sandboxes);
    const [containers, sandboxes] = await Promise.all([this.#options.containers(), this.#options.sandboxes()]);
    const running = new Set(containers.filter(({ state }) => state === 'running').map(({ id }) => id));
    const ready = new Set(sandboxes.filter(({ state }) => state === 'ready').map(({ id }) => id));
    for (const id of before.keys()) if (!running.has(id)) void this.#confirm(id);
    for (const id of sandboxesBefore) {
      if (ready.has(id)) continue;
      this.#sandboxes.delete(id);
      this.#tell({ sandboxId: id });
    }
  }

  #taskEnded(id: string): void {
    if (this.#sandboxes.delete(id)) this.#tell({ sandboxId: id });
    else void this.#confirm(id);
  }

  /** containerd writes the exit down a moment after it has removed the task: ask until it says so. */
  async #confirm(id: string): Promise<void> {
    if (this.#confirming.has(id)) return;
    this.#confirming.add(id);
    try {
      for (const delay of CONFIRM_DELAYS_MS) {
        if (delay > 0) await Bun.sleep(delay);
        if (this.#closed) return;
        const status = await this.#options.inspect(id);
        if (status.state !== 'exited') continue;
        this.sawStatus(status);
        this.#tell({ sandboxId: status.sandboxId, containerId: id });
        return;
      }
    } catch (error) {
      const sandboxId = this.#running.get(id);
      const gone = error instanceof RuntimeFailure && error.code === 'NotFound';
      if (!gone) this.#options.logger.warn({ error, id }, 'cannot inspect a container that ended');
      // Still in #running unless it is gone, so that the next relist asks again.
      else this.#running.delete(id);
      if (sandboxId !== undefined && sandboxId !== '') this.#tell({ sandboxId, containerId: id });
    } finally {
      this.#confirming.delete(id);
    }
  }

  #tell(change: RuntimeChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
