import { type PersistentVolume, persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import { type PersistentVolumeClaim, persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import { conflict } from '#api/meta/status.ts';
import { writeStatus } from '#server/reconcile/status.ts';
import type { Client } from '#server/store/client.ts';
import { isBoundTo } from './match.ts';

/** On a claim: its binding was complete once. The value says nothing. */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
/** On a volume or a claim: this controller chose the other side, not a person. The value says nothing. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';

/** Is the annotation there, whatever its value. */
export const isAnnotated = (
  { metadata }: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } },
  key: string,
): boolean => metadata.annotations?.[key] !== undefined;

/**
 * Binds the two to each other, volume first (upstream: bind). Each of the four writes happens only when something is missing, so this also
 * finishes what was begun before. Throws Conflict when one of the two was given away, or became another one of the same name, meanwhile.
 */
export async function bind(client: Client, volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
  const reserved = await reserve(client, volume, claim);
  await setVolumePhase(client, reserved, 'Bound');
  const named = await nameVolume(client, claim, reserved);
  await setClaimPhase(client, named, 'Bound', reserved);
}

/** Writes the claim into the volume. */
async function reserve(client: Client, volume: PersistentVolume, claim: PersistentVolumeClaim) {
  const { name: claimName, namespace, uid, resourceVersion } = claim.metadata;
  if (volume.spec?.claimRef?.uid === uid && isBoundTo(volume, claim)) return volume;
  const { name = '' } = volume.metadata;
  return client.update(persistentVolumeKind, '', name, (copy) => {
    const ours = isBoundTo(copy, claim);
    if (copy.metadata.uid !== volume.metadata.uid || (copy.spec?.claimRef !== undefined && !ours)) throw changed(copy);
    copy.spec = {
      ...copy.spec,
      claimRef: {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        ...(namespace === undefined ? {} : { namespace }),
        ...(claimName === undefined ? {} : { name: claimName }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    };
    if (!ours) annotate(copy, BOUND_BY_CONTROLLER);
  });
}

/** Writes the volume's name into the claim. */
async function nameVolume(client: Client, claim: PersistentVolumeClaim, volume: PersistentVolume) {
  const { namespace = '', name = '', uid } = claim.metadata;
  const { name: volumeName = '' } = volume.metadata;
  if (claim.spec?.volumeName === volumeName && isAnnotated(claim, BIND_COMPLETED)) return claim;
  return client.update(persistentVolumeClaimKind, namespace, name, (copy) => {
    const { volumeName: named = '' } = copy.spec ?? {};
    if (copy.metadata.uid !== uid || (named !== '' && named !== volumeName)) throw changed(copy);
    if (named === '') {
      copy.spec = { ...copy.spec, volumeName };
      annotate(copy, BOUND_BY_CONTROLLER);
    }
    annotate(copy, BIND_COMPLETED);
  });
}

/** Takes the claim out of the volume; a reservation that a person made stays, for the next claim of that name (upstream: unbindVolume). */
export async function unbind(client: Client, volume: PersistentVolume): Promise<void> {
  const { name = '', uid } = volume.metadata;
  const free = await client.update(persistentVolumeKind, '', name, (copy) => {
    const { claimRef, ...spec } = copy.spec ?? {};
    if (copy.metadata.uid !== uid || claimRef?.uid !== volume.spec?.claimRef?.uid) return false;
    const { [BOUND_BY_CONTROLLER]: byController, ...annotations } = copy.metadata.annotations ?? {};
    const { uid: _uid, ...reservation } = claimRef ?? {};
    if (byController === undefined) {
      copy.spec = { ...spec, claimRef: reservation };
      return undefined;
    }
    copy.spec = spec;
    if (Object.keys(annotations).length > 0) copy.metadata.annotations = annotations;
    else delete copy.metadata.annotations;
    return undefined;
  });
  await setVolumePhase(client, free, 'Available');
}

/** Writes the phase of a volume, unless it is in it; true = it changed. */
export async function setVolumePhase(
  client: Client,
  volume: PersistentVolume,
  phase: string,
  message = '',
): Promise<boolean> {
  if (volume.status?.phase === phase) return false;
  await writeStatus(client, persistentVolumeKind, volume, ({ status }) => {
    if (status?.phase === phase) return status;
    const { message: _message, ...rest } = status ?? {};
    return { ...rest, phase, ...(message === '' ? {} : { message }) };
  });
  return true;
}

/**
 * Writes the phase of a claim, and what its volume gives it; true = the phase changed. The capacity is taken over when the claim becomes Bound,
 * not later: a file system may rightly be smaller than its volume.
 */
export async function setClaimPhase(
  client: Client,
  claim: PersistentVolumeClaim,
  phase: string,
  volume?: PersistentVolume,
): Promise<boolean> {
  await writeStatus(client, persistentVolumeClaimKind, claim, ({ status = {} }) => {
    const { accessModes: _modes, capacity, currentVolumeAttributesClassName: attributes, ...rest } = status;
    if (volume === undefined) return { ...rest, phase };
    const becomes = status.phase !== phase;
    const size = volume.spec?.capacity;
    const grown = becomes && compareQuantity(size?.['storage'], capacity?.['storage']) !== 0 ? size : capacity;
    const from = status.phase === 'Pending' && becomes ? volume.spec?.volumeAttributesClassName : attributes;
    return {
      ...rest,
      phase,
      ...(volume.spec?.accessModes === undefined ? {} : { accessModes: volume.spec.accessModes }),
      ...(grown === undefined ? {} : { capacity: grown }),
      ...(from === undefined ? {} : { currentVolumeAttributesClassName: from }),
    };
  });
  return claim.status?.phase !== phase;
}

function annotate({ metadata }: PersistentVolume | PersistentVolumeClaim, key: string): void {
  metadata.annotations = { [key]: 'yes', ...metadata.annotations };
}

const changed = ({ kind, metadata }: PersistentVolume | PersistentVolumeClaim): Error =>
  conflict(kind === 'PersistentVolume' ? persistentVolumeKind : persistentVolumeClaimKind, metadata.name ?? '');
