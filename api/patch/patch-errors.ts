import { invalid } from '#api/meta/field-error.ts';
import { StatusError } from '#api/meta/status.ts';
import { isObject } from '#api/schema/structural.ts';

/** 422 with upstream's bare text: the patch is well formed, but does not fit the object (a path that is not there, a failed `test`). */
export const rejectedPatch = (
  message = 'the server rejected our request due to an error in our request',
): StatusError => new StatusError('Invalid', message, {});

/**
 * 422 ` "" is invalid: patch: Invalid value: "<shown>": <why>`: the patched object cannot be decoded.
 * `shown` is the patched object as JSON for JSON and merge patches, `goText(patch)` for strategic ones.
 */
export function patchedObjectInvalid(shown: string, why: string): StatusError {
  const fault = invalid('patch', shown, why);
  return new StatusError('Invalid', ` "" is invalid: ${fault.field}: ${fault.detail}`, {
    causes: [{ reason: fault.type, message: fault.detail, field: fault.field }],
  });
}

/** A JSON value as Go's `%v` prints it: `map[a:1 b:[x y]]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value === 'string') return value;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goText(value[key])}`);
  return `map[${entries.join(' ')}]`;
}
