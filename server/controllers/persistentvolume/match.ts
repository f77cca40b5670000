import type { PersistentVolume } from '#api/kinds/core/persistentvolume.ts';
import type { PersistentVolumeClaim } from '#api/kinds/core/persistentvolumeclaim.ts';
import { CLASS_ANNOTATION } from '#api/kinds/core/volume-columns.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';

/** The class that a claim asks for; '' = none. */
export const classOfClaim = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';

/** Does a claim say which class it wants; '' says that it wants none. */
export const namesClass = ({ metadata, spec }: PersistentVolumeClaim): boolean =>
  metadata.annotations?.[CLASS_ANNOTATION] !== undefined || spec?.storageClassName !== undefined;

/** The class that a volume is of; '' = none. */
export const classOfVolume = ({ metadata, spec }: PersistentVolume): string =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';

/** Is the volume bound to this very claim, or reserved for one of its name. */
export function isBoundTo({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { name, namespace, uid = '' } = spec?.claimRef ?? {};
  return name === metadata.name && namespace === metadata.namespace && (uid === '' || uid === metadata.uid);
}

const capacityOf = ({ spec }: PersistentVolume): string => spec?.capacity?.['storage'] ?? '0';
const holds = (volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean =>
  compareQuantity(capacityOf(volume), spec?.resources?.requests?.['storage'] ?? '0') >= 0;
const allows = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode) === true);
const sameAttributes = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '');

/** Are both file systems, or both block devices. */
export const sameVolumeMode = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  (volume.spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem');

/** Could the volume, in use by nobody, be given to the claim, which asked for none by name. */
export const mayTake = (claim: PersistentVolumeClaim, volume: PersistentVolume): boolean =>
  volume.metadata.deletionTimestamp === undefined &&
  volume.spec?.claimRef === undefined &&
  classOfVolume(volume) === classOfClaim(claim) &&
  sameAttributes(volume, claim) &&
  sameVolumeMode(volume, claim) &&
  allows(volume, claim) &&
  holds(volume, claim) &&
  (claim.spec?.selector === undefined || labelSelectorMatcher(claim.spec.selector)(volume.metadata.labels));

/** Is the volume reserved for the claim, and good for it. */
const isReserved = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean =>
  isBoundTo(volume, claim) &&
  volume.metadata.deletionTimestamp === undefined &&
  sameVolumeMode(volume, claim) &&
  allows(volume, claim) &&
  holds(volume, claim);

/**
 * The volume for a claim that names none: the one that is reserved for it, else of those with the fewest access modes that will do the
 * smallest, of the same size the first by name (upstream: findBestMatchForClaim). `delayed` = only one that is reserved. `admits` = may this
 * free volume be taken at all.
 */
export function bestMatch(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { delayed, admits = () => true }: { readonly delayed: boolean; readonly admits?: (one: PersistentVolume) => boolean },
): PersistentVolume | undefined {
  const reserved = volumes.find((volume) => isReserved(volume, claim));
  if (reserved !== undefined || delayed) return reserved;
  const modes = (volume: PersistentVolume): number => new Set(volume.spec?.accessModes).size;
  return volumes
    .filter((volume) => mayTake(claim, volume) && admits(volume))
    .sort((a, b) => modes(a) - modes(b) || compareQuantity(capacityOf(a), capacityOf(b)))[0];
}

/** Why a claim cannot have the volume that it names, in upstream's words; undefined = it can (upstream: checkVolumeSatisfyClaim). */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined)
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`;
  if (!holds(volume, claim)) return 'requested PV is too small';
  if (classOfVolume(volume) !== classOfClaim(claim)) return 'storageClassName does not match';
  if (!sameAttributes(volume, claim)) return 'volumeAttributesClassName does not match';
  if (!sameVolumeMode(volume, claim)) return 'incompatible volumeMode';
  return allows(volume, claim) ? undefined : 'incompatible accessMode';
}
