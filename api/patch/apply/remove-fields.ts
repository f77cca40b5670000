import { isObject, setOwn } from '#api/schema/structural.ts';
import { type FieldSet, type FieldSetDraft, NOTHING, SELF, holdsItself, isEmptySet, withSelf } from './field-set.ts';
import { type FieldType, type ListType, type MapType, UNTYPED } from './field-type.ts';
import { elementOfKey, itemElement, shapeOf, typeOfKey } from './typed-value.ts';

/**
 * An object without the fields and items of a set (structured-merge-diff: TypedValue.RemoveItems). A container of which nothing is left
 * becomes null, as does one that is owned whole and of which the set names parts. What is not touched is shared with `object`.
 */
export function removeFields(type: FieldType, object: Record<string, unknown>, set: FieldSet): Record<string, unknown> {
  if (isEmptySet(set)) return object;
  const rest = remove(type, object, set);
  return isObject(rest) ? rest : {};
}

function remove(type: FieldType, value: unknown, set: FieldSet): unknown {
  const shape = shapeOf(type, value);
  if (shape.is === 'map') return isObject(value) ? removeKeys(shape.map, value, set) : null;
  if (shape.is === 'list') return Array.isArray(value) ? removeItems(shape.list, value, set) : null;
  return value;
}

function removeKeys(type: MapType, map: Record<string, unknown>, set: FieldSet): Record<string, unknown> | null {
  if (type.atomic) return null;
  const rest: Record<string, unknown> = {};
  for (const key of Object.keys(map)) {
    const node = set[elementOfKey(type, key)];
    if (holdsItself(node)) continue;
    setOwn(rest, key, node === undefined ? map[key] : remove(typeOfKey(type, key) ?? UNTYPED, map[key], node));
  }
  return isEmptySet(rest as FieldSet) ? null : rest;
}

function removeItems(type: ListType, list: readonly unknown[], set: FieldSet): readonly unknown[] | null {
  if (type.atomic) return null;
  const rest: unknown[] = [];
  for (const item of list) {
    const node = set[itemElement(type, item)];
    if (holdsItself(node)) continue;
    rest.push(node === undefined ? item : remove(type.item, item, node));
  }
  return rest.length === 0 ? null : rest;
}

/**
 * The set with every struct's field that has fields below it (but no map's key and no list's item) as a member too, so that a struct
 * goes with the last of its fields (structured-merge-diff: Set.EnsureNamedFieldsAreMembers).
 */
export function withParents(type: FieldType | undefined, set: FieldSet): FieldSet {
  let output: FieldSetDraft | undefined;
  for (const element in set) {
    const node = set[element] ?? NOTHING;
    if (element === SELF || isEmptySet(node)) continue;
    const name = element.startsWith('f:') ? element.slice(2) : undefined;
    const inner = withParents(innerType(type, element, name), node);
    const made = name !== undefined && type?.map?.fields.has(name) === true ? withSelf(inner) : inner;
    if (made !== node) (output ??= { ...set })[element] = made;
  }
  return output ?? set;
}

function innerType(type: FieldType | undefined, element: string, name: string | undefined): FieldType | undefined {
  if (type === undefined) return undefined;
  if (name !== undefined) return type.map === undefined ? undefined : typeOfKey(type.map, name);
  return element.startsWith('k:') ? type.list?.item : undefined;
}
