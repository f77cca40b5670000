import type { PodUsage, UsageFigures, UsageReport } from '#api/wire/usage-report.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { ContainerRuntime, RuntimeContainerStats } from '../runtime/runtime.ts';
import { type MachineLoad, machineLoad } from './machine-load.ts';

/** Whose a container is. */
export interface ContainerOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly container: string;
}

/** What a UsageSampler needs. */
export interface UsageSamplerOptions {
  readonly runtime: Pick<ContainerRuntime, 'containerStats'>;
  /** Reads a container's labels; undefined = it is no pod's. */
  readonly owner: (labels: Readonly<Record<string, string>>) => ContainerOwner | undefined;
  readonly clock?: Clock;
  /** Default: of this machine. */
  readonly machine?: () => Promise<MachineLoad>;
}

interface Sample {
  readonly at: number;
  readonly machine: MachineLoad;
  readonly containers: ReadonlyMap<string, RuntimeContainerStats>;
}

/** The shortest window: below it the 10 ms steps of the machine's counters show. */
const SHORTEST_MS = 1_000;
/** A sample older than this says nothing of now. */
const LONGEST_MS = 60_000;

/**
 * Tells what the node and its containers use. CPU is the difference of two counters: between this question and the last one if that was not
 * long ago and saw every container, else over a second that begins with the question. Between questions nothing is measured.
 */
export class UsageSampler {
  readonly #options: UsageSamplerOptions;
  readonly #clock: Clock;
  #last: Sample | undefined;
  #asking: Promise<UsageReport> | undefined;

  constructor(options: UsageSamplerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Measures; who asks meanwhile gets the same answer. Rejects with RuntimeFailure. */
  report(): Promise<UsageReport> {
    this.#asking ??= this.#measure().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #measure(): Promise<UsageReport> {
    let before = this.#last;
    let after = await this.#sample();
    if (before === undefined || !isGoodStart(before, after)) {
      before = after;
      await this.#clock.sleep(SHORTEST_MS);
      after = await this.#sample();
    }
    this.#last = after;
    return this.#compare(before, after);
  }

  async #sample(): Promise<Sample> {
    const { runtime, machine = machineLoad } = this.#options;
    const stats = await runtime.containerStats();
    return { at: this.#clock.now(), machine: await machine(), containers: new Map(stats.map((one) => [one.id, one])) };
  }

  #compare(before: Sample, after: Sample): UsageReport {
    const windowMs = Math.max(1, after.at - before.at);
    const pods = new Map<string, PodUsage & { containers: (UsageFigures & { name: string })[] }>();
    for (const stats of after.containers.values()) {
      const owner = this.#options.owner(stats.labels);
      const first = before.containers.get(stats.id);
      if (owner === undefined || first === undefined) continue;
      const { container, ...pod } = owner;
      const usage = pods.get(pod.uid) ?? { ...pod, containers: [] };
      pods.set(pod.uid, usage);
      const elapsedMs = (stats.timestampNanos - first.timestampNanos) / 1e6;
      usage.containers.push({ name: container, ...figures(first, stats, elapsedMs > 0 ? elapsedMs : windowMs) });
    }
    const { memoryAvailableBytes } = after.machine;
    return {
      timestampMs: after.at,
      windowMs,
      node: { ...figures(before.machine, after.machine, windowMs), memoryAvailableBytes },
      pods: [...pods.values()],
    };
  }
}

/** Can CPU be told as the difference to this sample. */
function isGoodStart(before: Sample, after: Sample): boolean {
  const elapsedMs = after.at - before.at;
  const sawAll = [...after.containers.keys()].every((id) => before.containers.has(id));
  return elapsedMs >= SHORTEST_MS && elapsedMs <= LONGEST_MS && sawAll;
}

type Counted = Pick<UsageFigures, 'cpuCoreNanoSeconds' | 'memoryWorkingSetBytes'>;

const figures = (before: Counted, after: Counted, elapsedMs: number): UsageFigures => ({
  cpuNanoCores: Math.max(0, Math.round(((after.cpuCoreNanoSeconds - before.cpuCoreNanoSeconds) * 1000) / elapsedMs)),
  cpuCoreNanoSeconds: after.cpuCoreNanoSeconds,
  memoryWorkingSetBytes: after.memoryWorkingSetBytes,
});
