import { MAX_DATA_BYTES, decodedLength } from '#api/kinds/core/data-validation.ts';
import { type FieldError, eachInvalid, invalid, requiredValue, tooLong } from '#api/meta/field-error.ts';
import { configMapKey } from '#api/meta/names.ts';
import { goSyntaxError } from '#api/schema/go-json-syntax.ts';
import type { Secret } from './secret.ts';

/** The annotation by which a token Secret names its ServiceAccount. */
export const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';
/** The annotation that says which one of that name it is: its UID. */
export const SERVICE_ACCOUNT_UID = 'kubernetes.io/service-account.uid';
/** The type of Secrets that hold a token of a ServiceAccount. */
export const SERVICE_ACCOUNT_TOKEN = 'kubernetes.io/service-account-token';

/** Keys that a type of Secret must have; one inner list = one of them is enough, and all are named when none is there. */
const NEEDED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'kubernetes.io/dockercfg': [['.dockercfg']],
  'kubernetes.io/dockerconfigjson': [['.dockerconfigjson']],
  'kubernetes.io/basic-auth': [['username', 'password']],
  'kubernetes.io/ssh-auth': [['ssh-privatekey']],
  'kubernetes.io/tls': [['tls.crt'], ['tls.key']],
};
/** Keys whose value is JSON. */
const JSON_KEYS: Readonly<Record<string, string>> = {
  'kubernetes.io/dockercfg': '.dockercfg',
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
};

/** The faults of a Secret: keys, size, and what its type asks for. Values are never shown. */
export function validateSecret({ metadata, type = '', data = {} }: Secret): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...eachInvalid(`data[${key}]`, key, configMapKey(key)));
    bytes += decodedLength(value);
  }
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong('data', MAX_DATA_BYTES));
  if (type === SERVICE_ACCOUNT_TOKEN && !metadata.annotations?.[SERVICE_ACCOUNT_NAME])
    errors.push(requiredValue(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`));
  for (const choice of NEEDED[type] ?? [])
    if (choice.every((key) => data[key] === undefined || (key === 'ssh-privatekey' && data[key] === '')))
      errors.push(...choice.map((key) => requiredValue(`data[${key}]`)));
  const jsonKey = JSON_KEYS[type];
  const json = jsonKey === undefined ? undefined : data[jsonKey];
  if (jsonKey !== undefined && json !== undefined) {
    const wrong = jsonError(json);
    if (wrong !== undefined) errors.push(invalid(`data[${jsonKey}]`, '<secret contents redacted>', wrong));
  }
  return errors;
}

function jsonError(base64: string): string | undefined {
  const text = new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return goSyntaxError(text);
  }
}
