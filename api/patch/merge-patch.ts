import { fieldComplaints } from '#api/schema/decode.ts';
import { isObject, setOwn } from '#api/schema/structural.ts';
import { cloneJson } from './clone.ts';
import { parseBody, undecodable } from './json-patch.ts';

/** A merge patch (RFC 7386) as read, with complaints for fieldValidation, e.g. `duplicate field "spec.replicas"`. */
export interface ParsedMergePatch {
  readonly patch: Readonly<Record<string, unknown>>;
  readonly complaints: readonly string[];
}

/** Reads a merge patch. Throws StatusError BadRequest when it is no JSON object; `null` counts as `{}`. */
export function parseMergePatch(text: string | Uint8Array): ParsedMergePatch {
  const { value, duplicateFields } = parseBody(text);
  if (value !== null && !isObject(value)) throw undecodable(value, 'map[string]interface {}');
  return { patch: value ?? {}, complaints: fieldComplaints([], duplicateFields) };
}

/** Merges `patch` into `document`: null removes, objects merge, all else replaces. Neither is changed. */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return cloneJson(patch);
  const output: Record<string, unknown> = isObject(document) ? { ...document } : {};
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    if (change === null) delete output[key];
    else setOwn(output, key, applyMergePatch(Object.hasOwn(output, key) ? output[key] : undefined, change));
  }
  return output;
}
