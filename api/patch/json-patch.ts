import { StatusError, badRequest } from '#api/meta/status.ts';
import { JsonSyntaxError, parseJson } from '#api/schema/strict-json.ts';
import { goValueKind } from '#api/schema/go-types.ts';
import { equalJson } from '#api/schema/equal.ts';
import { isObject, setOwn } from '#api/schema/structural.ts';
import { cloneJson } from './clone.ts';
import { rejectedPatch } from './patch-errors.ts';

/** One operation of RFC 6902; which of the fields must be there depends on `op`. */
export interface JsonPatchOperation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

/** A patch as read, with complaints for fieldValidation, e.g. `json patch unknown field "[0].foo"`. */
export interface ParsedJsonPatch {
  readonly operations: readonly JsonPatchOperation[];
  readonly complaints: readonly string[];
}

const MAX_OPERATIONS = 10_000;
const OPERATION_FIELDS = new Set(['op', 'path', 'from', 'value']);

/** Reads a JSON patch. Throws StatusError: BadRequest when it is none, RequestEntityTooLarge above 10,000 operations. */
export function parseJsonPatch(text: string | Uint8Array): ParsedJsonPatch {
  const { value, duplicateFields } = parseBody(text);
  if (value === null) return { operations: [], complaints: [] };
  if (!Array.isArray(value)) throw undecodable(value, '[]handlers.jsonPatchOp');
  if (value.length > MAX_OPERATIONS) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `Request entity is too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${value.length}`,
    );
  }
  const complaints: string[] = [];
  for (const [index, operation] of value.entries()) {
    if (!isObject(operation)) throw undecodable(operation, 'handlers.jsonPatchOp');
    for (const key of Object.keys(operation)) {
      if (!OPERATION_FIELDS.has(key)) complaints.push(`json patch unknown field "[${index}].${key}"`);
    }
  }
  complaints.push(...duplicateFields.map((path) => `json patch duplicate field ${JSON.stringify(path)}`));
  return { operations: value as JsonPatchOperation[], complaints };
}

/** The body of any patch as JSON; throws BadRequest `error decoding patch: <why>`. */
export function parseBody(text: string | Uint8Array): {
  readonly value: unknown;
  readonly duplicateFields: readonly string[];
} {
  try {
    return parseJson(text);
  } catch (error) {
    throw error instanceof JsonSyntaxError ? badRequest(`error decoding patch: ${error.message}`) : error;
  }
}

/** BadRequest for JSON of another type than a patch has. */
export const undecodable = (value: unknown, goType: string): StatusError =>
  badRequest(`error decoding patch: json: cannot unmarshal ${goValueKind(value)} into Go value of type ${goType}`);

/**
 * Applies a JSON patch and answers the new document; `document` is left alone.
 * Throws StatusError Invalid when an operation does not fit, without telling which, as kube-apiserver does.
 */
export function applyJsonPatch(document: unknown, operations: readonly JsonPatchOperation[]): unknown {
  let root = cloneJson(document);
  for (const operation of operations) root = applyOne(root, operation);
  return root;
}

function applyOne(root: unknown, operation: JsonPatchOperation): unknown {
  const path = pointer(operation.path);
  const value = operation.value === undefined ? null : operation.value;
  switch (operation.op) {
    case 'add':
      return put(root, path, cloneJson(value), 'add');
    case 'replace':
      return put(root, path, cloneJson(value), 'replace');
    case 'remove':
      return remove(root, path);
    case 'test':
      if (!equalJson(find(root, path) ?? null, value)) throw rejectedPatch();
      return root;
    case 'copy':
      return put(root, path, cloneJson(mustFind(root, pointer(operation.from))), 'add');
    case 'move': {
      const from = pointer(operation.from);
      const moved = mustFind(root, from);
      return put(remove(root, from), path, moved, 'add');
    }
    default:
      throw rejectedPatch();
  }
}

/** The reference tokens of a JSON pointer. */
function pointer(text: unknown): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) throw rejectedPatch();
  return text
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** An index into a list of `length` places; counts from the end when negative, as upstream's library does. */
function indexOf(token: string, length: number): number {
  if (!/^-?(?:0|[1-9]\d*)$/.test(token)) throw rejectedPatch();
  const index = Number(token) < 0 ? Number(token) + length : Number(token);
  if (index < 0 || index >= length) throw rejectedPatch();
  return index;
}

/** The value at a path; undefined when its last step is not there. Throws when an earlier one is not. */
function find(root: unknown, path: readonly string[]): unknown {
  let at = root;
  for (const [step, token] of path.entries()) {
    if (Array.isArray(at)) at = at[indexOf(token, at.length)];
    else if (isObject(at)) at = Object.hasOwn(at, token) ? at[token] : undefined;
    else throw rejectedPatch();
    if (at === undefined && step < path.length - 1) throw rejectedPatch();
  }
  return at;
}

function mustFind(root: unknown, path: readonly string[]): unknown {
  const found = find(root, path);
  if (found === undefined) throw rejectedPatch();
  return found;
}

function put(root: unknown, path: readonly string[], value: unknown, how: 'add' | 'replace'): unknown {
  const last = path[path.length - 1];
  if (last === undefined) return value;
  const parent = mustFind(root, path.slice(0, -1));
  if (Array.isArray(parent)) {
    if (how === 'replace') parent[indexOf(last, parent.length)] = value;
    else if (last === '-') parent.push(value);
    else parent.splice(indexOf(last, parent.length + 1), 0, value);
  } else if (isObject(parent)) {
    // Upstream's library replaces what is not there in an object too (a Scale of 0 replicas has no spec.replicas).
    setOwn(parent, last, value);
  } else throw rejectedPatch();
  return root;
}

function remove(root: unknown, path: readonly string[]): unknown {
  const last = path[path.length - 1];
  if (last === undefined) return null;
  const parent = mustFind(root, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length), 1);
  else if (isObject(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw rejectedPatch();
  return root;
}
