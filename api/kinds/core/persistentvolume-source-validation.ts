import type { SecretReference } from '#api/kinds/core/persistentvolume-sources.ts';
import type { PersistentVolumeSpec } from '#api/kinds/core/persistentvolume.ts';
import { type FieldError, eachInvalid, forbidden, requiredValue } from '#api/meta/field-error.ts';
import { dns1123Label, dns1123Subdomain } from '#api/meta/names.ts';
import { validateNoBacksteps } from '#api/podspec/validate-path.ts';
import {
  flexOptions,
  needs,
  validateDriverName,
  validateISCSI,
  volumeSourceChecks,
} from '#api/podspec/validate-volume-source.ts';

/** The sources of a volume, in the order in which upstream looks for them: the first that is there is the volume's. */
export const SOURCES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const satisfies readonly (keyof PersistentVolumeSpec)[];
/** One of them. */
export type SourceName = (typeof SOURCES)[number];
type Check<S extends SourceName> = (
  source: NonNullable<PersistentVolumeSpec[S]>,
  path: string,
  spec: PersistentVolumeSpec,
  name: string,
) => FieldError[];

/** What stands there of a source. */
export const sourceOf = (spec: PersistentVolumeSpec, source: SourceName): unknown => spec[source];

/** Parts of a reference that must be there, without a look at their form. */
const validateNamed = (
  ref: { readonly name?: string; readonly namespace?: string } | undefined,
  path: string,
): FieldError[] => (ref === undefined ? [] : needs('name', 'namespace')(ref, path));

function validateSecretRef(ref: SecretReference | undefined, path: string): FieldError[] {
  if (ref === undefined) return [];
  const { name, namespace } = ref;
  return [
    ...(name ? eachInvalid(`${path}.name`, name, dns1123Subdomain(name)) : [requiredValue(`${path}.name`)]),
    ...(namespace
      ? eachInvalid(`${path}.namespace`, namespace, dns1123Label(namespace))
      : [requiredValue(`${path}.namespace`)]),
  ];
}

const { hostPath, gcePersistentDisk, awsElasticBlockStore, flocker, nfs, quobyte, fc, vsphereVolume } =
  volumeSourceChecks;
const { photonPersistentDisk, portworxVolume, azureDisk } = volumeSourceChecks;

const CHECKS: { readonly [S in SourceName]: Check<S> } = {
  hostPath,
  gcePersistentDisk,
  awsElasticBlockStore,
  flocker,
  nfs,
  quobyte,
  fc,
  vsphereVolume,
  photonPersistentDisk,
  portworxVolume,
  azureDisk,
  glusterfs: (source, path) => {
    const { endpointsNamespace: namespace } = source;
    const errors = needs('endpoints', 'path')(source, path);
    if (namespace === undefined) return errors;
    const here = `${path}.endpointsNamespace`;
    const wrong =
      namespace === ''
        ? ['if the endpointnamespace is set, it must be a valid namespace name']
        : dns1123Label(namespace);
    return [...errors, ...eachInvalid(here, namespace, wrong)];
  },
  rbd: (source, path) => [
    ...(source.monitors?.length ? [] : [requiredValue(`${path}.monitors`)]),
    ...needs('image')(source, path),
  ],
  cephfs: ({ monitors }, path) => (monitors?.length ? [] : [requiredValue(`${path}.monitors`)]),
  iscsi: (source, path, _spec, name) => validateISCSI(source, name, path),
  cinder: (source, path) => [
    ...needs('volumeID')(source, path),
    ...validateNamed(source.secretRef, `${path}.secretRef`),
  ],
  flexVolume: (source, path) => [...needs('driver')(source, path), ...flexOptions(source.options, path)],
  azureFile: (source, path) => [
    ...needs('secretName', 'shareName')(source, path),
    ...(source.secretNamespace === '' ? [requiredValue(`${path}.secretNamespace`)] : []),
  ],
  scaleIO: needs('gateway', 'system', 'volumeName'),
  local: (source, path, { nodeAffinity }) => [
    ...(source.path ? validateNoBacksteps(source.path, `${path}.path`) : [requiredValue(`${path}.path`)]),
    ...(nodeAffinity === undefined
      ? [requiredValue(path.replace(/\.local$/, '.nodeAffinity'), 'Local volume requires node affinity')]
      : []),
  ],
  storageos: (source, path) => {
    const { volumeName, volumeNamespace } = source;
    return [
      ...(volumeName
        ? eachInvalid(`${path}.volumeName`, volumeName, dns1123Label(volumeName))
        : [requiredValue(`${path}.volumeName`)]),
      ...(volumeNamespace
        ? eachInvalid(`${path}.volumeNamespace`, volumeNamespace, dns1123Label(volumeNamespace))
        : []),
      ...validateNamed(source.secretRef, `${path}.secretRef`),
    ];
  },
  csi: (source, path) => [
    ...validateDriverName(source.driver ?? '', `${path}.driver`),
    ...needs('volumeHandle')(source, path),
    ...validateSecretRef(source.controllerPublishSecretRef, `${path}.controllerPublishSecretRef`),
    ...validateSecretRef(source.controllerExpandSecretRef, `${path}.controllerExpandSecretRef`),
    ...validateSecretRef(source.nodePublishSecretRef, `${path}.nodePublishSecretRef`),
    ...validateSecretRef(source.nodeExpandSecretRef, `${path}.nodeExpandSecretRef`),
  ],
};

/** The faults of where a volume's storage is: one source, and nothing wrong with it. `name` is the volume's. */
export function validateVolumeSource(spec: PersistentVolumeSpec, name: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let found = false;
  const check = <S extends SourceName>(source: S): void => {
    const given = spec[source];
    if (given === undefined) return;
    const here = `${path}.${source}`;
    if (found) errors.push(forbidden(here, 'may not specify more than 1 volume type'));
    else errors.push(...CHECKS[source](given as NonNullable<PersistentVolumeSpec[S]>, here, spec, name));
    found = true;
  };
  for (const source of SOURCES) check(source);
  if (!found) errors.push(requiredValue(path, 'must specify a volume type'));
  return errors;
}
