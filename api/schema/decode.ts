import { type Kind, type KubeObject, apiVersionOf } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { type StatusError, badRequest } from '#api/meta/status.ts';
import type { TSchema } from './builders.ts';
import { decoderOf, newRun } from './decode-compile.ts';
import { DecodeError } from './decode-scalars.ts';
import { pruneStructural } from './structural.ts';

/** An object with its types checked, and the paths of the fields that its kind does not have (`spec.containers[0].bar`), in the order met. */
export interface Decoded<T> {
  readonly object: T;
  readonly unknownFields: readonly string[];
}

/**
 * Turns a parsed body into an object of `kind`, as Go's decoding would: types are checked, unknown fields dropped and reported, nulls and
 * (where Go has omitempty) zero values dropped, values that Go always has added, quantities and times brought to their canonical text.
 * `kind` and `apiVersion` are those of the kind, whatever the body says. The result is new, but raw JSON fields (FieldsV1) are shared.
 * Throws DecodeError with the bare text, e.g. `json: cannot unmarshal number into Go struct field ConfigMap.data of type string`.
 */
export function decodeObject<T extends KubeObject>(kind: Kind<T>, value: unknown): Decoded<T> {
  const head = { kind: kind.kind, apiVersion: apiVersionOf(kind) };
  if (kind.custom) return decodeCustom(kind, head, value);
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = asObject(value, kind.kind);
  const run = newRun();
  const decoded = decoderOf(kind.schema)(rest, run) as object;
  return { object: { ...head, ...decoded, ...head } as unknown as T, unknownFields: run.unknownFields };
}

/** As decodeObject, with the failure as the 400 of a request for `as` (default: the kind itself). Throws StatusError. */
export function decode<T extends KubeObject>(kind: Kind<T>, value: unknown, as: string = kind.kind): Decoded<T> {
  try {
    return decodeObject(kind, value);
  } catch (error) {
    throw error instanceof DecodeError ? cannotBeHandled(kind, as, error.message) : error;
  }
}

/**
 * Decodes what is no object of a kind (DeleteOptions, an object's status). `null` counts as `{}`.
 * Throws DecodeError.
 */
export function decodeSchema<T>(
  schema: TSchema,
  value: unknown,
): { readonly value: T; readonly unknownFields: readonly string[] } {
  const run = newRun();
  return { value: decoderOf(schema)(value ?? {}, run) as T, unknownFields: run.unknownFields };
}

/** 400 `ConfigMap in version "v1" cannot be handled as a ConfigMap: <why>`. `given` is the kind that the body names. */
export const cannotBeHandled = (given: Pick<Kind, 'kind' | 'version'>, as: string, why: string): StatusError =>
  badRequest(`${given.kind} in version ${JSON.stringify(given.version)} cannot be handled as a ${as}: ${why}`);

/** 400 for a kind that nobody serves: `… no kind "X" is registered for version "v2" in scheme …`. */
export const notRegistered = (apiVersion: string, kind: string, as: string): StatusError =>
  cannotBeHandled(
    { kind, version: apiVersion.split('/').pop() ?? '' },
    as,
    `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
  );

/** The single complaints about fields, for Warning headers: `unknown field "spec.foo"`, `duplicate field "metadata.name"`. */
export const fieldComplaints = (unknownFields: readonly string[], duplicateFields: readonly string[]): string[] => [
  ...unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`),
  ...duplicateFields.map((path) => `duplicate field ${JSON.stringify(path)}`),
];

/** The text of fieldValidation=Strict: `strict decoding error: unknown field "spec.foo", duplicate field "data.a"`. */
export const strictDecodingError = (complaints: readonly string[]): string =>
  `strict decoding error: ${complaints.join(', ')}`;

function asObject(value: unknown, struct: string): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw new DecodeError(`json: cannot unmarshal ${type} into Go value of type v1.${struct}`);
}

/** Objects of a CRD: metadata as everywhere; of the rest only what the schema does not know is dropped, types are left to validation. */
function decodeCustom<T extends KubeObject>(
  kind: Kind<T>,
  head: { kind: string; apiVersion: string },
  value: unknown,
): Decoded<T> {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = asObject(value, kind.kind);
  const run = newRun();
  run.path[0] = 'metadata';
  run.fields[0] = true;
  run.depth = 0;
  run.struct = kind.kind;
  const decodedMetadata = decoderOf(ObjectMeta)(metadata ?? {}, run);
  const pruned = pruneStructural(rest, kind.schema as Record<string, unknown>, true);
  return {
    object: { ...head, metadata: decodedMetadata, ...(pruned.value as object) } as unknown as T,
    unknownFields: [...run.unknownFields, ...pruned.unknownFields].sort(),
  };
}
