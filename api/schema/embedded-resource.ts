import { type FieldError, invalid, requiredValue } from '#api/meta/field-error.ts';
import { dns1035Label } from '#api/meta/names.ts';
import { validateAnnotations, validateLabels } from '#api/meta/object-meta-validation.ts';
import { isObject } from './structural.ts';

/** The faults of a resource inside another (x-kubernetes-embedded-resource): it names its kind, and its metadata is metadata. */
export function validateEmbeddedResource(value: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['apiVersion', 'kind']) {
    const field = `${path}.${name}`;
    const given = value[name];
    if (given === undefined) errors.push(requiredValue(field, 'must not be empty'));
    else if (typeof given !== 'string') errors.push(invalid(field, given, 'must be a string'));
    else if (given === '') errors.push(invalid(field, given, 'must not be empty'));
    else errors.push(...(name === 'kind' ? kindFaults(given, field) : versionFaults(given, field)));
  }
  const { metadata } = value;
  if (metadata === undefined) return errors;
  if (!isObject(metadata)) return [...errors, invalid(`${path}.metadata`, metadata, 'must be an object')];
  const texts = (name: string): Record<string, string> | undefined => {
    const map = metadata[name];
    if (map === undefined || map === null) return undefined;
    const isTexts = isObject(map) && Object.values(map).every((one) => typeof one === 'string');
    if (!isTexts) errors.push(invalid(`${path}.metadata.${name}`, map, 'must be a map of strings'));
    return isTexts ? (map as Record<string, string>) : undefined;
  };
  errors.push(...validateLabels(texts('labels'), `${path}.metadata.labels`));
  errors.push(...validateAnnotations(texts('annotations'), `${path}.metadata.annotations`));
  return errors;
}

const kindFaults = (kind: string, field: string): FieldError[] => {
  const texts = dns1035Label(kind.toLowerCase());
  if (texts.length === 0) return [];
  return [invalid(field, kind, `may have mixed case, but should otherwise match: ${texts.join(',')}`)];
};

const versionFaults = (apiVersion: string, field: string): FieldError[] =>
  apiVersion.split('/').length <= 2
    ? []
    : [invalid(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
