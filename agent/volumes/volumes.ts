import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { Volume } from '#api/podspec/volume.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { PodPlace } from './field-ref.ts';
import type { DesiredState } from '../state/desired-state.ts';
import { VOLUME_TYPES } from './index.ts';
import { canMount, isMountPoint, mountsBelow, mountTmpfs, unmountBelow } from './mounts.ts';
import { type RequestToken, ServiceAccountTokens } from './service-account-tokens.ts';
import { type MountedVolume, VolumeFailure, type VolumeType } from './volume-type.ts';

/** What Volumes needs. */
export interface VolumesOptions {
  readonly dataDir: string;
  readonly state: Pick<DesiredState, 'get'>;
  readonly requestToken: RequestToken;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: the types of index.ts. */
  readonly types?: readonly VolumeType[];
}

/** Which volume of a pod cannot be set up, and why. */
export interface VolumeFault {
  readonly volume: string;
  readonly message: string;
  readonly missing: boolean;
}

/** The volumes of a pod, by name, and what stands in the way of the rest. */
export interface PodVolumes {
  readonly mounted: ReadonlyMap<string, MountedVolume>;
  readonly faults: readonly VolumeFault[];
}

/**
 * The volumes of this node's pods: on disk in `pods/<uid>/volumes/kubernetes.io~<type>/<name>`, and what must not touch the medium in one tmpfs
 * at `volatile/`, a directory a volume. One shared tmpfs, because a mount of its own for every pod's token would cost 10 ms a pod.
 */
export class Volumes {
  readonly #options: VolumesOptions;
  readonly #tokens: ServiceAccountTokens;
  #prepared: Promise<void> | undefined;

  constructor(options: VolumesOptions) {
    this.#options = options;
    const { requestToken, clock, log } = options;
    this.#tokens = new ServiceAccountTokens({
      directory: join(options.dataDir, 'state', 'tokens'),
      requestToken,
      clock,
      log,
    });
  }

  /** Sets up every volume of a pod, or brings its content up to date. Safe to call again at any time. */
  async setUp(pod: Pod, place: PodPlace): Promise<PodVolumes> {
    this.#prepared ??= this.#prepare();
    await this.#prepared;
    const mounted = new Map<string, MountedVolume>();
    const faults: VolumeFault[] = [];
    for (const volume of pod.spec?.volumes ?? []) {
      try {
        mounted.set(volume.name, await this.#setUpOne(pod, volume, place));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        faults.push({ volume: volume.name, message, missing: error instanceof VolumeFailure && error.missing });
      }
    }
    return { mounted, faults };
  }

  /** Unmounts and deletes all that a pod's volumes held. Containers must be gone. */
  async tearDown(podUid: string): Promise<void> {
    const directories = [this.podDirectory(podUid), join(this.#volatile, podUid)];
    for (const directory of directories) {
      await unmountBelow(directory);
      // Never delete through a mount that would not go.
      if ((await mountsBelow(directory)).length === 0) await rm(directory, { recursive: true, force: true });
    }
    await this.#tokens.forget(podUid);
  }

  /** Uids of pods of which something is left on disk. */
  async leftovers(): Promise<string[]> {
    const lists = await Promise.all(
      [join(this.#options.dataDir, 'pods'), this.#volatile].map((directory) => readdir(directory).catch(() => [])),
    );
    return [...new Set(lists.flat())];
  }

  /** Where a pod's files lie. */
  podDirectory(podUid: string): string {
    return join(this.#options.dataDir, 'pods', podUid);
  }

  get #volatile(): string {
    return join(this.#options.dataDir, 'volatile');
  }

  async #prepare(): Promise<void> {
    await mkdir(this.#volatile, { recursive: true, mode: 0o750 });
    if (!canMount() || (await isMountPoint(this.#volatile))) return;
    await mountTmpfs(this.#volatile, 0o750);
  }

  async #setUpOne(pod: Pod, volume: Volume, place: PodPlace): Promise<MountedVolume> {
    const types = this.#options.types ?? VOLUME_TYPES;
    const type = types.find((candidate) => volume[candidate.source] !== undefined);
    if (type === undefined) throw new VolumeFailure(`no volume plugin matched`);
    const uid = pod.metadata.uid ?? '';
    const kind = `kubernetes.io~${type.source.replace(/[A-Z]+/g, (part) => `-${part.toLowerCase()}`)}`;
    return await type.setUp({
      pod,
      volume,
      directory: join(this.podDirectory(uid), 'volumes', kind, volume.name),
      memoryDirectory: join(this.#volatile, uid, volume.name),
      state: this.#options.state,
      place,
      tokens: this.#tokens,
    });
  }
}
