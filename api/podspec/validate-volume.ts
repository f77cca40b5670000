import {
  type FieldError,
  duplicate,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1123Label, dns1123Subdomain } from '#api/meta/names.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import { validateDescendingPath, validateNoBacksteps, validateNonReservedPath } from '#api/podspec/validate-path.ts';
import { VOLUME_FIELDS, validateFieldRef, validateResourceRef } from '#api/podspec/validate-selector-fields.ts';
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '#api/podspec/volume.ts';

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

/** The faults of a pod's volumes, and those that mounts may name: a volume with a fault is not among them. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  path: string,
): { readonly errors: FieldError[]; readonly byName: ReadonlyMap<string, Volume> } {
  const byName = new Map<string, Volume>();
  const errors = (volumes ?? []).flatMap((volume, index) => {
    const here = `${path}[${index}]`;
    const own = validateSource(volume, here);
    if (!volume.name) own.push(requiredValue(`${here}.name`));
    else own.push(...eachInvalid(`${here}.name`, volume.name, dns1123Label(volume.name)));
    if (byName.has(volume.name)) own.push(duplicate(`${here}.name`, volume.name));
    if (own.length === 0) byName.set(volume.name, volume);
    return own;
  });
  return { errors, byName };
}

type Source = Exclude<keyof Volume, 'name'>;
type Check<S extends Source> = (source: NonNullable<Volume[S]>, path: string) => FieldError[];

const needs =
  <K extends string>(...fields: readonly K[]) =>
  (source: { readonly [P in K]?: unknown }, path: string): FieldError[] =>
    fields.flatMap((field) => (source[field] ? [] : [requiredValue(`${path}.${field}`)]));

/** One check a kind of source, in the order in which upstream looks for them: the first that is there is the volume's. */
const CHECKS: { readonly [S in Source]: Check<S> } = {
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
  gitRepo: needs('repository'),
  gcePersistentDisk: needs('pdName'),
  awsElasticBlockStore: needs('volumeID'),
  secret: (source, path) => [...needs('secretName')(source, path), ...validateFiles(source, path)],
  nfs: (source, path) => [
    ...needs('server', 'path')(source, path),
    ...(source.path?.startsWith('/') ? [] : [invalid(`${path}.path`, source.path ?? '', 'must be an absolute path')]),
  ],
  iscsi: needs('targetPortal', 'iqn'),
  glusterfs: needs('endpoints', 'path'),
  flocker: ({ datasetName, datasetUUID }, path) =>
    datasetName || datasetUUID ? [] : [requiredValue(path, 'one of datasetName and datasetUUID is required')],
  persistentVolumeClaim: needs('claimName'),
  rbd: (source, path) => [
    ...(source.monitors?.length ? [] : [requiredValue(`${path}.monitors`)]),
    ...needs('image')(source, path),
  ],
  cinder: needs('volumeID'),
  cephfs: (source, path) => (source.monitors?.length ? [] : [requiredValue(`${path}.monitors`)]),
  quobyte: needs('registry', 'volume'),
  downwardAPI: (source, path) => [
    ...validateMode(source.defaultMode, `${path}.defaultMode`),
    ...(source.items ?? []).flatMap((file) => validateDownwardFile(file, path)),
  ],
  fc: () => [],
  flexVolume: needs('driver'),
  configMap: (source, path) => [...needs('name')(source, path), ...validateFiles(source, path)],
  azureFile: needs('secretName', 'shareName'),
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk: needs('diskName', 'diskURI'),
  storageos: needs('volumeName'),
  projected: (source, path) => [
    ...validateMode(source.defaultMode, `${path}.defaultMode`),
    ...validateProjected(source, path),
  ],
  scaleIO: needs('gateway', 'system', 'volumeName'),
  csi: (source, path) => [
    ...needs('driver')(source, path),
    ...eachInvalid(`${path}.driver`, source.driver ?? '', dns1123Subdomain((source.driver ?? '').toLowerCase())),
  ],
  ephemeral: ({ volumeClaimTemplate }, path) => {
    const here = `${path}.volumeClaimTemplate`;
    if (volumeClaimTemplate === undefined) return [requiredValue(here)];
    const { spec } = volumeClaimTemplate;
    return [
      ...(spec?.accessModes?.length
        ? []
        : [requiredValue(`${here}.spec.accessModes`, 'at least 1 access mode is required')]),
      ...(spec?.resources?.requests?.['storage'] === undefined
        ? [requiredValue(`${here}.spec.resources[storage]`)]
        : []),
    ];
  },
  image: needs('reference'),
};

function validateSource(volume: Volume, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let found = false;
  const check = <S extends Source>(source: S): void => {
    const value = volume[source];
    if (value === undefined) return;
    const here = `${path}.${source}`;
    if (found) errors.push(forbidden(here, 'may not specify more than 1 volume type'));
    else errors.push(...CHECKS[source](value as NonNullable<Volume[S]>, here));
    found = true;
  };
  for (const source of Object.keys(CHECKS) as Source[]) check(source);
  if (!found) errors.push(requiredValue(path, 'must specify a volume type'));
  return errors;
}

const validateMode = (mode: number | undefined, path: string): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > 0o777)
    ? [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];

function validateFiles(
  { defaultMode, items = [] }: { readonly defaultMode?: number; readonly items?: readonly KeyToPath[] },
  path: string,
): FieldError[] {
  return [
    ...validateMode(defaultMode, `${path}.defaultMode`),
    ...items.flatMap((item, index) => validateKeyToPath(item, `${path}.items[${index}]`)),
  ];
}

function validateKeyToPath(item: KeyToPath, path: string): FieldError[] {
  return [
    ...(item.key ? [] : [requiredValue(`${path}.key`)]),
    ...(item.path ? validateNonReservedPath(item.path, `${path}.path`) : [requiredValue(`${path}.path`)]),
    ...validateMode(item.mode, `${path}.mode`),
  ];
}

function validateDownwardFile(file: DownwardAPIVolumeFile, path: string): FieldError[] {
  const errors = file.path ? validateNonReservedPath(file.path, `${path}.path`) : [requiredValue(`${path}.path`)];
  if (file.fieldRef !== undefined) {
    errors.push(...validateFieldRef(file.fieldRef, VOLUME_FIELDS, `${path}.fieldRef`));
    if (file.resourceFieldRef !== undefined)
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (file.resourceFieldRef !== undefined)
    errors.push(...validateResourceRef(file.resourceFieldRef, `${path}.resourceFieldRef`, true));
  else errors.push(requiredValue(path, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...validateMode(file.mode, `${path}.mode`)];
}

function validateProjected({ sources = [] }: ProjectedVolumeSource, path: string): FieldError[] {
  const paths = new Set<string>();
  const conflict = (file: string, named: string): FieldError[] => {
    if (file === '') return [];
    if (paths.has(file)) return [invalid(path, named, 'conflicting duplicate paths')];
    paths.add(file);
    return [];
  };
  return sources.flatMap((source, index) => validateProjection(source, path, `${path}.sources[${index}]`, conflict));
}

function validateProjection(
  source: VolumeProjection,
  path: string,
  here: string,
  conflict: (file: string, named: string) => FieldError[],
): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['secret', 'configMap'] as const) {
    const keyed = source[field];
    if (keyed === undefined) continue;
    const { name = '', items = [] } = keyed;
    if (name === '') errors.push(requiredValue(`${here}.${field}.name`));
    for (const [index, item] of items.entries())
      errors.push(...validateKeyToPath(item, `${here}.${field}.items[${index}]`), ...conflict(item.path, name));
  }
  for (const file of source.downwardAPI?.items ?? [])
    errors.push(...validateDownwardFile(file, `${here}.downwardAPI`), ...conflict(file.path, file.path));
  const token = source.serviceAccountToken;
  if (token !== undefined) {
    const seconds = token.expirationSeconds ?? 3600;
    if (seconds < 600)
      errors.push(
        invalid(
          `${here}.serviceAccountToken.expirationSeconds`,
          seconds,
          'may not specify a duration less than 10 minutes',
        ),
      );
    else if (seconds > 2 ** 32)
      errors.push(
        invalid(
          `${here}.serviceAccountToken.expirationSeconds`,
          seconds,
          'may not specify a duration larger than 2^32 seconds',
        ),
      );
    if (!token.path) errors.push(requiredValue(`${path}.path`));
    else errors.push(...validateDescendingPath(token.path, `${path}.path`), ...conflict(token.path, token.path));
  }
  if (Object.values(source).filter((one) => one !== undefined).length > 1)
    errors.push(forbidden(here, 'may not specify more than 1 volume type'));
  return errors;
}
