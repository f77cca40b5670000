import { badRequest } from '#api/meta/status.ts';
import { mapItem } from '#api/schema/go-types.ts';
import { fieldComplaints } from '#api/schema/decode.ts';
import { JsonSyntaxError, parseJson } from '#api/schema/strict-json.ts';
import { isObject, setOwn } from '#api/schema/structural.ts';
import type { TSchema } from '#api/schema/builders.ts';
import { cloneJson } from './clone.ts';
import { orderLike, partition, sameItem } from './list-order.ts';
import type { ParsedMergePatch } from './merge-patch.ts';
import { goText, rejectedPatch } from './patch-errors.ts';

/**
 * Strategic merge patch (k8s.io/apimachinery/pkg/util/strategicpatch): a merge patch in which the schema says how lists merge
 * (`x-kubernetes-patch-merge-key`, `x-kubernetes-patch-strategy`), and directives within the patch say the rest:
 * `$patch: replace | delete` for the map or list item that holds it, `$retainKeys: [names]` drops all other keys,
 * `$deleteFromPrimitiveList/<field>` removes values, `$setElementOrder/<field>` gives the order of a merged list.
 */
const PATCH = '$patch';
const RETAIN_KEYS = '$retainKeys';
const SET_ORDER = '$setElementOrder';
const DELETE_FROM = '$deleteFromPrimitiveList';

type JsonObject = Record<string, unknown>;

/** Reads a strategic merge patch. Throws StatusError BadRequest with Go's bare text when it is no JSON object. */
export function parseStrategicMergePatch(text: string | Uint8Array): ParsedMergePatch {
  try {
    const { value, duplicateFields } = parseJson(text);
    if (value !== null && !isObject(value)) {
      const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
      throw badRequest(`json: cannot unmarshal ${type} into Go value of type map[string]interface {}`);
    }
    return { patch: value ?? {}, complaints: fieldComplaints([], duplicateFields) };
  } catch (error) {
    throw error instanceof JsonSyntaxError ? badRequest(error.message) : error;
  }
}

/**
 * Merges `patch` into `document` by the schema of the kind; neither is changed.
 * Throws StatusError: BadRequest for directives that make no sense and items without their merge key.
 */
export function applyStrategicMergePatch(
  document: JsonObject,
  patch: Readonly<JsonObject>,
  schema: TSchema,
): JsonObject {
  return mergeMap(cloneJson(document), cloneJson(patch), schema);
}

/** Both arguments are private copies and are used up. */
function mergeMap(original: JsonObject, patch: JsonObject, schema: TSchema | undefined): JsonObject {
  if (Object.hasOwn(patch, PATCH)) {
    const directive = patch[PATCH];
    delete patch[PATCH];
    if (directive === 'replace') return dropNulls(patch) as JsonObject;
    if (directive === 'delete') return {};
    throw badRequest(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  }
  retainKeys(original, patch);
  setElementOrder(original, patch, schema);
  for (const name of Object.keys(patch)) {
    const change = patch[name];
    if (name.startsWith(`${DELETE_FROM}/`)) {
      deleteFromPrimitiveList(original, name.slice(DELETE_FROM.length + 1), change);
      continue;
    }
    if (change === null) {
      delete original[name];
      continue;
    }
    const current = Object.hasOwn(original, name) ? original[name] : undefined;
    setOwn(original, name, mergeValue(current, change, fieldSchema(schema, name)));
  }
  return original;
}

function mergeValue(current: unknown, change: unknown, schema: TSchema | undefined): unknown {
  if (isObject(current) && isObject(change)) return mergeMap(current, change, schema);
  if (Array.isArray(current) && Array.isArray(change)) {
    return isMergedList(schema) ? mergeList(current, change, schema) : change;
  }
  return dropDirectives(dropNulls(change));
}

/** The schema of a field of a struct, or of any value of a map. */
function fieldSchema(schema: TSchema | undefined, name: string): TSchema | undefined {
  if (schema === undefined) return undefined;
  const item = mapItem(schema);
  if (item !== undefined) return item;
  const properties: unknown = schema['properties'];
  return isObject(properties) && Object.hasOwn(properties, name) ? (properties[name] as TSchema) : undefined;
}

const isMergedList = (schema: TSchema | undefined): schema is TSchema =>
  String(schema?.['x-kubernetes-patch-strategy'] ?? '')
    .split(',')
    .includes('merge');

const mergeKeyOf = (schema: TSchema): string | undefined => {
  const key: unknown = schema['x-kubernetes-patch-merge-key'];
  return typeof key === 'string' ? key : undefined;
};

function mergeList(original: unknown[], patch: unknown[], schema: TSchema): unknown[] {
  const key = mergeKeyOf(schema);
  const items = schema['items'] as TSchema | undefined;
  if (key === undefined) {
    if ([...original, ...patch].some(isObject)) throw rejectedPatch(`cannot merge lists without merge key`);
    return inOrder([...new Set([...original, ...patch])], patch, original, undefined);
  }
  const { kept, changes } = applyItemDirectives(original, patch, key);
  const merged = [...kept];
  for (const change of changes) {
    const at = merged.findIndex((item) => sameItem(item, change, key));
    const current = merged[at];
    if (isObject(current)) merged[at] = mergeMap(current, change, items);
    else merged.push(dropDirectives(dropNulls(change)));
  }
  return inOrder(merged, changes, kept, key);
}

/** Takes the items with `$patch` out of a list's patch and does what they say to the original. */
function applyItemDirectives(
  original: readonly unknown[],
  patch: readonly unknown[],
  key: string,
): { readonly kept: readonly unknown[]; readonly changes: readonly JsonObject[] } {
  let kept = original;
  let replace = false;
  const changes: JsonObject[] = [];
  for (const item of patch) {
    if (!isObject(item))
      throw badRequest(`expected a map in the patch of a list with merge key ${key}, but got ${goText(item)}`);
    const directive = item[PATCH];
    if (directive === 'replace') replace = true;
    else {
      if (directive !== undefined && directive !== 'delete') {
        throw badRequest(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`);
      }
      if (item[key] === undefined) throw badRequest(`map: ${goText(item)} does not contain declared merge key: ${key}`);
      if (directive === 'delete') kept = kept.filter((one) => !sameItem(one, item, key));
      else changes.push(item);
    }
  }
  return replace ? { kept: changes.map((item) => dropDirectives(dropNulls(item))), changes: [] } : { kept, changes };
}

/** The merged list in the order of `first` for what is in it, the rest in the order of the live list, interleaved. */
function inOrder(
  merged: readonly unknown[],
  first: readonly unknown[],
  live: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const { inList, others } = partition(merged, first, key);
  return orderLike(inList, others, first, live, key);
}

function retainKeys(original: JsonObject, patch: JsonObject): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return;
  const names = patch[RETAIN_KEYS];
  delete patch[RETAIN_KEYS];
  if (!Array.isArray(names)) throw badRequest('invalid patch format of retainKeys');
  const retained = new Set<unknown>(names);
  // A null in the patch removes its field anyway, so it need not be listed; any other field must be.
  const stray = Object.keys(patch).some((name) => !name.startsWith('$') && patch[name] !== null && !retained.has(name));
  if (stray) throw badRequest('invalid patch format of retainKeys');
  for (const name of Object.keys(original)) if (!retained.has(name)) delete original[name];
}

function setElementOrder(original: JsonObject, patch: JsonObject, schema: TSchema | undefined): void {
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(SET_ORDER)) continue;
    const order = patch[directive];
    delete patch[directive];
    const name = directive.slice(SET_ORDER.length + 1);
    if (name === '' || !Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list');
    const change = patch[name];
    if (change === null) continue;
    delete patch[name];
    const live = Object.hasOwn(original, name) ? original[name] : undefined;
    if (live === undefined && change === undefined) continue;
    const list = fieldSchema(schema, name);
    const key = list === undefined ? undefined : mergeKeyOf(list);
    checkOrder(change, order, key);
    const merged = change === undefined ? live : mergeValue(live, change, list);
    const current: unknown[] = Array.isArray(live) ? live : [];
    setOwn(original, name, Array.isArray(merged) ? inOrder(merged, order, current, key) : merged);
  }
}

/** The items of a list's patch have to be in its `$setElementOrder`, in that order. */
function checkOrder(change: unknown, order: readonly unknown[], key: string | undefined): void {
  if (!Array.isArray(change)) return;
  let from = 0;
  for (const item of change) {
    if (isObject(item) && item[PATCH] !== undefined) continue;
    const at = order.findIndex((one, index) => index >= from && sameItem(one, item, key));
    if (at < 0) {
      throw badRequest(
        `The order in patch list:\n${goText(change)}\n doesn't match ${SET_ORDER} list:\n${goText(order)}\n`,
      );
    }
    from = at + 1;
  }
}

function deleteFromPrimitiveList(original: JsonObject, name: string, values: unknown): void {
  if (!Array.isArray(values)) throw badRequest('invalid patch format of primitive list');
  const live = Object.hasOwn(original, name) ? original[name] : undefined;
  if (Array.isArray(live)) original[name] = live.filter((value) => !values.includes(value));
}

/** Of a value that is new to the object: nulls mean nothing in it. */
function dropNulls(value: unknown): unknown {
  if (isObject(value)) {
    for (const name of Object.keys(value)) {
      if (value[name] === null) delete value[name];
      else dropNulls(value[name]);
    }
  } else if (Array.isArray(value)) value.forEach(dropNulls);
  return value;
}

/** Of a value that is new to the object: directives have nothing to act on; what they would delete is left out. */
function dropDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !isObject(item) || item[PATCH] === undefined).map(dropDirectives);
  }
  if (!isObject(value)) return value;
  if (value[PATCH] === 'delete') return {};
  for (const name of Object.keys(value)) {
    if (isDirective(name)) delete value[name];
    else setOwn(value, name, dropDirectives(value[name]));
  }
  return value;
}

const isDirective = (name: string): boolean =>
  name === PATCH || name === RETAIN_KEYS || name.startsWith(`${SET_ORDER}/`) || name.startsWith(`${DELETE_FROM}/`);
