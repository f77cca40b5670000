import {
  type Static,
  boolean,
  described,
  field,
  int32,
  list,
  map,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { ObjectReference } from '#api/meta/references.ts';

/** `core.v1.AzureFilePersistentVolumeSource`. */
export const AzureFilePersistentVolumeSource = object(
  'core.v1.AzureFilePersistentVolumeSource',
  {
    secretName: required(1, described('The Secret with the account and its key.', string())),
    shareName: required(2, described('The share.', string())),
    readOnly: field(3, described('Forbid writing.', boolean())),
    secretNamespace: field(4, described("The Secret's namespace. Default: the claim's.", pointer(string()))),
  },
  { description: 'An Azure file share.' },
);
/** The JSON form of `core.v1.AzureFilePersistentVolumeSource`. */
export type AzureFilePersistentVolumeSource = Static<typeof AzureFilePersistentVolumeSource>;

/** `core.v1.SecretReference`. */
export const SecretReference = object(
  'core.v1.SecretReference',
  {
    name: field(1, described('The name.', string())),
    namespace: field(2, described('The namespace.', string())),
  },
  { mapType: 'atomic', description: 'A Secret by name and namespace.' },
);
/** The JSON form of `core.v1.SecretReference`. */
export type SecretReference = Static<typeof SecretReference>;

/** `core.v1.CephFSPersistentVolumeSource`. */
export const CephFSPersistentVolumeSource = object(
  'core.v1.CephFSPersistentVolumeSource',
  {
    monitors: required(1, described('The monitors.', list(string()))),
    path: field(2, described('The path that is mounted. Default: /.', string())),
    user: field(3, described('The user. Default: admin.', string())),
    secretFile: field(4, described('A file with the key.', string())),
    secretRef: field(5, described('A Secret with the key.', SecretReference)),
    readOnly: field(6, described('Forbid writing.', boolean())),
  },
  { description: 'A CephFS mount. No longer works.' },
);
/** The JSON form of `core.v1.CephFSPersistentVolumeSource`. */
export type CephFSPersistentVolumeSource = Static<typeof CephFSPersistentVolumeSource>;

/** `core.v1.CinderPersistentVolumeSource`. */
export const CinderPersistentVolumeSource = object(
  'core.v1.CinderPersistentVolumeSource',
  {
    volumeID: required(1, described('The volume.', string())),
    fsType: field(2, described('The file system.', string())),
    readOnly: field(3, described('Forbid writing.', boolean())),
    secretRef: field(4, described('A Secret with parameters for OpenStack.', SecretReference)),
  },
  { description: 'An OpenStack volume.' },
);
/** The JSON form of `core.v1.CinderPersistentVolumeSource`. */
export type CinderPersistentVolumeSource = Static<typeof CinderPersistentVolumeSource>;

/** `core.v1.CSIPersistentVolumeSource`. */
export const CSIPersistentVolumeSource = object(
  'core.v1.CSIPersistentVolumeSource',
  {
    driver: required(1, described('The driver.', string())),
    volumeHandle: required(2, described('What the driver calls the volume; for ever.', string())),
    readOnly: field(3, described('Forbid writing.', boolean())),
    fsType: field(4, described('The file system.', string())),
    volumeAttributes: field(5, described('What the driver said of the volume.', map(string()))),
    controllerPublishSecretRef: field(6, described('A Secret for attaching.', SecretReference)),
    nodeStageSecretRef: field(7, described('A Secret for preparing a node.', SecretReference)),
    nodePublishSecretRef: field(8, described('A Secret for mounting.', SecretReference)),
    controllerExpandSecretRef: field(9, described('A Secret for growing the volume.', SecretReference)),
    nodeExpandSecretRef: field(10, described('A Secret for growing it on the node.', SecretReference)),
  },
  { description: 'A volume of a CSI driver.' },
);
/** The JSON form of `core.v1.CSIPersistentVolumeSource`. */
export type CSIPersistentVolumeSource = Static<typeof CSIPersistentVolumeSource>;

/** `core.v1.FlexPersistentVolumeSource`. */
export const FlexPersistentVolumeSource = object(
  'core.v1.FlexPersistentVolumeSource',
  {
    driver: required(1, described('The program.', string())),
    fsType: field(2, described('The file system.', string())),
    secretRef: field(3, described('A Secret for the program.', SecretReference)),
    readOnly: field(4, described('Forbid writing.', boolean())),
    options: field(5, described('More options for the program.', map(string()))),
  },
  { description: 'A volume of a program on the node.' },
);
/** The JSON form of `core.v1.FlexPersistentVolumeSource`. */
export type FlexPersistentVolumeSource = Static<typeof FlexPersistentVolumeSource>;

/** `core.v1.GlusterfsPersistentVolumeSource`. */
export const GlusterfsPersistentVolumeSource = object(
  'core.v1.GlusterfsPersistentVolumeSource',
  {
    endpoints: required(1, described('The Endpoints with its hosts.', string())),
    path: required(2, described('The volume.', string())),
    readOnly: field(3, described('Forbid writing.', boolean())),
    endpointsNamespace: field(4, described("The namespace of the Endpoints. Default: the claim's.", pointer(string()))),
  },
  { description: 'A Glusterfs mount. No longer works.' },
);
/** The JSON form of `core.v1.GlusterfsPersistentVolumeSource`. */
export type GlusterfsPersistentVolumeSource = Static<typeof GlusterfsPersistentVolumeSource>;

/** `core.v1.ISCSIPersistentVolumeSource`. */
export const ISCSIPersistentVolumeSource = object(
  'core.v1.ISCSIPersistentVolumeSource',
  {
    targetPortal: required(1, described('Address and port of the target.', string())),
    iqn: required(2, described('The name of the target.', string())),
    lun: required(3, described('The unit.', int32())),
    iscsiInterface: field(4, described('The interface. Default: default.', string())),
    fsType: field(5, described('The file system.', string())),
    readOnly: field(6, described('Forbid writing.', boolean())),
    portals: field(7, described('More portals of the target.', list(string()))),
    chapAuthDiscovery: field(8, described('Authenticate when looking for targets.', boolean())),
    secretRef: field(10, described('A Secret for authentication.', SecretReference)),
    chapAuthSession: field(11, described('Authenticate sessions.', boolean())),
    initiatorName: field(12, described('The name of the initiator.', pointer(string()))),
  },
  { description: 'An iSCSI disk.' },
);
/** The JSON form of `core.v1.ISCSIPersistentVolumeSource`. */
export type ISCSIPersistentVolumeSource = Static<typeof ISCSIPersistentVolumeSource>;

/** `core.v1.LocalVolumeSource`. */
export const LocalVolumeSource = object(
  'core.v1.LocalVolumeSource',
  {
    path: required(1, described('Where it is on the node.', string())),
    fsType: field(2, described('The file system, when it is a block device.', string())),
  },
  { description: 'A disk, partition or directory of one node.' },
);
/** The JSON form of `core.v1.LocalVolumeSource`. */
export type LocalVolumeSource = Static<typeof LocalVolumeSource>;

/** `core.v1.RBDPersistentVolumeSource`. */
export const RBDPersistentVolumeSource = object(
  'core.v1.RBDPersistentVolumeSource',
  {
    monitors: required(1, described('The monitors.', list(string()))),
    image: required(2, described('The image.', string())),
    fsType: field(3, described('The file system.', string())),
    pool: field(4, described('The pool. Default: rbd.', string())),
    user: field(5, described('The user. Default: admin.', string())),
    keyring: field(6, described('A file with keys. Default: /etc/ceph/keyring.', string())),
    secretRef: field(7, described('A Secret with the key.', SecretReference)),
    readOnly: field(8, described('Forbid writing.', boolean())),
  },
  { description: 'A Ceph block device. No longer works.' },
);
/** The JSON form of `core.v1.RBDPersistentVolumeSource`. */
export type RBDPersistentVolumeSource = Static<typeof RBDPersistentVolumeSource>;

/** `core.v1.ScaleIOPersistentVolumeSource`. */
export const ScaleIOPersistentVolumeSource = object(
  'core.v1.ScaleIOPersistentVolumeSource',
  {
    gateway: required(1, described('The gateway.', string())),
    system: required(2, described('The system.', string())),
    secretRef: required(3, described('A Secret for it.', pointer(SecretReference))),
    sslEnabled: field(4, described('Use TLS.', boolean())),
    protectionDomain: field(5, described('The protection domain.', string())),
    storagePool: field(6, described('The pool.', string())),
    storageMode: field(7, described('ThickProvisioned or ThinProvisioned (default).', string())),
    volumeName: field(8, described('The volume.', string())),
    fsType: field(9, described('The file system. Default: xfs.', string())),
    readOnly: field(10, described('Forbid writing.', boolean())),
  },
  { description: 'A ScaleIO volume. No longer works.' },
);
/** The JSON form of `core.v1.ScaleIOPersistentVolumeSource`. */
export type ScaleIOPersistentVolumeSource = Static<typeof ScaleIOPersistentVolumeSource>;

/** `core.v1.StorageOSPersistentVolumeSource`. */
export const StorageOSPersistentVolumeSource = object(
  'core.v1.StorageOSPersistentVolumeSource',
  {
    volumeName: field(1, described('The volume.', string())),
    volumeNamespace: field(2, described('Its namespace.', string())),
    fsType: field(3, described('The file system.', string())),
    readOnly: field(4, described('Forbid writing.', boolean())),
    secretRef: field(5, described('A Secret for it.', ObjectReference)),
  },
  { description: 'A StorageOS volume. No longer works.' },
);
/** The JSON form of `core.v1.StorageOSPersistentVolumeSource`. */
export type StorageOSPersistentVolumeSource = Static<typeof StorageOSPersistentVolumeSource>;
