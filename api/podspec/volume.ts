import {
  type Static,
  boolean,
  described,
  embedded,
  field,
  int32,
  int64,
  list,
  map,
  object,
  pointer,
  quantity,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { LocalObjectReference, TypedLocalObjectReference, TypedObjectReference } from '#api/meta/references.ts';
import { ObjectFieldSelector, ResourceFieldSelector } from '#api/podspec/env.ts';
import { VolumeResourceRequirements } from '#api/podspec/resources.ts';
import {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  AzureFileVolumeSource,
  CephFSVolumeSource,
  CinderVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  GitRepoVolumeSource,
  GlusterfsVolumeSource,
  ISCSIVolumeSource,
  PhotonPersistentDiskVolumeSource,
  PortworxVolumeSource,
  QuobyteVolumeSource,
  RBDVolumeSource,
  ScaleIOVolumeSource,
  StorageOSVolumeSource,
  VsphereVirtualDiskVolumeSource,
} from '#api/podspec/volume-legacy.ts';

/** `core.v1.KeyToPath`. */
export const KeyToPath = object('core.v1.KeyToPath', {
  key: required(1, string()),
  path: required(2, string()),
  mode: field(3, pointer(int32())),
});
/** The JSON form of `core.v1.KeyToPath`. */
export type KeyToPath = Static<typeof KeyToPath>;

/** `core.v1.ConfigMapVolumeSource`. */
export const ConfigMapVolumeSource = object('core.v1.ConfigMapVolumeSource', {
  items: field(2, list(KeyToPath)),
  defaultMode: field(3, pointer(int32())),
  optional: field(4, pointer(boolean())),
  name: field(1, embedded(1, string())),
});
/** The JSON form of `core.v1.ConfigMapVolumeSource`. */
export type ConfigMapVolumeSource = Static<typeof ConfigMapVolumeSource>;

/** `core.v1.SecretVolumeSource`. */
export const SecretVolumeSource = object('core.v1.SecretVolumeSource', {
  secretName: field(1, string()),
  items: field(2, list(KeyToPath)),
  defaultMode: field(3, pointer(int32())),
  optional: field(4, pointer(boolean())),
});
/** The JSON form of `core.v1.SecretVolumeSource`. */
export type SecretVolumeSource = Static<typeof SecretVolumeSource>;

/** `core.v1.CSIVolumeSource`. */
export const CSIVolumeSource = object('core.v1.CSIVolumeSource', {
  driver: required(1, string()),
  readOnly: field(2, pointer(boolean())),
  fsType: field(3, pointer(string())),
  volumeAttributes: field(4, map(string())),
  nodePublishSecretRef: field(5, LocalObjectReference),
});
/** The JSON form of `core.v1.CSIVolumeSource`. */
export type CSIVolumeSource = Static<typeof CSIVolumeSource>;

/** `core.v1.DownwardAPIVolumeFile`. */
export const DownwardAPIVolumeFile = object('core.v1.DownwardAPIVolumeFile', {
  path: required(1, string()),
  fieldRef: field(2, ObjectFieldSelector),
  resourceFieldRef: field(3, ResourceFieldSelector),
  mode: field(4, pointer(int32())),
});
/** The JSON form of `core.v1.DownwardAPIVolumeFile`. */
export type DownwardAPIVolumeFile = Static<typeof DownwardAPIVolumeFile>;

/** `core.v1.DownwardAPIVolumeSource`. */
export const DownwardAPIVolumeSource = object('core.v1.DownwardAPIVolumeSource', {
  items: field(1, list(DownwardAPIVolumeFile)),
  defaultMode: field(2, pointer(int32())),
});
/** The JSON form of `core.v1.DownwardAPIVolumeSource`. */
export type DownwardAPIVolumeSource = Static<typeof DownwardAPIVolumeSource>;

/** `core.v1.EmptyDirVolumeSource`. */
export const EmptyDirVolumeSource = object('core.v1.EmptyDirVolumeSource', {
  medium: field(1, string()),
  sizeLimit: field(2, quantity()),
});
/** The JSON form of `core.v1.EmptyDirVolumeSource`. */
export type EmptyDirVolumeSource = Static<typeof EmptyDirVolumeSource>;

/** `core.v1.HostPathVolumeSource`. */
export const HostPathVolumeSource = object('core.v1.HostPathVolumeSource', {
  path: required(1, string()),
  type: field(2, pointer(string())),
});
/** The JSON form of `core.v1.HostPathVolumeSource`. */
export type HostPathVolumeSource = Static<typeof HostPathVolumeSource>;

/** `core.v1.ImageVolumeSource`. */
export const ImageVolumeSource = object('core.v1.ImageVolumeSource', {
  pullPolicy: field(2, string()),
  reference: field(1, string()),
});
/** The JSON form of `core.v1.ImageVolumeSource`. */
export type ImageVolumeSource = Static<typeof ImageVolumeSource>;

/** `core.v1.NFSVolumeSource`. */
export const NFSVolumeSource = object('core.v1.NFSVolumeSource', {
  server: required(1, string()),
  path: required(2, string()),
  readOnly: field(3, boolean()),
});
/** The JSON form of `core.v1.NFSVolumeSource`. */
export type NFSVolumeSource = Static<typeof NFSVolumeSource>;

/** `core.v1.PersistentVolumeClaimVolumeSource`. */
export const PersistentVolumeClaimVolumeSource = object('core.v1.PersistentVolumeClaimVolumeSource', {
  claimName: required(1, string()),
  readOnly: field(2, boolean()),
});
/** The JSON form of `core.v1.PersistentVolumeClaimVolumeSource`. */
export type PersistentVolumeClaimVolumeSource = Static<typeof PersistentVolumeClaimVolumeSource>;

/** `core.v1.PersistentVolumeClaimSpec`. */
export const PersistentVolumeClaimSpec = object('core.v1.PersistentVolumeClaimSpec', {
  accessModes: field(1, list(string())),
  resources: field(2, value(VolumeResourceRequirements)),
  volumeName: field(3, string()),
  selector: field(4, LabelSelector),
  storageClassName: field(5, pointer(string())),
  volumeMode: field(6, pointer(string())),
  dataSource: field(7, TypedLocalObjectReference),
  dataSourceRef: field(8, TypedObjectReference),
  volumeAttributesClassName: field(9, pointer(string())),
});
/** The JSON form of `core.v1.PersistentVolumeClaimSpec`. */
export type PersistentVolumeClaimSpec = Static<typeof PersistentVolumeClaimSpec>;

/** `core.v1.PersistentVolumeClaimTemplate`. */
export const PersistentVolumeClaimTemplate = object('core.v1.PersistentVolumeClaimTemplate', {
  metadata: field(1, value(ObjectMeta)),
  spec: required(2, PersistentVolumeClaimSpec),
});
/** The JSON form of `core.v1.PersistentVolumeClaimTemplate`. */
export type PersistentVolumeClaimTemplate = Static<typeof PersistentVolumeClaimTemplate>;

/** `core.v1.EphemeralVolumeSource`. */
export const EphemeralVolumeSource = object('core.v1.EphemeralVolumeSource', {
  volumeClaimTemplate: field(1, PersistentVolumeClaimTemplate),
});
/** The JSON form of `core.v1.EphemeralVolumeSource`. */
export type EphemeralVolumeSource = Static<typeof EphemeralVolumeSource>;

/** `core.v1.ClusterTrustBundleProjection`. */
export const ClusterTrustBundleProjection = object('core.v1.ClusterTrustBundleProjection', {
  labelSelector: field(3, LabelSelector),
  name: field(1, pointer(string())),
  optional: field(5, pointer(boolean())),
  path: required(4, string()),
  signerName: field(2, pointer(string())),
});
/** The JSON form of `core.v1.ClusterTrustBundleProjection`. */
export type ClusterTrustBundleProjection = Static<typeof ClusterTrustBundleProjection>;

/** `core.v1.ConfigMapProjection`. */
export const ConfigMapProjection = object('core.v1.ConfigMapProjection', {
  items: field(2, list(KeyToPath)),
  optional: field(4, pointer(boolean())),
  name: field(1, embedded(1, string())),
});
/** The JSON form of `core.v1.ConfigMapProjection`. */
export type ConfigMapProjection = Static<typeof ConfigMapProjection>;

/** `core.v1.DownwardAPIProjection`. */
export const DownwardAPIProjection = object('core.v1.DownwardAPIProjection', {
  items: field(1, list(DownwardAPIVolumeFile)),
});
/** The JSON form of `core.v1.DownwardAPIProjection`. */
export type DownwardAPIProjection = Static<typeof DownwardAPIProjection>;

/** `core.v1.PodCertificateProjection`. */
export const PodCertificateProjection = object('core.v1.PodCertificateProjection', {
  certificateChainPath: field(6, string()),
  credentialBundlePath: field(4, string()),
  keyPath: field(5, string()),
  keyType: required(2, string()),
  maxExpirationSeconds: field(3, pointer(int32())),
  signerName: required(1, string()),
  userAnnotations: field(7, map(string())),
});
/** The JSON form of `core.v1.PodCertificateProjection`. */
export type PodCertificateProjection = Static<typeof PodCertificateProjection>;

/** `core.v1.SecretProjection`. */
export const SecretProjection = object('core.v1.SecretProjection', {
  items: field(2, list(KeyToPath)),
  optional: field(4, pointer(boolean())),
  name: field(1, embedded(1, string())),
});
/** The JSON form of `core.v1.SecretProjection`. */
export type SecretProjection = Static<typeof SecretProjection>;

/** `core.v1.ServiceAccountTokenProjection`. */
export const ServiceAccountTokenProjection = object('core.v1.ServiceAccountTokenProjection', {
  audience: field(1, string()),
  expirationSeconds: field(2, pointer(int64())),
  path: required(3, string()),
});
/** The JSON form of `core.v1.ServiceAccountTokenProjection`. */
export type ServiceAccountTokenProjection = Static<typeof ServiceAccountTokenProjection>;

/** `core.v1.VolumeProjection`. */
export const VolumeProjection = object('core.v1.VolumeProjection', {
  secret: field(1, SecretProjection),
  downwardAPI: field(2, DownwardAPIProjection),
  configMap: field(3, ConfigMapProjection),
  serviceAccountToken: field(4, ServiceAccountTokenProjection),
  clusterTrustBundle: field(5, ClusterTrustBundleProjection),
  podCertificate: field(6, PodCertificateProjection),
});
/** The JSON form of `core.v1.VolumeProjection`. */
export type VolumeProjection = Static<typeof VolumeProjection>;

/** `core.v1.ProjectedVolumeSource`. */
export const ProjectedVolumeSource = object('core.v1.ProjectedVolumeSource', {
  sources: field(1, list(VolumeProjection)),
  defaultMode: field(2, pointer(int32())),
});
/** The JSON form of `core.v1.ProjectedVolumeSource`. */
export type ProjectedVolumeSource = Static<typeof ProjectedVolumeSource>;

/** `core.v1.Volume`. */
export const Volume = object(
  'core.v1.Volume',
  {
    name: required(1, described('The name of the volume, unique in the pod.', string())),
    awsElasticBlockStore: field(4, embedded(2, AWSElasticBlockStoreVolumeSource)),
    azureDisk: field(22, embedded(2, AzureDiskVolumeSource)),
    azureFile: field(18, embedded(2, AzureFileVolumeSource)),
    cephfs: field(14, embedded(2, CephFSVolumeSource)),
    cinder: field(13, embedded(2, CinderVolumeSource)),
    configMap: field(19, described('The keys of a ConfigMap as files.', embedded(2, ConfigMapVolumeSource))),
    csi: field(28, embedded(2, CSIVolumeSource)),
    downwardAPI: field(16, described('Fields of the pod as files.', embedded(2, DownwardAPIVolumeSource))),
    emptyDir: field(
      2,
      described('An empty directory that lives as long as the pod.', embedded(2, EmptyDirVolumeSource)),
    ),
    ephemeral: field(29, embedded(2, EphemeralVolumeSource)),
    fc: field(17, embedded(2, FCVolumeSource)),
    flexVolume: field(12, embedded(2, FlexVolumeSource)),
    flocker: field(15, embedded(2, FlockerVolumeSource)),
    gcePersistentDisk: field(3, embedded(2, GCEPersistentDiskVolumeSource)),
    gitRepo: field(5, embedded(2, GitRepoVolumeSource)),
    glusterfs: field(9, embedded(2, GlusterfsVolumeSource)),
    hostPath: field(1, described('A directory or file of the node.', embedded(2, HostPathVolumeSource))),
    image: field(30, embedded(2, ImageVolumeSource)),
    iscsi: field(8, embedded(2, ISCSIVolumeSource)),
    nfs: field(7, embedded(2, NFSVolumeSource)),
    persistentVolumeClaim: field(
      10,
      described('The volume of a PersistentVolumeClaim.', embedded(2, PersistentVolumeClaimVolumeSource)),
    ),
    photonPersistentDisk: field(23, embedded(2, PhotonPersistentDiskVolumeSource)),
    portworxVolume: field(24, embedded(2, PortworxVolumeSource)),
    projected: field(26, described('Several sources in one directory.', embedded(2, ProjectedVolumeSource))),
    quobyte: field(21, embedded(2, QuobyteVolumeSource)),
    rbd: field(11, embedded(2, RBDVolumeSource)),
    scaleIO: field(25, embedded(2, ScaleIOVolumeSource)),
    secret: field(6, described('The keys of a Secret as files.', embedded(2, SecretVolumeSource))),
    storageos: field(27, embedded(2, StorageOSVolumeSource)),
    vsphereVolume: field(20, embedded(2, VsphereVirtualDiskVolumeSource)),
  },
  { description: 'A directory with data that the containers of a pod may mount.' },
);
/** The JSON form of `core.v1.Volume`. */
export type Volume = Static<typeof Volume>;
