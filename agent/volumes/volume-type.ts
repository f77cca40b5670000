import type { Pod } from '#api/kinds/core/pod.ts';
import type { Volume } from '#api/podspec/volume.ts';
import type { PodPlace } from './field-ref.ts';
import type { DesiredState } from '../state/desired-state.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

/** What a volume type is given. */
export interface VolumeContext {
  readonly pod: Pod;
  readonly volume: Volume;
  /** The volume's own place on disk. It need not exist yet. */
  readonly directory: string;
  /** The volume's own place in memory (tmpfs), for what must not touch the medium. On disk when the agent is not root. */
  readonly memoryDirectory: string;
  readonly state: Pick<DesiredState, 'get'>;
  readonly place: PodPlace;
  readonly tokens: Pick<ServiceAccountTokens, 'token'>;
}

/** A volume that is ready to be mounted. */
export interface MountedVolume {
  /** On the host: a directory, or for a hostPath anything. */
  readonly path: string;
  readonly readOnly: boolean;
  /** Made by Skep and deleted with the pod, so that its ownership may be changed and sub-paths may be created. */
  readonly owned: boolean;
  /** When its content must be made again; milliseconds since the epoch. */
  readonly refreshAt?: number;
}

/** One type of volume. `setUp` may run again at any time: it leaves data alone and brings content up to date. */
export interface VolumeType {
  /** The field of a Volume that selects this type, e.g. `emptyDir`. */
  readonly source: keyof Volume;
  /** @throws VolumeFailure */
  setUp(context: VolumeContext): Promise<MountedVolume>;
}

/** A volume cannot be set up, in the words that follow `MountVolume.SetUp failed for volume "v" : `. */
export class VolumeFailure extends Error {
  /** A ConfigMap or Secret is not here: it may still be on its way. */
  readonly missing: boolean;

  constructor(message: string, options: ErrorOptions & { readonly missing?: boolean } = {}) {
    super(message, options);
    this.name = 'VolumeFailure';
    this.missing = options.missing ?? false;
  }
}
