import { type FieldError, eachInvalid, forbidden, invalid, tooLong } from '#api/meta/field-error.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { byteLength, configMapKey } from '#api/meta/names.ts';

/** The most that the values of a ConfigMap or Secret may take together, in bytes (core: MaxSecretSize). */
export const MAX_DATA_BYTES = 1024 * 1024;

/** Bytes of a text in base64, without decoding it. */
export const decodedLength = (base64: string): number =>
  Math.floor((base64.length * 3) / 4) - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);

/** What is the same in ConfigMaps and Secrets. */
export interface DataHolder {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** The faults of a ConfigMap's keys and size. */
export function validateConfigMapData({ data = {}, binaryData = {} }: DataHolder): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...eachInvalid(`data[${key}]`, key, configMapKey(key)));
    if (binaryData[key] !== undefined)
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    bytes += byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...eachInvalid(`binaryData[${key}]`, key, configMapKey(key)));
    bytes += decodedLength(value);
  }
  // Upstream's path of the whole object prints as `[]`.
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong('[]', MAX_DATA_BYTES));
  return errors;
}

/** What once was marked immutable stays: the mark and the data. */
export function validateImmutability(object: DataHolder, old: DataHolder): FieldError[] {
  if (old.immutable !== true) return [];
  const why = 'field is immutable when `immutable` is set';
  const errors: FieldError[] = [];
  if (object.immutable !== true) errors.push(forbidden('immutable', why));
  for (const field of ['data', 'binaryData'] as const)
    if (!deepEqual(object[field] ?? {}, old[field] ?? {})) errors.push(forbidden(field, why));
  return errors;
}
