import { type FieldError, forbidden, invalid, requiredValue } from '#api/meta/field-error.ts';
import { validateDescendingPath, validateNonReservedPath } from '#api/podspec/validate-path.ts';
import { VOLUME_FIELDS, validateFieldRef, validateResourceRef } from '#api/podspec/validate-selector-fields.ts';
import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, VolumeProjection } from '#api/podspec/volume.ts';

/** The faults of a file's permissions. */
export const validateMode = (mode: number | undefined, path: string): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > 0o777)
    ? [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];

/** The faults of the files that a ConfigMap or Secret becomes. */
export function validateFiles(
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

/** The faults of a file that shows something of the pod. */
export function validateDownwardFile(file: DownwardAPIVolumeFile, path: string): FieldError[] {
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

/** The faults of a volume put together from several sources. */
export function validateProjected({ sources = [] }: ProjectedVolumeSource, path: string): FieldError[] {
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
