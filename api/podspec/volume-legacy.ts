import {
  type Static,
  boolean,
  field,
  int32,
  list,
  map,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { LocalObjectReference } from '#api/meta/references.ts';

/** `core.v1.AWSElasticBlockStoreVolumeSource`. */
export const AWSElasticBlockStoreVolumeSource = object('core.v1.AWSElasticBlockStoreVolumeSource', {
  volumeID: required(1, string()),
  fsType: field(2, string()),
  partition: field(3, int32()),
  readOnly: field(4, boolean()),
});
/** The JSON form of `core.v1.AWSElasticBlockStoreVolumeSource`. */
export type AWSElasticBlockStoreVolumeSource = Static<typeof AWSElasticBlockStoreVolumeSource>;

/** `core.v1.AzureDiskVolumeSource`. */
export const AzureDiskVolumeSource = object('core.v1.AzureDiskVolumeSource', {
  kind: field(6, pointer(string())),
  diskName: required(1, string()),
  diskURI: required(2, string()),
  cachingMode: field(3, pointer(string())),
  fsType: field(4, pointer(string())),
  readOnly: field(5, pointer(boolean())),
});
/** The JSON form of `core.v1.AzureDiskVolumeSource`. */
export type AzureDiskVolumeSource = Static<typeof AzureDiskVolumeSource>;

/** `core.v1.AzureFileVolumeSource`. */
export const AzureFileVolumeSource = object('core.v1.AzureFileVolumeSource', {
  secretName: required(1, string()),
  shareName: required(2, string()),
  readOnly: field(3, boolean()),
});
/** The JSON form of `core.v1.AzureFileVolumeSource`. */
export type AzureFileVolumeSource = Static<typeof AzureFileVolumeSource>;

/** `core.v1.CephFSVolumeSource`. */
export const CephFSVolumeSource = object('core.v1.CephFSVolumeSource', {
  monitors: required(1, list(string())),
  path: field(2, string()),
  user: field(3, string()),
  secretFile: field(4, string()),
  secretRef: field(5, LocalObjectReference),
  readOnly: field(6, boolean()),
});
/** The JSON form of `core.v1.CephFSVolumeSource`. */
export type CephFSVolumeSource = Static<typeof CephFSVolumeSource>;

/** `core.v1.CinderVolumeSource`. */
export const CinderVolumeSource = object('core.v1.CinderVolumeSource', {
  volumeID: required(1, string()),
  fsType: field(2, string()),
  readOnly: field(3, boolean()),
  secretRef: field(4, LocalObjectReference),
});
/** The JSON form of `core.v1.CinderVolumeSource`. */
export type CinderVolumeSource = Static<typeof CinderVolumeSource>;

/** `core.v1.FCVolumeSource`. */
export const FCVolumeSource = object('core.v1.FCVolumeSource', {
  targetWWNs: field(1, list(string())),
  lun: field(2, pointer(int32())),
  fsType: field(3, string()),
  readOnly: field(4, boolean()),
  wwids: field(5, list(string())),
});
/** The JSON form of `core.v1.FCVolumeSource`. */
export type FCVolumeSource = Static<typeof FCVolumeSource>;

/** `core.v1.FlexVolumeSource`. */
export const FlexVolumeSource = object('core.v1.FlexVolumeSource', {
  driver: required(1, string()),
  fsType: field(2, string()),
  secretRef: field(3, LocalObjectReference),
  readOnly: field(4, boolean()),
  options: field(5, map(string())),
});
/** The JSON form of `core.v1.FlexVolumeSource`. */
export type FlexVolumeSource = Static<typeof FlexVolumeSource>;

/** `core.v1.FlockerVolumeSource`. */
export const FlockerVolumeSource = object('core.v1.FlockerVolumeSource', {
  datasetName: field(1, string()),
  datasetUUID: field(2, string()),
});
/** The JSON form of `core.v1.FlockerVolumeSource`. */
export type FlockerVolumeSource = Static<typeof FlockerVolumeSource>;

/** `core.v1.GCEPersistentDiskVolumeSource`. */
export const GCEPersistentDiskVolumeSource = object('core.v1.GCEPersistentDiskVolumeSource', {
  pdName: required(1, string()),
  fsType: field(2, string()),
  partition: field(3, int32()),
  readOnly: field(4, boolean()),
});
/** The JSON form of `core.v1.GCEPersistentDiskVolumeSource`. */
export type GCEPersistentDiskVolumeSource = Static<typeof GCEPersistentDiskVolumeSource>;

/** `core.v1.GitRepoVolumeSource`. */
export const GitRepoVolumeSource = object('core.v1.GitRepoVolumeSource', {
  repository: required(1, string()),
  revision: field(2, string()),
  directory: field(3, string()),
});
/** The JSON form of `core.v1.GitRepoVolumeSource`. */
export type GitRepoVolumeSource = Static<typeof GitRepoVolumeSource>;

/** `core.v1.GlusterfsVolumeSource`. */
export const GlusterfsVolumeSource = object('core.v1.GlusterfsVolumeSource', {
  endpoints: required(1, string()),
  path: required(2, string()),
  readOnly: field(3, boolean()),
});
/** The JSON form of `core.v1.GlusterfsVolumeSource`. */
export type GlusterfsVolumeSource = Static<typeof GlusterfsVolumeSource>;

/** `core.v1.ISCSIVolumeSource`. */
export const ISCSIVolumeSource = object('core.v1.ISCSIVolumeSource', {
  targetPortal: required(1, string()),
  iqn: required(2, string()),
  lun: required(3, int32()),
  iscsiInterface: field(4, string()),
  fsType: field(5, string()),
  readOnly: field(6, boolean()),
  portals: field(7, list(string())),
  chapAuthDiscovery: field(8, boolean()),
  secretRef: field(10, LocalObjectReference),
  chapAuthSession: field(11, boolean()),
  initiatorName: field(12, pointer(string())),
});
/** The JSON form of `core.v1.ISCSIVolumeSource`. */
export type ISCSIVolumeSource = Static<typeof ISCSIVolumeSource>;

/** `core.v1.PhotonPersistentDiskVolumeSource`. */
export const PhotonPersistentDiskVolumeSource = object('core.v1.PhotonPersistentDiskVolumeSource', {
  pdID: required(1, string()),
  fsType: field(2, string()),
});
/** The JSON form of `core.v1.PhotonPersistentDiskVolumeSource`. */
export type PhotonPersistentDiskVolumeSource = Static<typeof PhotonPersistentDiskVolumeSource>;

/** `core.v1.PortworxVolumeSource`. */
export const PortworxVolumeSource = object('core.v1.PortworxVolumeSource', {
  volumeID: required(1, string()),
  fsType: field(2, string()),
  readOnly: field(3, boolean()),
});
/** The JSON form of `core.v1.PortworxVolumeSource`. */
export type PortworxVolumeSource = Static<typeof PortworxVolumeSource>;

/** `core.v1.QuobyteVolumeSource`. */
export const QuobyteVolumeSource = object('core.v1.QuobyteVolumeSource', {
  registry: required(1, string()),
  volume: required(2, string()),
  readOnly: field(3, boolean()),
  user: field(4, string()),
  group: field(5, string()),
  tenant: field(6, string()),
});
/** The JSON form of `core.v1.QuobyteVolumeSource`. */
export type QuobyteVolumeSource = Static<typeof QuobyteVolumeSource>;

/** `core.v1.RBDVolumeSource`. */
export const RBDVolumeSource = object('core.v1.RBDVolumeSource', {
  monitors: required(1, list(string())),
  image: required(2, string()),
  fsType: field(3, string()),
  pool: field(4, string()),
  user: field(5, string()),
  keyring: field(6, string()),
  secretRef: field(7, LocalObjectReference),
  readOnly: field(8, boolean()),
});
/** The JSON form of `core.v1.RBDVolumeSource`. */
export type RBDVolumeSource = Static<typeof RBDVolumeSource>;

/** `core.v1.ScaleIOVolumeSource`. */
export const ScaleIOVolumeSource = object('core.v1.ScaleIOVolumeSource', {
  gateway: required(1, string()),
  system: required(2, string()),
  secretRef: required(3, pointer(LocalObjectReference)),
  sslEnabled: field(4, boolean()),
  protectionDomain: field(5, string()),
  storagePool: field(6, string()),
  storageMode: field(7, string()),
  volumeName: field(8, string()),
  fsType: field(9, string()),
  readOnly: field(10, boolean()),
});
/** The JSON form of `core.v1.ScaleIOVolumeSource`. */
export type ScaleIOVolumeSource = Static<typeof ScaleIOVolumeSource>;

/** `core.v1.StorageOSVolumeSource`. */
export const StorageOSVolumeSource = object('core.v1.StorageOSVolumeSource', {
  volumeName: field(1, string()),
  volumeNamespace: field(2, string()),
  fsType: field(3, string()),
  readOnly: field(4, boolean()),
  secretRef: field(5, LocalObjectReference),
});
/** The JSON form of `core.v1.StorageOSVolumeSource`. */
export type StorageOSVolumeSource = Static<typeof StorageOSVolumeSource>;

/** `core.v1.VsphereVirtualDiskVolumeSource`. */
export const VsphereVirtualDiskVolumeSource = object('core.v1.VsphereVirtualDiskVolumeSource', {
  volumePath: required(1, string()),
  fsType: field(2, string()),
  storagePolicyName: field(3, string()),
  storagePolicyID: field(4, string()),
});
/** The JSON form of `core.v1.VsphereVirtualDiskVolumeSource`. */
export type VsphereVirtualDiskVolumeSource = Static<typeof VsphereVirtualDiskVolumeSource>;
