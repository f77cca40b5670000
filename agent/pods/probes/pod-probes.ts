import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import type { Probe } from '#api/podspec/lifecycle.ts';
import type { Clock } from '#base/clock.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { probeAddress, runHandler } from './handler.ts';
import type { ProbeVerdicts } from '../worker/pod-actions.ts';
import { type ProbeType, ProbeWorker } from './probe-worker.ts';

/** What PodProbes needs. */
export interface PodProbesOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  /** A result has changed: the pod must be looked at. */
  readonly changed: () => void;
  /** An attempt failed: Unhealthy, about this container. */
  readonly unhealthy: (container: string, message: string) => void;
}

/** A running container to be probed. */
export interface ProbeTarget {
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly startedAt: number;
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
  /** What an earlier agent last said of it: that holds until its probes say otherwise. */
  readonly wasReady: boolean;
  readonly wasStarted: boolean;
}

interface ContainerProbes {
  readonly containerId: string;
  readonly workers: Partial<Record<ProbeType, ProbeWorker>>;
}

/** The probes of one pod's running containers. */
export class PodProbes implements ProbeVerdicts {
  readonly #options: PodProbesOptions;
  readonly #containers = new Map<string, ContainerProbes>();

  constructor(options: PodProbesOptions) {
    this.#options = options;
  }

  /** Begins to probe a container, and ends the probes of its predecessor. Nothing happens when it is probed already. */
  watch(target: ProbeTarget): void {
    const { container, containerId } = target;
    if (this.#containers.get(container.name)?.containerId === containerId) return;
    this.unwatch(container.name);
    const probes: ContainerProbes = { containerId, workers: {} };
    this.#containers.set(container.name, probes);
    const { startupProbe, livenessProbe, readinessProbe } = container;
    if (startupProbe !== undefined && !target.wasStarted)
      probes.workers.startup = this.#worker('startup', startupProbe, target);
    if (livenessProbe !== undefined) probes.workers.liveness = this.#worker('liveness', livenessProbe, target);
    if (readinessProbe !== undefined) probes.workers.readiness = this.#worker('readiness', readinessProbe, target);
  }

  /** Ends the probes of a container. */
  unwatch(container: string): void {
    for (const worker of Object.values(this.#containers.get(container)?.workers ?? {})) worker.stop();
    this.#containers.delete(container);
  }

  /** Ends all probes. */
  stop(): void {
    for (const name of this.#containers.keys()) this.unwatch(name);
  }

  started(container: string, containerId: string): boolean {
    const probes = this.#of(container, containerId);
    if (probes === undefined) return false;
    const { startup } = probes.workers;
    return startup === undefined || (startup.decided && startup.healthy);
  }

  /** Has the container started, and does its readiness probe (if any) say yes. */
  ready(container: string, containerId: string): boolean {
    const { readiness } = this.#of(container, containerId)?.workers ?? {};
    return this.started(container, containerId) && (readiness === undefined || readiness.healthy);
  }

  failed(container: string, containerId: string): 'liveness' | 'startup' | undefined {
    const { startup, liveness } = this.#of(container, containerId)?.workers ?? {};
    if (startup?.decided === true && !startup.healthy) return 'startup';
    if (liveness?.decided === true && !liveness.healthy) return 'liveness';
    return undefined;
  }

  #of(container: string, containerId: string): ContainerProbes | undefined {
    const probes = this.#containers.get(container);
    return probes?.containerId === containerId ? probes : undefined;
  }

  #worker(type: ProbeType, probe: Probe, target: ProbeTarget): ProbeWorker {
    const { container, containerId, pod } = target;
    const { runtime, clock } = this.#options;
    return new ProbeWorker({
      type,
      probe,
      startedAt: target.startedAt,
      initial: type === 'liveness' || (type === 'readiness' && target.wasReady),
      clock,
      attempt: (timeoutMs) => {
        const podIP = probeAddress(pod, target.podIPs, target.hostIPs);
        return runHandler(probe, { runtime, clock, container, containerId, podIP }, timeoutMs);
      },
      held: () => type !== 'startup' && !this.started(container.name, containerId),
      changed: () => {
        // What waited for the startup probe begins at once.
        const { liveness, readiness } = this.#of(container.name, containerId)?.workers ?? {};
        if (type === 'startup') for (const worker of [liveness, readiness]) worker?.kick();
        this.#options.changed();
      },
      unhealthy: (message) => this.#options.unhealthy(container.name, message),
    });
  }
}
