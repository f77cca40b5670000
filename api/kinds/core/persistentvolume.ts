import {
  type Static,
  described,
  embedded,
  field,
  granular,
  list,
  map,
  object,
  pointer,
  quantity,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { defineKind } from '#api/kind.ts';
import { persistentVolumeColumns } from '#api/kinds/core/volume-columns.ts';
import {
  AzureFilePersistentVolumeSource,
  CSIPersistentVolumeSource,
  CephFSPersistentVolumeSource,
  CinderPersistentVolumeSource,
  FlexPersistentVolumeSource,
  GlusterfsPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  LocalVolumeSource,
  RBDPersistentVolumeSource,
  ScaleIOPersistentVolumeSource,
  StorageOSPersistentVolumeSource,
} from '#api/kinds/core/persistentvolume-sources.ts';
import {
  persistentVolumeWarnings,
  validatePersistentVolume,
  validatePersistentVolumeUpdate,
} from '#api/kinds/core/persistentvolume-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ObjectReference } from '#api/meta/references.ts';
import { NodeSelector } from '#api/podspec/affinity.ts';
import {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  PhotonPersistentDiskVolumeSource,
  PortworxVolumeSource,
  QuobyteVolumeSource,
  VsphereVirtualDiskVolumeSource,
} from '#api/podspec/volume-legacy.ts';
import { applySourceDefaults } from '#api/podspec/volume-defaults.ts';
import { HostPathVolumeSource, NFSVolumeSource } from '#api/podspec/volume.ts';

/** `core.v1.VolumeNodeAffinity`. */
export const VolumeNodeAffinity = object(
  'core.v1.VolumeNodeAffinity',
  { required: field(1, described('Nodes that this selects can use the volume.', NodeSelector)) },
  { description: 'From which nodes a volume can be reached.' },
);
/** The JSON form of `core.v1.VolumeNodeAffinity`. */
export type VolumeNodeAffinity = Static<typeof VolumeNodeAffinity>;

/** `core.v1.PersistentVolumeSpec`. */
export const PersistentVolumeSpec = object(
  'core.v1.PersistentVolumeSpec',
  {
    capacity: field(1, described('How large it is: storage.', map(quantity()))),
    accessModes: field(3, described('ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.', list(string()))),
    claimRef: field(4, described('The claim that has it.', granular(ObjectReference))),
    persistentVolumeReclaimPolicy: field(
      5,
      described('What becomes of it without its claim: Retain (default), Delete, Recycle.', string()),
    ),
    storageClassName: field(6, described('Its class; empty = none.', string())),
    mountOptions: field(7, described('Options that it is mounted with.', list(string()))),
    volumeMode: field(8, described('Filesystem (default) or Block.', pointer(string()))),
    nodeAffinity: field(9, described('From which nodes it can be reached.', VolumeNodeAffinity)),
    awsElasticBlockStore: field(2, described('An AWS disk.', embedded(2, AWSElasticBlockStoreVolumeSource))),
    azureDisk: field(16, described('An Azure disk.', embedded(2, AzureDiskVolumeSource))),
    azureFile: field(13, described('An Azure file share.', embedded(2, AzureFilePersistentVolumeSource))),
    cephfs: field(9, described('A CephFS mount. No longer works.', embedded(2, CephFSPersistentVolumeSource))),
    cinder: field(8, described('An OpenStack volume.', embedded(2, CinderPersistentVolumeSource))),
    csi: field(22, described('A volume of a CSI driver.', embedded(2, CSIPersistentVolumeSource))),
    fc: field(10, described('A Fibre Channel disk.', embedded(2, FCVolumeSource))),
    flexVolume: field(12, described('A volume of a program on the node.', embedded(2, FlexPersistentVolumeSource))),
    flocker: field(11, described('A Flocker volume. No longer works.', embedded(2, FlockerVolumeSource))),
    gcePersistentDisk: field(1, described('A GCE disk.', embedded(2, GCEPersistentDiskVolumeSource))),
    glusterfs: field(4, described('A Glusterfs mount. No longer works.', embedded(2, GlusterfsPersistentVolumeSource))),
    hostPath: field(3, described('A directory of the node that the pod is on.', embedded(2, HostPathVolumeSource))),
    iscsi: field(7, described('An iSCSI disk.', embedded(2, ISCSIPersistentVolumeSource))),
    local: field(20, described('A disk of one node; needs nodeAffinity.', embedded(2, LocalVolumeSource))),
    nfs: field(5, described('An NFS export.', embedded(2, NFSVolumeSource))),
    photonPersistentDisk: field(
      17,
      described('A Photon disk. No longer works.', embedded(2, PhotonPersistentDiskVolumeSource)),
    ),
    portworxVolume: field(18, described('A Portworx volume.', embedded(2, PortworxVolumeSource))),
    quobyte: field(15, described('A Quobyte mount. No longer works.', embedded(2, QuobyteVolumeSource))),
    rbd: field(6, described('A Ceph block device. No longer works.', embedded(2, RBDPersistentVolumeSource))),
    scaleIO: field(19, described('A ScaleIO volume. No longer works.', embedded(2, ScaleIOPersistentVolumeSource))),
    storageos: field(
      21,
      described('A StorageOS volume. No longer works.', embedded(2, StorageOSPersistentVolumeSource)),
    ),
    volumeAttributesClassName: field(10, described('Its VolumeAttributesClass.', pointer(string()))),
    vsphereVolume: field(14, described('A vSphere disk.', embedded(2, VsphereVirtualDiskVolumeSource))),
  },
  { description: 'Where the storage is, how large, and who may use it.' },
);
/** The JSON form of `core.v1.PersistentVolumeSpec`. */
export type PersistentVolumeSpec = Static<typeof PersistentVolumeSpec>;

/** `core.v1.PersistentVolumeStatus`. */
export const PersistentVolumeStatus = object(
  'core.v1.PersistentVolumeStatus',
  {
    phase: field(1, described('Pending, Available, Bound, Released or Failed.', string())),
    message: field(2, described('More about the phase, for people.', string())),
    reason: field(3, described('Why it failed, in a word.', string())),
    lastPhaseTransitionTime: field(4, described('When the phase changed last.', time())),
  },
  { description: 'Whether it is in use.' },
);
/** The JSON form of `core.v1.PersistentVolumeStatus`. */
export type PersistentVolumeStatus = Static<typeof PersistentVolumeStatus>;

/** `core.v1.PersistentVolume`. */
export const PersistentVolume = object(
  'core.v1.PersistentVolume',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('Where the storage is, and who may use it.', value(PersistentVolumeSpec))),
    status: field(3, described('Whether it is in use. Read-only.', value(PersistentVolumeStatus))),
  },
  { description: 'A piece of storage in the cluster, for claims to take.' },
);
/** The JSON form of `core.v1.PersistentVolume`. */
export type PersistentVolume = Static<typeof PersistentVolume>;

/** PersistentVolumes. */
export const persistentVolumeKind = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  schema: PersistentVolume,
  shortNames: ['pv'],
  scope: 'Cluster',
  hasStatus: true,
  columns: persistentVolumeColumns,
  fieldLabels: { name: ({ metadata }) => metadata.name ?? '' },
  applyDefaults(volume) {
    const { spec } = volume;
    if (spec !== undefined) {
      spec.persistentVolumeReclaimPolicy ||= 'Retain';
      spec.volumeMode ??= 'Filesystem';
      applySourceDefaults(spec);
    }
    volume.status = { phase: 'Pending', ...volume.status };
  },
  prepareForCreate(volume) {
    volume.status = { phase: 'Pending' };
  },
  prepareForUpdate(volume, old) {
    carryOver(volume, old, 'status');
  },
  prepareForStatusUpdate(volume, old) {
    carryOver(volume, old, 'spec');
  },
  validate: validatePersistentVolume,
  validateUpdate: validatePersistentVolumeUpdate,
  validateStatusUpdate: () => [],
  warnings: persistentVolumeWarnings,
});
