import { type Kind, type KubeObject, apiVersionOf } from '#api/kind.ts';
import { invalid } from '#api/meta/field-error.ts';
import { StatusError, invalidError } from '#api/meta/status.ts';
import { cannotBeHandled, decode, fieldComplaints, notRegistered, strictDecodingError } from '#api/schema/decode.ts';
import { decodeProtobuf } from '#api/schema/protobuf.ts';
import {
  JsonSyntaxError,
  malformedObject,
  notAnObject,
  parseJson,
  unrecognizedObject,
} from '#api/schema/strict-json.ts';
import type { Kinds } from '#server/store/kinds.ts';
import { mediaType } from './body.ts';
import type { FieldValidation } from './options.ts';
import { YamlSyntaxError, parseYaml } from './yaml-body.ts';

const ACCEPTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

/** A body, read but not yet held against a kind. */
export interface ParsedBody {
  readonly value: unknown;
  /** What strict reading has to say of the text: `duplicate field "data.a"`. */
  readonly complaints: readonly string[];
}

/** 415 for a body in a format that nobody here reads. */
export const unsupportedMediaType = (accepted: string = ACCEPTED): StatusError =>
  new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );

/** Reads JSON, YAML or protobuf by the Content-Type (none = JSON). Throws 400 and 415. */
export function parseBody(request: Request, bytes: Uint8Array, kind: Kind, kinds: Kinds): ParsedBody {
  switch (mediaType(request)) {
    case '':
    case 'application/json':
      return fromJson(bytes, kind.kind);
    case 'application/yaml':
      return fromYaml(bytes, kind.kind);
    case 'application/vnd.kubernetes.protobuf':
      return fromProtobuf(bytes, kind, kinds);
    default:
      throw unsupportedMediaType();
  }
}

function fromJson(bytes: Uint8Array, kind: string): ParsedBody {
  try {
    const { value, duplicateFields } = parseJson(bytes);
    const fault = notAnObject(kind, value, bytes);
    if (fault !== undefined) throw fault;
    return { value, complaints: fieldComplaints([], duplicateFields) };
  } catch (error) {
    throw error instanceof JsonSyntaxError ? malformedObject(kind, error.message, bytes) : error;
  }
}

function fromYaml(bytes: Uint8Array, kind: string): ParsedBody {
  try {
    const { value, complaints } = parseYaml(bytes);
    const fault = notAnObject(kind, value ?? null, bytes);
    if (fault !== undefined) throw fault;
    return { value, complaints };
  } catch (error) {
    throw error instanceof YamlSyntaxError ? unrecognizedObject(kind, error.message, bytes) : error;
  }
}

function fromProtobuf(bytes: Uint8Array, kind: Kind, kinds: Kinds): ParsedBody {
  const expected = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  const { value } = decodeProtobuf(bytes, expected, (apiVersion, name) =>
    apiVersion === expected.apiVersion && name === kind.kind ? kind.schema : kinds.ofObject(apiVersion, name)?.schema,
  );
  return { value, complaints: [] };
}

/**
 * The object of a body, for the kind that the path names. A body that names no kind is taken for it; one that names another is refused.
 * Unknown and repeated fields are refused (Strict), told in `warnings` (Warn) or passed over.
 */
export function decodeBody<T extends KubeObject>(
  kinds: Kinds,
  kind: Kind<T>,
  body: ParsedBody,
  { fieldValidation, warnings }: { readonly fieldValidation: FieldValidation; readonly warnings: string[] },
): T {
  demandKind(kinds, kind, body.value);
  const { object, unknownFields } = decode(kind, body.value);
  demandStorable(kind, object);
  const complaints = [...fieldComplaints(unknownFields, []), ...body.complaints];
  if (complaints.length > 0) {
    if (fieldValidation === 'Strict') throw cannotBeHandled(kind, kind.kind, strictDecodingError(complaints));
    if (fieldValidation === 'Warn') warnings.push(...complaints);
  }
  return object;
}

/** Some kinds' names may hold any letter, but Postgres has no text with this one. */
function demandStorable<T extends KubeObject>(kind: Kind<T>, { metadata }: T): void {
  const { name = '', generateName = '' } = metadata;
  const errors = Object.entries({ name, generateName })
    .filter(([, value]) => value.includes('\u0000'))
    .map(([field, value]) => invalid(`metadata.${field}`, value, 'must not contain NUL'));
  if (errors.length > 0) throw invalidError(kind.group, kind.kind, name, errors);
}

function demandKind<T extends KubeObject>(kinds: Kinds, kind: Kind<T>, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const given = value as { kind?: unknown; apiVersion?: unknown };
  const name = typeof given.kind === 'string' && given.kind !== '' ? given.kind : kind.kind;
  const apiVersion =
    typeof given.apiVersion === 'string' && given.apiVersion !== '' ? given.apiVersion : apiVersionOf(kind);
  if (name === kind.kind && apiVersion === apiVersionOf(kind)) return;
  const other = kinds.ofObject(apiVersion, name);
  if (other === undefined) throw notRegistered(apiVersion, name, kind.kind);
  decode(other, value, kind.kind);
  throw cannotBeHandled(
    other,
    kind.kind,
    `converting (${other.version}.${other.kind}) to (${kind.group === '' ? 'core' : kind.group}.${kind.kind}): unknown conversion`,
  );
}
