import { CrashBackoff } from '../containers/crash-backoff.ts';
import { rpcText } from '../images/images.ts';
import { createSandbox } from '../sandbox/pod-sandbox.ts';
import type { PodState } from './pod-state.ts';

/** The sandboxes of one pod: at most one is ready; those before it are stopped, once each. */
export class PodSandboxes {
  readonly #state: PodState;
  readonly #backoff = new CrashBackoff(1000, 60_000);
  readonly #stopped = new Set<string>();

  constructor(state: PodState) {
    this.#state = state;
  }

  /** How long the next one has to wait: one that died soon after its making is not replaced at once again and again. Milliseconds. */
  wait(): number {
    const { context, pod, record } = this.#state;
    const { sandbox } = record;
    if (sandbox === undefined) return 0;
    const { clock, events } = context;
    const left = this.#backoff.remaining('', sandbox.createdAt, clock.now());
    if (left > 0) return left;
    this.#backoff.next('', sandbox.createdAt, clock.now());
    events.normal(pod, 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    return 0;
  }

  /** Stops what there is and makes a new one. @throws RuntimeFailure after which there may be one that the record does not have. */
  async replace(): Promise<void> {
    const { context, pod, record } = this.#state;
    await this.stop();
    try {
      await createSandbox(context, pod, record);
    } catch (error) {
      const text = `Failed to create pod sandbox: ${rpcText(error)}`;
      context.events.warning(this.#state.pod, 'FailedCreatePodSandBox', text);
      throw error;
    }
  }

  /** Stops all. Also one that has died by itself is stopped: only that gives its address and its network back. */
  async stop(): Promise<void> {
    const { context, record } = this.#state;
    for (const sandbox of record.sandboxes.values()) {
      if (this.#stopped.has(sandbox.id)) continue;
      await context.runtime.stopSandbox(sandbox.id);
      this.#stopped.add(sandbox.id);
      record.sandboxes.set(sandbox.id, { ...sandbox, state: 'notReady' });
    }
  }

  /** Asks for the addresses that an adopted sandbox has. */
  async findIPs(): Promise<void> {
    const { context, pod, record } = this.#state;
    if (record.readySandbox === undefined || record.ips.length > 0) return;
    const { id } = record.readySandbox;
    record.ips = pod.spec?.hostNetwork === true ? context.hostIPs() : await context.runtime.sandboxIPs(id);
  }
}
