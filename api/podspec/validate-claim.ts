import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1123Label, dns1123Subdomain } from '#api/meta/names.ts';
import { compareQuantity, milliValue } from '#api/meta/quantity.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import type { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const VOLUME_MODES = ['Block', 'Filesystem'];

/** The faults of the ways in which a volume or claim is used; that there is one is checked elsewhere. */
export function validateAccessModes(modes: readonly string[], path: string): FieldError[] {
  const known = modes.filter((mode) => ACCESS_MODES.includes(mode));
  const errors = modes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(path, mode, ACCESS_MODES));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod'))
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

/** The faults of volumeMode. */
export const validateVolumeMode = (mode: string | undefined, path: string): FieldError[] =>
  mode === undefined || VOLUME_MODES.includes(mode) ? [] : [notSupported(path, mode, VOLUME_MODES)];

/** An amount that must be more than nothing. */
export const validatePositive = (amount: string, path: string): FieldError[] =>
  compareQuantity(amount, '0') > 0 ? [] : [invalid(path, amount, 'must be greater than zero')];

/** The faults of what a claim asks for, in a claim or in a pod's ephemeral volume (core validation: ValidatePersistentVolumeClaimSpec). */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: string): FieldError[] {
  const { accessModes = [], storageClassName = '', volumeAttributesClassName = '', dataSource, dataSourceRef } = spec;
  const errors: FieldError[] =
    accessModes.length === 0 ? [requiredValue(`${path}.accessModes`, 'at least 1 access mode is required')] : [];
  errors.push(...validateLabelSelector(spec.selector, `${path}.selector`));
  errors.push(...validateAccessModes(accessModes, `${path}.accessModes`));
  const size = spec.resources?.requests?.['storage'];
  const here = `${path}.resources[storage]`;
  errors.push(...(size === undefined ? [requiredValue(here)] : validatePositive(size, here)));
  for (const [field, name] of Object.entries({ storageClassName, volumeAttributesClassName }))
    if (name !== '') errors.push(...eachInvalid(`${path}.${field}`, name, dns1123Subdomain(name)));
  errors.push(...validateVolumeMode(spec.volumeMode, `${path}.volumeMode`));
  if (dataSource !== undefined) errors.push(...validateSource(dataSource, `${path}.dataSource`));
  if (dataSourceRef !== undefined) {
    const { namespace = '' } = dataSourceRef;
    errors.push(...validateSource(dataSourceRef, `${path}.dataSourceRef`));
    if (namespace !== '')
      errors.push(...eachInvalid(`${path}.dataSourceRef.namespace`, namespace, dns1123Label(namespace)));
  }
  return [...errors, ...validateSameSource(spec, path)];
}

function validateSource(
  { apiGroup = '', kind, name }: { readonly apiGroup?: string; readonly kind?: string; readonly name?: string },
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(requiredValue(`${path}.name`));
  if (!kind) errors.push(requiredValue(`${path}.kind`));
  if (apiGroup !== '') errors.push(...eachInvalid(`${path}.apiGroup`, apiGroup, dns1123Subdomain(apiGroup)));
  else if (kind !== 'PersistentVolumeClaim')
    errors.push(invalid(path, kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  return errors;
}

/** Old and new field of the source say the same, unless the source is in another namespace, which the old one cannot say. */
function validateSameSource({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, path: string): FieldError[] {
  if (dataSource === undefined || dataSourceRef === undefined) return [];
  if (dataSourceRef.namespace)
    return [invalid(path, `${path}.dataSource`, 'may not be specified when dataSourceRef.namespace is specified')];
  const same =
    (dataSource.apiGroup ?? '') === (dataSourceRef.apiGroup ?? '') &&
    dataSource.kind === dataSourceRef.kind &&
    dataSource.name === dataSourceRef.name;
  return same ? [] : [invalid(path, `${path}.dataSource`, 'must match dataSourceRef')];
}

/** Warnings about what a claim asks for: parts of a byte. */
export function claimSpecWarnings(spec: PersistentVolumeClaimSpec | undefined, path: string): string[] {
  return (['requests', 'limits'] as const).flatMap((field) => {
    const size = spec?.resources?.[field]?.['storage'];
    return size !== undefined && milliValue(size) % 1000 !== 0
      ? [
          `${path}.resources.${field}[storage]: fractional byte value ${JSON.stringify(size)} is invalid, must be an integer`,
        ]
      : [];
  });
}
