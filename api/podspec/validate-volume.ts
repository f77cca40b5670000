import { type FieldError, duplicate, eachInvalid, forbidden, requiredValue } from '#api/meta/field-error.ts';
import { dns1123Label } from '#api/meta/names.ts';
import { type Source, volumeSourceChecks } from '#api/podspec/validate-volume-source.ts';
import type { Volume } from '#api/podspec/volume.ts';

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

function validateSource(volume: Volume, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let found = false;
  const check = <S extends Source>(source: S): void => {
    const value = volume[source];
    if (value === undefined) return;
    const here = `${path}.${source}`;
    if (found) errors.push(forbidden(here, 'may not specify more than 1 volume type'));
    else errors.push(...volumeSourceChecks[source](value as NonNullable<Volume[S]>, here));
    found = true;
  };
  for (const source of Object.keys(volumeSourceChecks) as Source[]) check(source);
  if (!found) errors.push(requiredValue(path, 'must specify a volume type'));
  return errors;
}
