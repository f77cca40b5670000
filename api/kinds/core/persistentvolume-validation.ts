import type { PersistentVolume, PersistentVolumeSpec } from '#api/kinds/core/persistentvolume.ts';
import {
  SOURCES,
  type SourceName,
  sourceOf,
  validateVolumeSource,
} from '#api/kinds/core/persistentvolume-source-validation.ts';
import { CLASS_ANNOTATION } from '#api/kinds/core/volume-columns.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1123Subdomain } from '#api/meta/names.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { nodeTermWarnings } from '#api/podspec/deprecated-labels.ts';
import { validateNodeSelector } from '#api/podspec/validate-affinity.ts';
import { validateAccessModes, validatePositive, validateVolumeMode } from '#api/podspec/validate-claim.ts';

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];
const INLINE = 'in the context of inline volumes';

/** The faults of a volume's spec; `inline` = one that stands in a VolumeAttachment (core validation: ValidatePersistentVolumeSpec). */
export function validateVolumeSpec(
  spec: PersistentVolumeSpec,
  name: string,
  path: string,
  inline: boolean,
): FieldError[] {
  const errors = inline ? validateInline(spec, path) : validateCapacity(spec, path);
  const { accessModes = [], nodeAffinity, persistentVolumeReclaimPolicy: policy = '' } = spec;
  if (accessModes.length === 0) errors.push(requiredValue(`${path}.accessModes`));
  errors.push(...validateAccessModes(accessModes, `${path}.accessModes`));
  if (!inline) {
    if (policy !== '' && !RECLAIM_POLICIES.includes(policy))
      errors.push(notSupported(`${path}.persistentVolumeReclaimPolicy`, policy, RECLAIM_POLICIES));
    const { storageClassName = '' } = spec;
    if (storageClassName !== '')
      errors.push(...eachInvalid(`${path}.storageClassName`, storageClassName, dns1123Subdomain(storageClassName)));
    errors.push(...validateVolumeMode(spec.volumeMode, `${path}.volumeMode`));
  }
  if (nodeAffinity !== undefined)
    errors.push(
      ...(nodeAffinity.required === undefined
        ? [requiredValue(`${path}.nodeAffinity.required`, 'must specify required node constraints')]
        : validateNodeSelector(nodeAffinity.required, `${path}.nodeAffinity.required`)),
    );
  errors.push(...validateVolumeSource(spec, name, path));
  if (policy === 'Recycle' && isRoot(spec.hostPath?.path))
    errors.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"));
  return [...errors, ...validateAttributesClass(spec, path)];
}

const isRoot = (path: string | undefined): boolean => path !== undefined && /^\/[/.]*$/.test(path);

function validateCapacity({ capacity = {} }: PersistentVolumeSpec, path: string): FieldError[] {
  const here = `${path}.capacity`;
  const amounts = Object.entries(capacity);
  const errors: FieldError[] = amounts.length === 0 ? [requiredValue(here)] : [];
  if (capacity['storage'] === undefined || amounts.length > 1) errors.push(notSupported(here, capacity, ['storage']));
  return [...errors, ...amounts.flatMap(([name, amount]) => validatePositive(amount, `${here}[${name}]`))];
}

/** What only a volume of its own may say. */
function validateInline(spec: PersistentVolumeSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['claimRef', 'capacity', 'storageClassName'] as const) {
    const given = spec[field];
    if (given !== undefined && given !== '')
      errors.push(forbidden(`${path}.${field}`, `may not be specified ${INLINE}`));
  }
  if (spec.csi === undefined) errors.push(requiredValue(`${path}.csi`, `has to be specified ${INLINE}`));
  const policy = spec.persistentVolumeReclaimPolicy ?? '';
  if (policy !== '' && policy !== 'Retain')
    errors.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, `may only be Retain ${INLINE}`));
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem')
    errors.push(forbidden(`${path}.volumeMode`, `may not specify volumeMode other than Filesystem ${INLINE}`));
  return errors;
}

function validateAttributesClass({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec, path: string) {
  if (name === undefined) return [];
  const here = `${path}.volumeAttributesClassName`;
  const errors =
    name === ''
      ? [requiredValue(here, 'an empty string is disallowed')]
      : eachInvalid(here, name, dns1123Subdomain(name));
  if (csi === undefined)
    errors.push(requiredValue(`${path}.csi`, 'has to be specified when using volumeAttributesClassName'));
  return errors;
}

/** The faults of a PersistentVolume. */
export const validatePersistentVolume = ({ metadata, spec }: PersistentVolume): FieldError[] =>
  validateVolumeSpec(spec ?? {}, metadata.name ?? '', 'spec', false);

const withoutExpandSecret = (spec: PersistentVolumeSpec): PersistentVolumeSpec => {
  if (spec.csi === undefined) return spec;
  const { controllerExpandSecretRef: _secret, ...csi } = spec.csi;
  return { ...spec, csi };
};

/** The faults of a change: where the storage is stays, and from where it can be reached, once it was said. */
export function validatePersistentVolumeUpdate(
  { spec = {} }: PersistentVolume,
  { spec: before = {} }: PersistentVolume,
): FieldError[] {
  const errors: FieldError[] = [];
  const gainsSecret = before.csi?.controllerExpandSecretRef === undefined;
  const now = gainsSecret ? withoutExpandSecret(spec) : spec;
  const changed = SOURCES.filter((source) => !deepEqual(now[source], before[source]));
  if (changed.length > 0)
    errors.push(
      forbidden(
        'spec.persistentvolumesource',
        `spec.persistentvolumesource is immutable after creation\nchanged: ${changed.map((one) => `spec.${one}`).join(', ')}`,
      ),
    );
  if (spec.volumeMode !== before.volumeMode) errors.push(invalid('volumeMode', spec.volumeMode, IMMUTABLE));
  if (before.nodeAffinity !== undefined && !deepEqual(spec.nodeAffinity, before.nodeAffinity))
    errors.push(invalid('nodeAffinity', spec.nodeAffinity, `${IMMUTABLE}, except for updating from beta label to GA`));
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  return errors;
}

/** Sources that no longer work anywhere, or are about to. */
const DEPRECATED: readonly (readonly [SourceName, string, string])[] = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];
const MOUNT_OPTIONS_ANNOTATION = 'volume.beta.kubernetes.io/mount-options';

/** What is allowed in a volume but will hardly be meant (upstream: pkg/api/persistentvolume). */
export function persistentVolumeWarnings({ metadata, spec = {} }: PersistentVolume): string[] {
  const warnings: string[] = [];
  const { annotations = {} } = metadata;
  if (annotations[CLASS_ANNOTATION] !== undefined)
    warnings.push(
      `metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`,
    );
  if (annotations[MOUNT_OPTIONS_ANNOTATION] !== undefined)
    warnings.push(
      `metadata.annotations[${MOUNT_OPTIONS_ANNOTATION}]: deprecated since v1.31; use "mountOptions" attribute instead`,
    );
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  for (const [index, term] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries())
    warnings.push(...nodeTermWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`));
  for (const [source, shown, text] of DEPRECATED)
    if (sourceOf(spec, source) !== undefined) warnings.push(`spec.${shown}: ${text}`);
  return warnings;
}
