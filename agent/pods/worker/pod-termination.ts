import { rm } from 'node:fs/promises';
import type { RuntimeContainerStatus } from '../../runtime/runtime.ts';
import { killContainer } from '../containers/container-kill.ts';
import { podLogDirectory } from '../pod-paths.ts';
import type { PodSandboxes } from './pod-sandboxes.ts';
import { type PodState, unless } from './pod-state.ts';

/** The end of one pod: its containers within the grace period, its sandboxes, its files. */
export class PodTermination {
  readonly #state: PodState;
  readonly #sandboxes: PodSandboxes;
  /** The grace period that holds, once the killing has begun. Seconds. */
  #killing: number | undefined;

  constructor(state: PodState, sandboxes: PodSandboxes) {
    this.#state = state;
    this.#sandboxes = sandboxes;
  }

  /** A second deletion may shorten the grace period of the first. */
  hasten(): void {
    const { context, record } = this.#state;
    const grace = this.#graceSeconds;
    if (this.#killing === undefined || grace >= this.#killing) return;
    this.#killing = grace;
    for (const { id } of record.running) void context.runtime.stopContainer(id, grace).catch(() => undefined);
  }

  /** Stops all containers, then the sandboxes. An agent that stops meanwhile (`stopped`) does not wait: the next one goes on with it. */
  async stopAll(stopped: AbortSignal): Promise<void> {
    this.#killing ??= this.#graceSeconds;
    const { pod, record } = this.#state;
    const order = (pod.spec?.initContainers ?? []).map(({ name }) => name);
    const { running } = record;
    const others = running.filter(({ name }) => !order.includes(name));
    await unless(Promise.all(others.map((container) => this.#kill(container))), stopped);
    // Sidecars outlive what they serve, and go in the reverse order of their start.
    for (const name of order.reverse())
      for (const container of running) if (container.name === name) await unless(this.#kill(container), stopped);
    await this.#sandboxes.stop();
  }

  /** Removes what is left of the pod: sandboxes with their dead containers, volumes, logs. */
  async removeAll(): Promise<void> {
    const { context, pod, record } = this.#state;
    // Few at once: nobody waits for it, and when many pods go the stopping of the others comes first.
    for (const id of record.sandboxes.keys())
      await context.removals.run(false, () => context.runtime.removeSandbox(id));
    await context.volumes.tearDown(pod.metadata.uid ?? '');
    await rm(podLogDirectory(context.dataDir, pod), { recursive: true, force: true });
  }

  get #graceSeconds(): number {
    const { metadata, spec } = this.#state.pod;
    const asked = metadata.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30;
    return Math.max(1, asked === 0 ? (spec?.terminationGracePeriodSeconds ?? 30) : asked);
  }

  #kill(container: RuntimeContainerStatus): Promise<void> {
    const { context, pod, record } = this.#state;
    const message = `Stopping container ${container.name}`;
    return killContainer(context, { pod, record, container, message, graceSeconds: this.#killing ?? 1 });
  }
}
