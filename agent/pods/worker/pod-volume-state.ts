import type { Pod } from '#api/kinds/core/pod.ts';
import type { MountedVolume } from '../../volumes/volume-type.ts';
import type { PodPlace } from '../../volumes/field-ref.ts';
import type { PodContext } from '../pod-context.ts';

/** kubelet: the back-off of a mount, doubling from the first to the second. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 122_000;

/** The volumes of one pod: which are ready, when they must be looked at again, and what was already said of those that are not. */
export class PodVolumeState {
  readonly #context: Pick<PodContext, 'volumes' | 'events' | 'clock'>;
  #mounted: ReadonlyMap<string, MountedVolume> = new Map();
  #fresh = false;
  #faults = 0;
  #retryMs = FIRST_RETRY_MS;
  #tryAt = 0;

  constructor(context: Pick<PodContext, 'volumes' | 'events' | 'clock'>) {
    this.#context = context;
  }

  /** The volumes that are ready, by name. */
  get mounted(): ReadonlyMap<string, MountedVolume> {
    return this.#mounted;
  }

  /** How long to wait before the next try. Milliseconds. */
  get retryMs(): number {
    return Math.max(0, this.#tryAt - this.#context.clock.now());
  }

  /** How long until some content must be made again; Infinity when never. Milliseconds. */
  get refreshInMs(): number {
    if (this.#faults > 0) return this.retryMs;
    const times = [...this.#mounted.values()].map(({ refreshAt }) => refreshAt ?? Infinity);
    return Math.max(0, Math.min(Infinity, ...times) - this.#context.clock.now());
  }

  /** What the volumes are made from has changed. */
  invalidate(): void {
    this.#fresh = false;
    this.#tryAt = 0;
  }

  /** Sets up what is not ready or out of date; returns how many volumes are missing. `tell` = say so in events. */
  async setUp(pod: Pod, place: PodPlace, tell: boolean): Promise<number> {
    if ((pod.spec?.volumes ?? []).length === 0) return 0;
    if (this.#fresh && this.#faults === 0 && this.refreshInMs > 0) return 0;
    if (this.#fresh && this.#faults > 0 && this.retryMs > 0) return this.#faults;
    this.#fresh = true;
    const { mounted, faults } = await this.#context.volumes.setUp(pod, place);
    // What was mounted before stays so: a ConfigMap that was deleted does not take its files away.
    this.#mounted = new Map([...this.#mounted, ...mounted]);
    const missing = faults.filter(({ volume }) => !this.#mounted.has(volume));
    this.#faults = missing.length;
    if (missing.length === 0) {
      this.#retryMs = FIRST_RETRY_MS;
      return 0;
    }
    if (!tell && missing.every((fault) => fault.missing)) {
      this.#fresh = false;
      return missing.length;
    }
    for (const { volume, message } of missing)
      this.#context.events.warning(pod, 'FailedMount', `MountVolume.SetUp failed for volume "${volume}" : ${message}`);
    this.#tryAt = this.#context.clock.now() + this.#retryMs;
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    return missing.length;
  }
}
