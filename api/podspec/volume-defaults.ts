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
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  const claim = volume.ephemeral?.volumeClaimTemplate;
  if (claim !== undefined) claim.spec.volumeMode ??= 'Filesystem';
  applyLegacyDefaults(volume);
}

function applyProjectionDefaults({ serviceAccountToken, downwardAPI }: VolumeProjection): void {
  if (serviceAccountToken !== undefined) serviceAccountToken.expirationSeconds ??= 3600;
  for (const file of downwardAPI?.items ?? []) applyFileDefaults(file);
}

function applyFileDefaults({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile): void {
  if (fieldRef !== undefined) fieldRef.apiVersion ||= 'v1';
  if (resourceFieldRef !== undefined) resourceFieldRef.divisor ||= '0';
}

/** Sources that no node of ours mounts, but that objects may name. */
function applyLegacyDefaults({ iscsi, rbd, azureDisk, scaleIO }: Volume): void {
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
