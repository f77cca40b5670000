import type { Column, KubeObject } from '#api/kind.ts';
import { ageColumn, nameColumn, textColumn, wide } from '#api/kinds/columns.ts';
import type { PersistentVolumeClaim } from '#api/kinds/core/persistentvolumeclaim.ts';
import type { PersistentVolume } from '#api/kinds/core/persistentvolume.ts';

/** What a volume's or claim's class was called before there was a field for it. */
export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

const SHORT = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const;

const modesText = (modes: readonly string[] = []): string =>
  SHORT.filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');

const className = ({ metadata }: KubeObject, given: string | undefined): string =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? given ?? '';

const phase = ({ metadata, status }: PersistentVolume | PersistentVolumeClaim): string =>
  metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating';

/** The columns of `kubectl get pv`. */
export const persistentVolumeColumns: readonly Column<PersistentVolume>[] = [
  nameColumn,
  textColumn('Capacity', 'How large it is.', ({ spec }) => spec?.capacity?.['storage'] ?? '0'),
  textColumn('Access Modes', 'How it can be used.', ({ spec }) => modesText(spec?.accessModes)),
  textColumn(
    'Reclaim Policy',
    'What becomes of it without its claim.',
    ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '',
  ),
  textColumn('Status', 'Whether it is in use.', phase),
  textColumn('Claim', 'The claim that has it.', ({ spec }) =>
    spec?.claimRef === undefined ? '' : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`,
  ),
  textColumn('StorageClass', 'Its class.', (volume) => className(volume, volume.spec?.storageClassName)),
  textColumn(
    'VolumeAttributesClass',
    'The class of its attributes.',
    ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
  ),
  textColumn('Reason', 'Why it failed.', ({ status }) => status?.reason ?? ''),
  ageColumn,
  wide(textColumn('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec?.volumeMode ?? '<unset>')),
];

/** Only what is bound has a size and modes to show. */
const whenBound = (claim: PersistentVolumeClaim, text: () => string): string => (claim.spec?.volumeName ? text() : '');

/** The columns of `kubectl get pvc`. */
export const persistentVolumeClaimColumns: readonly Column<PersistentVolumeClaim>[] = [
  nameColumn,
  textColumn('Status', 'Whether it has a volume.', phase),
  textColumn('Volume', 'Its volume.', ({ spec }) => spec?.volumeName ?? ''),
  textColumn('Capacity', 'How large the volume is.', (claim) =>
    whenBound(claim, () => claim.status?.capacity?.['storage'] ?? '0'),
  ),
  textColumn('Access Modes', 'How it can be used.', (claim) =>
    whenBound(claim, () => modesText(claim.status?.accessModes)),
  ),
  textColumn('StorageClass', 'Its class.', (claim) => className(claim, claim.spec?.storageClassName)),
  textColumn(
    'VolumeAttributesClass',
    'The class of its attributes.',
    ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
  ),
  ageColumn,
  wide(textColumn('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec?.volumeMode ?? '<unset>')),
];
