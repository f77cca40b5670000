import type { PersistentVolume } from '#api/kinds/core/persistentvolume.ts';
import { persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { isAnnotated, setVolumePhase, unbind } from './binding.ts';
import { sameVolumeMode } from './match.ts';

/** Who made the volume. */
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
/** Which driver outside took over from a plugin inside: it also deletes. */
const MIGRATED_TO = 'pv.kubernetes.io/migrated-to';

/** Does what is due for a volume; what is due for its claim, `syncClaim` does (upstream: syncVolume). */
export async function syncVolume(context: ControllerContext, volume: PersistentVolume): Promise<unknown> {
  const { client, events } = context;
  const { uid = '', namespace = '', name = '' } = volume.spec?.claimRef ?? {};
  if (uid === '') return setVolumePhase(client, volume, 'Available');
  const claim = client.get(persistentVolumeClaimKind, namespace, name);
  if (claim?.metadata.uid !== uid) return release(context, volume);
  const { volumeName = '' } = claim.spec ?? {};
  if (volumeName === volume.metadata.name) return setVolumePhase(client, volume, 'Bound');
  if (volumeName === '') {
    if (sameVolumeMode(volume, claim)) return undefined;
    const record = (about: typeof volume | typeof claim, which: string): void =>
      events.record(about, 'Warning', 'VolumeMismatch', `Cannot bind ${which} due to incompatible volumeMode.`);
    record(volume, `PersistentVolume to requested PersistentVolumeClaim ${JSON.stringify(name)}`);
    record(claim, `PersistentVolume ${JSON.stringify(volume.metadata.name)} to requested PersistentVolumeClaim`);
    return undefined;
  }
  // The claim has another volume. One that was made for it is of no use to anybody else.
  const surplus = isAnnotated(volume, PROVISIONED_BY) && volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
  return surplus ? release(context, volume) : unbind(client, volume);
}

/** Its claim is gone: the reclaim policy says what becomes of it. A failure stays in sight. */
async function release(context: ControllerContext, volume: PersistentVolume): Promise<unknown> {
  const { client, events } = context;
  const { phase } = volume.status ?? {};
  if (phase !== 'Released' && phase !== 'Failed') await setVolumePhase(client, volume, 'Released');
  const failure = reclaimFailure(volume);
  if (failure === undefined || phase === 'Failed') return undefined;
  if (await setVolumePhase(client, volume, 'Failed', failure.message))
    events.record(volume, 'Warning', failure.reason, failure.message);
  return undefined;
}

/**
 * Why a volume without its claim cannot be reclaimed. Undefined when nothing is to be done (Retain), or when a driver outside does it. The server
 * deletes no data itself, not even of hostPath volumes, where upstream does below /tmp.
 */
function reclaimFailure({ metadata, spec }: PersistentVolume): { reason: string; message: string } | undefined {
  if (metadata.annotations?.[MIGRATED_TO]) return undefined;
  switch (spec?.persistentVolumeReclaimPolicy) {
    case undefined:
    case 'Retain':
      return undefined;
    case 'Recycle':
      return { reason: 'VolumeFailedRecycle', message: 'No recycler plugin found for the volume!' };
    case 'Delete': {
      const maker = metadata.annotations?.[PROVISIONED_BY] ?? '';
      if (maker.startsWith('kubernetes.io/'))
        return { reason: 'VolumeFailedDelete', message: `no volume plugin matched name: ${maker}` };
      if (maker !== '' || spec.csi !== undefined) return undefined;
      const about = `error getting deleter volume plugin for volume ${JSON.stringify(metadata.name)}`;
      return { reason: 'VolumeFailedDelete', message: `${about}: no deletable volume plugin matched` };
    }
    default:
      return {
        reason: 'VolumeUnknownReclaimPolicy',
        message: 'Volume has unrecognized PersistentVolumeReclaimPolicy',
      };
  }
}
