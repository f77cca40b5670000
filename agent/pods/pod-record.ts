import type { RuntimeContainerStatus, RuntimeSandbox } from '../runtime/runtime.ts';

/** What the runtime holds of one pod, as last seen. Changed by the pod's worker only. */
export class PodRecord {
  readonly sandboxes = new Map<string, RuntimeSandbox>();
  readonly containers = new Map<string, RuntimeContainerStatus>();
  /** Addresses of the newest sandbox. */
  ips: readonly string[] = [];

  /** The newest sandbox, ready or not. */
  get sandbox(): RuntimeSandbox | undefined {
    return [...this.sandboxes.values()].sort(newestFirst)[0];
  }

  /** The newest sandbox when it is ready. */
  get readySandbox(): RuntimeSandbox | undefined {
    const { sandbox } = this;
    return sandbox?.state === 'ready' ? sandbox : undefined;
  }

  /** Every container of a name, the newest first. */
  history(name: string): RuntimeContainerStatus[] {
    return [...this.containers.values()].filter((container) => container.name === name).sort(newestFirst);
  }

  /** The newest container of a name. */
  latest(name: string): RuntimeContainerStatus | undefined {
    return this.history(name)[0];
  }

  /** Containers that have a process. */
  get running(): RuntimeContainerStatus[] {
    return [...this.containers.values()].filter(({ state }) => state === 'running' || state === 'unknown');
  }

  /** The number that the next container of a name bears: how often it was started before. */
  nextAttempt(name: string): number {
    const latest = this.latest(name);
    return latest === undefined ? 0 : latest.attempt + 1;
  }
}

const attemptOf = (item: RuntimeContainerStatus | RuntimeSandbox): number =>
  'attempt' in item ? item.attempt : item.metadata.attempt;

const newestFirst = <T extends RuntimeContainerStatus | RuntimeSandbox>(a: T, b: T): number =>
  attemptOf(b) - attemptOf(a) || b.createdAt - a.createdAt;
