import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import { ContainerFailure } from './container-failure.ts';
import { type StartOptions, startContainer } from './container-start.ts';
import type { WaitingState } from '../status/container-status.ts';
import { CrashBackoff, goDuration } from './crash-backoff.ts';
import { isSidecar } from '../worker/pod-actions.ts';
import { fieldPathOf, type PodContext } from '../pod-context.ts';
import { podTitle } from '../pod-paths.ts';

/** Where a container is started: its sandbox and the files that it gets. */
export type StartPlace = Pick<StartOptions, 'sandboxId' | 'sandbox' | 'hostsPath'>;

/** How long a failure to pull is shown as such before it is called a back-off. */
const PULL_FAILURE_SHOWN_MS = 2000;
const RETRY_MS = 10_000;

/**
 * Starts the containers of one pod when it is their time: holds back what crashed or could not be made, and keeps the reason for their waiting
 * state.
 */
export class ContainerStarter {
  /** Why containers do not run, by name. */
  readonly waiting = new Map<string, WaitingState>();
  readonly #context: PodContext;
  readonly #arrivedAt: number;
  readonly #backoff = new CrashBackoff();
  readonly #retryAt = new Map<string, number>();
  #toldBackOff = '';
  #unsure = false;

  /** Until `arrivedAt` a ConfigMap or Secret that is missing may still be on its way, and nothing is said of it. */
  constructor(context: PodContext, arrivedAt: number) {
    this.#context = context;
    this.#arrivedAt = arrivedAt;
  }

  /** Did the runtime fail so that it may hold a container that the record does not have. Asking forgets it. */
  get isUnsure(): boolean {
    const unsure = this.#unsure;
    this.#unsure = false;
    return unsure;
  }

  /** What stood in the way may be gone: the next start is tried at once. */
  retryNow(): void {
    this.#retryAt.clear();
  }

  /** Starts a container; undefined when it runs, else in how many milliseconds to try again. `justKilled` = by ourselves, a moment ago. */
  async start(options: StartOptions, justKilled: boolean): Promise<number | undefined> {
    const { pod, container } = options;
    const retry = (this.#retryAt.get(container.name) ?? 0) - this.#context.clock.now();
    if (retry > 0) return retry;
    const crashWait = this.#crashWait(options, justKilled);
    if (crashWait > 0) return crashWait;
    try {
      await startContainer(this.#context, options);
    } catch (error) {
      if (!(error instanceof ContainerFailure)) throw error;
      return this.#failed(pod, container, error);
    }
    this.waiting.delete(container.name);
    this.#retryAt.delete(container.name);
    return undefined;
  }

  /** How long a container that has ended must wait for its next start (kubelet: doBackOff). */
  #crashWait({ pod, container, record }: StartOptions, justKilled: boolean): number {
    const history = record.history(container.name).filter(({ state }) => state === 'exited');
    // One that we have just killed ourselves is judged by how its predecessor ended.
    const ended = history[justKilled ? 1 : 0];
    if (ended === undefined || (ended.exitCode === 0 && !isRepeated(pod, container))) return 0;
    const { clock, events } = this.#context;
    const left = this.#backoff.remaining(container.name, ended.finishedAt, clock.now());
    if (left === 0) {
      this.#backoff.next(container.name, ended.finishedAt, clock.now());
      return 0;
    }
    const duration = goDuration(this.#backoff.delay(container.name));
    this.waiting.set(container.name, {
      reason: 'CrashLoopBackOff',
      message: `back-off ${duration} restarting failed container=${container.name} pod=${podTitle(pod)}`,
    });
    if (this.#toldBackOff !== ended.id) {
      this.#toldBackOff = ended.id;
      const text = `Back-off restarting failed container ${container.name} in pod ${podTitle(pod)}`;
      events.warning(pod, 'BackOff', text, fieldPathOf(pod, container.name));
    }
    return left;
  }

  #failed(pod: Pod, container: Container, failure: ContainerFailure): number {
    const { clock, events, images } = this.#context;
    const patience = this.#arrivedAt - clock.now();
    if (failure.missing && patience > 0) return patience;
    this.waiting.set(container.name, { reason: failure.reason, message: failure.message });
    events.warning(pod, 'Failed', `Error: ${failure.event}`, fieldPathOf(pod, container.name));
    this.#unsure = failure.reason === 'CreateContainerError';
    // The container is there and has ended: its restart policy and back-off decide.
    if (failure.reason === 'RunContainerError') return 0;
    let delay = RETRY_MS;
    if (failure.reason === 'ErrImagePull') delay = PULL_FAILURE_SHOWN_MS;
    if (failure.reason === 'ImagePullBackOff') delay = Math.max(1000, images.retryAfter(pod, container.image ?? ''));
    this.#retryAt.set(container.name, clock.now() + delay);
    return delay;
  }
}

/** May a container that ended well be started again. */
const isRepeated = (pod: Pod, container: Container): boolean =>
  isSidecar(container) || (pod.spec?.restartPolicy ?? 'Always') === 'Always';
