import type { DownwardAPIVolumeFile, Volume, VolumeProjection } from '#api/podspec/volume.ts';

/** The file mode of what ConfigMaps, Secrets and the like bring into a pod: 0644. */
const FILE_MODE = 0o644;

/** The defaults of a volume; one without a source is an emptyDir (upstream: SetDefaults_Volume and those of the sources). */
export function applyVolumeDefaults(volume: Volume): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  for (const source of [volume.configMap, volume.secret, volume.downwardAPI, volume.projected])
    if (source !== undefined) source.defaultMode ??= FILE_MODE;
  for (const file of volume.downwardAPI?.items ?? []) applyFileDefaults(file);
  for (const source of volume.projected?.sources ?? []) applyProjectionDefaults(source);
  const claim = volume.ephemeral?.volumeClaimTemplate;
  if (claim !== undefined) claim.spec.volumeMode ??= 'Filesystem';
  applySourceDefaults(volume);
}

function applyProjectionDefaults({ serviceAccountToken, downwardAPI }: VolumeProjection): void {
  if (serviceAccountToken !== undefined) serviceAccountToken.expirationSeconds ??= 3600;
  for (const file of downwardAPI?.items ?? []) applyFileDefaults(file);
}

function applyFileDefaults({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile): void {
  if (fieldRef !== undefined) fieldRef.apiVersion ||= 'v1';
  if (resourceFieldRef !== undefined) resourceFieldRef.divisor ||= '0';
}

/** What pods' volumes and PersistentVolumes have in common; most are sources that no node of ours mounts, but that objects may name. */
export function applySourceDefaults(source: {
  hostPath?: Volume['hostPath'];
  iscsi?: { iscsiInterface?: string };
  rbd?: { pool?: string; user?: string; keyring?: string };
  azureDisk?: Volume['azureDisk'];
  scaleIO?: { storageMode?: string; fsType?: string };
}): void {
  const { hostPath, iscsi, rbd, azureDisk, scaleIO } = source;
  if (hostPath !== undefined) hostPath.type ??= '';
  if (iscsi !== undefined) iscsi.iscsiInterface ||= 'default';
  if (rbd !== undefined) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.kind ??= 'Shared';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
  }
  if (scaleIO !== undefined) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
