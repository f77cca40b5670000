import { type FieldError, eachInvalid, invalid, requiredValue, tooLong } from '#api/meta/field-error.ts';
import { byteLength, qualifiedName } from '#api/meta/names.ts';

const MAX_PARAMETERS = 512;
const MAX_PARAMETER_BYTES = 256 * 1024;

/** The faults of who provides volumes of a class, required; upstream shows it in lower case. */
export const validateProvisioner = (name: string, path: string): FieldError[] =>
  name === '' ? [requiredValue(path)] : eachInvalid(path, name.toLowerCase(), qualifiedName(name.toLowerCase()));

/** The faults of what a class tells its provisioner. */
export function validateParameters(
  parameters: Readonly<Record<string, string>> | undefined,
  path: string,
  mayBeEmpty: boolean,
): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > MAX_PARAMETERS) return [tooLong(path, MAX_PARAMETERS)];
  const errors = entries.flatMap(([key]) => (key === '' ? [invalid(path, key, 'field can not be empty.')] : []));
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (size > MAX_PARAMETER_BYTES) errors.push(tooLong(path, MAX_PARAMETER_BYTES));
  if (!mayBeEmpty && entries.length === 0) errors.push(requiredValue(path, 'must contain at least one key/value pair'));
  return errors;
}
