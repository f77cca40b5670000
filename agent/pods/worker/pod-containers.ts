import type { Container } from '#api/podspec/container.ts';
import { runPostStart, killContainer, specOf } from '../containers/container-kill.ts';
import type { ContainerStarter, StartPlace } from '../containers/container-starter.ts';
import { sandboxConfigOf, writeHosts } from '../sandbox/pod-sandbox.ts';
import { isSidecar, type KillAction } from './pod-actions.ts';
import { type PodState, unless } from './pod-state.ts';
import type { PodVolumeState } from './pod-volume-state.ts';
import type { RecordKeeper } from './record-keeper.ts';

/** What PodContainers needs besides the state. */
export interface PodContainersOptions {
  readonly starter: ContainerStarter;
  readonly volumes: PodVolumeState;
  readonly keeper: RecordKeeper;
  /** Says what has changed of one while others are still in the making. */
  readonly report: () => void;
}

/** Starts, kills and probes the containers of one pod, as its actions say. */
export class PodContainers {
  readonly #state: PodState;
  readonly #options: PodContainersOptions;

  constructor(state: PodState, options: PodContainersOptions) {
    this.#state = state;
    this.#options = options;
  }

  /** Kills containers, each within its grace period, all at once. */
  async kill(actions: readonly KillAction[]): Promise<void> {
    const { context, pod, record, probes } = this.#state;
    await Promise.all(
      actions.map(async ({ container, message, probe }) => {
        probes.unwatch(container.name);
        const spec = specOf(pod, container.name);
        const own = probe === 'startup' ? spec?.startupProbe : probe === 'liveness' ? spec?.livenessProbe : undefined;
        const graceSeconds = own?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
        await this.#patiently(killContainer(context, { pod, record, container, message, graceSeconds }));
      }),
    );
    if (actions.length > 0) await this.#options.keeper.readMessages();
  }

  /** Starts containers, all at once. `killed` = names of those that we have just killed. Returns when to look again at each. */
  async start(containers: readonly Container[], killed: ReadonlySet<string>): Promise<number[]> {
    const { context, pod, record } = this.#state;
    const sandbox = record.readySandbox;
    if (containers.length === 0 || sandbox === undefined) return [];
    const [config, hostsPath] = await Promise.all([
      sandboxConfigOf(context, pod, sandbox.metadata.attempt),
      writeHosts(context, pod, record),
    ]);
    const place = { sandboxId: sandbox.id, sandbox: config, hostsPath };
    const results = await Promise.allSettled(
      containers.map((container) => this.#startOne(container, killed.has(container.name), place)),
    );
    return results.map((result) => {
      if (result.status === 'fulfilled') return result.value;
      throw result.reason;
    });
  }

  /** Probes what runs. */
  watchProbes(): void {
    const { context, pod, record, probes } = this.#state;
    const { initContainers = [], containers = [] } = pod.spec ?? {};
    const before = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    for (const container of [...initContainers.filter((candidate) => isSidecar(candidate)), ...containers]) {
      const latest = record.latest(container.name);
      if (latest?.state !== 'running') continue;
      const known = before.find(({ containerID }) => containerID === `containerd://${latest.id}`);
      probes.watch({
        pod,
        container,
        containerId: latest.id,
        startedAt: latest.startedAt,
        podIPs: record.ips,
        hostIPs: context.hostIPs(),
        wasReady: known?.ready ?? false,
        wasStarted: known?.started ?? false,
      });
    }
  }

  /** Waits for something that may take long, but no longer than the pod is wanted. */
  #patiently<T>(work: Promise<T>): Promise<T> {
    return unless(work, this.#state.unwanted);
  }

  /** Starts one container if it is its time; returns when to look again. */
  async #startOne(container: Container, justKilled: boolean, place: StartPlace): Promise<number> {
    const { context, pod, record } = this.#state;
    const { starter, volumes, keeper, report } = this.#options;
    const patiently = <T>(work: Promise<T>): Promise<T> => this.#patiently(work);
    const options = { pod, container, record, volumes: volumes.mounted, patiently, ...place };
    const delay = await starter.start(options, justKilled);
    if (delay === undefined) {
      if (!(await patiently(runPostStart(context, pod, record, container)))) {
        await this.#afterFailedHook(container);
        return 0;
      }
      this.watchProbes();
    } else if (starter.isUnsure) keeper.changed();
    report();
    return delay ?? Infinity;
  }

  async #afterFailedHook(container: Container): Promise<void> {
    const running = this.#state.record.latest(container.name);
    if (running?.state === 'running') await this.kill([{ container: running, message: 'FailedPostStartHook' }]);
    this.#options.starter.waiting.set(container.name, { reason: 'PostStartHookError', message: 'PostStartHookError' });
  }
}
