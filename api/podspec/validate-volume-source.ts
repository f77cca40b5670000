import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
  tooLong,
} from '#api/meta/field-error.ts';
import { byteLength, dns1123Label, dns1123Subdomain } from '#api/meta/names.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import { validateClaimSpec } from '#api/podspec/validate-claim.ts';
import { validateDescendingPath, validateNoBacksteps } from '#api/podspec/validate-path.ts';
import {
  validateFiles,
  validateDownwardFile,
  validateMode,
  validateProjected,
} from '#api/podspec/validate-volume-files.ts';
import type { AzureDiskVolumeSource, ISCSIVolumeSource } from '#api/podspec/volume-legacy.ts';
import type { Volume } from '#api/podspec/volume.ts';

/** What may be under a hostPath; `''` = no check. */
export const HOST_PATH_TYPES: readonly string[] = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** The name of a source of a pod's volume. */
export type Source = Exclude<keyof Volume, 'name'>;
type Check<S extends Source> = (source: NonNullable<Volume[S]>, path: string) => FieldError[];

/** Fields that must not be empty. */
export const needs =
  <K extends string>(...fields: readonly K[]) =>
  (source: { readonly [P in K]?: unknown }, path: string): FieldError[] =>
    fields.flatMap((field) => (source[field] ? [] : [requiredValue(`${path}.${field}`)]));

/** One check a kind of source, in the order in which upstream looks for them: the first that is there is the volume's. */
export const volumeSourceChecks: { readonly [S in Source]: Check<S> } = {
  emptyDir: ({ sizeLimit }, path) =>
    sizeLimit !== undefined && compareQuantity(sizeLimit, '0') < 0
      ? [forbidden(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: (source, path) => {
    if (!source.path) return [requiredValue(`${path}.path`)];
    const { type = '' } = source;
    return [
      ...validateNoBacksteps(source.path, `${path}.path`),
      ...(HOST_PATH_TYPES.includes(type) ? [] : [notSupported(`${path}.type`, type, HOST_PATH_TYPES)]),
    ];
  },
  gitRepo: (source, path) => [
    ...needs('repository')(source, path),
    ...validateDescendingPath(source.directory ?? '', `${path}.directory`),
  ],
  gcePersistentDisk: (source, path) => [...needs('pdName')(source, path), ...validatePartition(source, path)],
  awsElasticBlockStore: (source, path) => [...needs('volumeID')(source, path), ...validatePartition(source, path)],
  secret: (source, path) => [...needs('secretName')(source, path), ...validateFiles(source, path)],
  nfs: (source, path) => [
    ...needs('server', 'path')(source, path),
    ...(source.path?.startsWith('/') ? [] : [invalid(`${path}.path`, source.path ?? '', 'must be an absolute path')]),
  ],
  iscsi: (source, path) => validateISCSI(source, undefined, path),
  glusterfs: needs('endpoints', 'path'),
  flocker: ({ datasetName = '', datasetUUID = '' }, path) => {
    const errors: FieldError[] = [];
    if (datasetName === '' && datasetUUID === '')
      errors.push(requiredValue(path, 'one of datasetName and datasetUUID is required'));
    if (datasetName !== '' && datasetUUID !== '')
      errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
    if (datasetName.includes('/')) errors.push(invalid(`${path}.datasetName`, datasetName, "must not contain '/'"));
    return errors;
  },
  persistentVolumeClaim: needs('claimName'),
  rbd: (source, path) => [
    ...(source.monitors?.length ? [] : [requiredValue(`${path}.monitors`)]),
    ...needs('image')(source, path),
  ],
  cinder: needs('volumeID'),
  cephfs: (source, path) => (source.monitors?.length ? [] : [requiredValue(`${path}.monitors`)]),
  quobyte: ({ registry, tenant = '', volume }, path) => {
    const pairs = 'must be a host:port pair or multiple pairs separated by commas';
    const errors: FieldError[] = [];
    if (registry === '') errors.push(requiredValue(`${path}.registry`, pairs));
    else if (byteLength(tenant) > 64)
      errors.push(requiredValue(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
    else
      for (const pair of registry.split(','))
        if (!/^([^:[\]]*|\[[^[\]]*\]):[^:]*$/.test(pair)) errors.push(invalid(`${path}.registry`, registry, pairs));
    return [...errors, ...needs('volume')({ volume }, path)];
  },
  downwardAPI: (source, path) => [
    ...validateMode(source.defaultMode, `${path}.defaultMode`),
    ...(source.items ?? []).flatMap((file) => validateDownwardFile(file, path)),
  ],
  fc: ({ targetWWNs = [], wwids = [], lun }, path) => {
    const here = `${path}.targetWWNs`;
    const errors: FieldError[] = [];
    if (targetWWNs.length === 0 && wwids.length === 0)
      errors.push(requiredValue(here, 'must specify either targetWWNs or wwids, but not both'));
    if (targetWWNs.length > 0 && wwids.length > 0)
      errors.push(invalid(here, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
    if (targetWWNs.length > 0)
      errors.push(
        ...(lun === undefined
          ? [requiredValue(`${path}.lun`, 'lun is required if targetWWNs is specified')]
          : validateLun(lun, path)),
      );
    return errors;
  },
  flexVolume: (source, path) => [...needs('driver')(source, path), ...flexOptions(source.options, path)],
  configMap: (source, path) => [...needs('name')(source, path), ...validateFiles(source, path)],
  azureFile: needs('secretName', 'shareName'),
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk: validateAzureDisk,
  storageos: ({ volumeName, volumeNamespace, secretRef }, path) => [
    ...(volumeName
      ? eachInvalid(`${path}.volumeName`, volumeName, dns1123Label(volumeName))
      : [requiredValue(`${path}.volumeName`)]),
    ...(volumeNamespace ? eachInvalid(`${path}.volumeNamespace`, volumeNamespace, dns1123Label(volumeNamespace)) : []),
    ...(secretRef === undefined ? [] : needs('name')(secretRef, `${path}.secretRef`)),
  ],
  projected: (source, path) => [
    ...validateMode(source.defaultMode, `${path}.defaultMode`),
    ...validateProjected(source, path),
  ],
  scaleIO: needs('gateway', 'system', 'volumeName'),
  csi: (source, path) => {
    const { nodePublishSecretRef: secret } = source;
    const errors = validateDriverName(source.driver ?? '', `${path}.driver`);
    if (secret === undefined) return errors;
    // Upstream tells of a name's form at the volume's own path.
    return secret.name
      ? [...errors, ...eachInvalid(`${path}.name`, secret.name, dns1123Subdomain(secret.name))]
      : [...errors, requiredValue(`${path}.nodePublishSecretRef.name`)];
  },
  ephemeral: ({ volumeClaimTemplate: template }, path) => {
    const here = `${path}.volumeClaimTemplate`;
    return template === undefined ? [requiredValue(here)] : validateClaimSpec(template.spec ?? {}, `${here}.spec`);
  },
  image: needs('reference'),
};

const IQN = /iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/;
const EUI = /^eui.[A-Za-z0-9]{16}$/;
const NAA = /^naa.[A-Za-z0-9]{32}$/;

/** `iqn.…`, `eui.…` or `naa.…`; `why` is what is said of other beginnings. */
function validateIscsiName(name: string, path: string, why: string): FieldError[] {
  const pattern = { iqn: IQN, eui: EUI, naa: NAA }[name.slice(0, 3)];
  if (pattern === undefined) return [invalid(path, name, why)];
  return pattern.test(name) ? [] : [invalid(path, name, 'must be valid format')];
}

const validateLun = (lun: number, path: string): FieldError[] =>
  lun < 0 || lun > 255 ? [invalid(`${path}.lun`, lun, 'must be between 0 and 255, inclusive')] : [];

/** The faults of an iSCSI disk of a pod, or of a PersistentVolume of the name `volumeName`. */
export function validateISCSI(
  source: Omit<ISCSIVolumeSource, 'secretRef'> & { readonly secretRef?: { readonly name?: string } },
  volumeName: string | undefined,
  path: string,
): FieldError[] {
  const { targetPortal, iqn, lun, initiatorName, secretRef } = source;
  const ofPod = volumeName === undefined;
  const why = ofPod ? 'must be valid format starting with iqn, eui, or naa' : 'must be valid format';
  const errors: FieldError[] = targetPortal === '' ? [requiredValue(`${path}.targetPortal`)] : [];
  if (!ofPod && initiatorName !== undefined && byteLength(`${volumeName}:${targetPortal}`) > 64)
    errors.push(
      invalid(
        `${path}.targetportal`,
        targetPortal,
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    );
  errors.push(...(iqn === '' ? [requiredValue(`${path}.iqn`)] : validateIscsiName(iqn, `${path}.iqn`, why)));
  errors.push(...validateLun(lun, path));
  if ((source.chapAuthDiscovery === true || source.chapAuthSession === true) && secretRef === undefined)
    errors.push(requiredValue(`${path}.secretRef`));
  if (!ofPod && secretRef !== undefined) errors.push(...needs('name')(secretRef, `${path}.secretRef`));
  if (initiatorName !== undefined) errors.push(...validateIscsiName(initiatorName, `${path}.initiatorname`, why));
  return errors;
}

const validatePartition = ({ partition = 0 }: { readonly partition?: number }, path: string): FieldError[] =>
  partition < 0 || partition > 255
    ? [invalid(`${path}.partition`, partition, 'must be between 1 and 255, inclusive')]
    : [];

function validateAzureDisk(source: AzureDiskVolumeSource, path: string): FieldError[] {
  const { cachingMode, kind, diskURI } = source;
  const modes = ['None', 'ReadOnly', 'ReadWrite'];
  const kinds = ['Dedicated', 'Managed', 'Shared'];
  const errors = needs('diskName', 'diskURI')(source, path);
  if (cachingMode !== undefined && !modes.includes(cachingMode))
    errors.push(notSupported(`${path}.cachingMode`, cachingMode, modes));
  if (kind !== undefined && !kinds.includes(kind)) errors.push(notSupported(`${path}.kind`, kind, kinds));
  const form =
    kind === 'Managed'
      ? '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
      : 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
  if (kind !== undefined && !diskURI.startsWith(kind === 'Managed' ? '/subscriptions/' : 'https://'))
    errors.push(notSupported(`${path}.diskURI`, diskURI, [form]));
  return errors;
}

/** Options for a program on the node may not be called what Kubernetes calls its own. */
export const flexOptions = (options: Readonly<Record<string, string>> | undefined, path: string): FieldError[] =>
  Object.keys(options ?? {}).flatMap((key) =>
    /\.(kubernetes|k8s)\.io$/i.test(`.${key.split('/', 1)[0]}`)
      ? [invalid(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved')]
      : [],
  );

const MAX_DRIVER_BYTES = 63;

/** The faults of the name of a CSI driver, required (core validation: ValidateCSIDriverName). */
export function validateDriverName(name: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (name === '') errors.push(requiredValue(path));
  if (byteLength(name) > MAX_DRIVER_BYTES) errors.push(tooLong(path, MAX_DRIVER_BYTES));
  return [...errors, ...eachInvalid(path, name, dns1123Subdomain(name.toLowerCase()))];
}
