import { type FieldSet, type FieldSetDraft, NOTHING, SELF, isEmptySet } from './field-set.ts';
import { type FieldType, type ListType, type MapType, UNTYPED } from './field-type.ts';
import { asList, asMap, elementOfKey, hasNone, itemsByElement, shapeOf, typeOfKey } from './typed-value.ts';

/**
 * The fields that a configuration speaks of, which its manager will own (structured-merge-diff: TypedValue.ToFieldSet): scalars, what is owned
 * whole, the keys of maps, the items of lists, and structs only when they are given empty.
 */
export function givenFields(type: FieldType, object: Record<string, unknown>): FieldSet {
  return below(type, object) ?? NOTHING;
}

/** What is below a value that is owned by its parts; undefined for one that is a field itself. */
function below(type: FieldType, value: unknown): FieldSet | undefined {
  const shape = shapeOf(type, value);
  switch (shape.is) {
    case 'map': {
      const map = asMap(value);
      if (shape.map.atomic) return undefined;
      return map === undefined ? NOTHING : fieldsOfMap(shape.map, map);
    }
    case 'list': {
      const list = asList(value);
      if (shape.list.atomic) return undefined;
      return list === undefined ? NOTHING : itemsOfList(shape.list, list);
    }
    case 'scalar':
      return undefined;
  }
}

function fieldsOfMap(type: MapType, map: Record<string, unknown>): FieldSet {
  const set: FieldSetDraft = {};
  for (const key in map) {
    const value = map[key];
    if (value === undefined) continue;
    const parts = below(typeOfKey(type, key) ?? UNTYPED, value);
    const isEmpty = value === null || hasNone(asMap(value) ?? [value]);
    const node = nodeOf(parts, isEmpty || !type.fields.has(key));
    if (node !== undefined) set[elementOfKey(type, key)] = node;
  }
  return set;
}

function itemsOfList(type: ListType, list: readonly unknown[]): FieldSet {
  const set: FieldSetDraft = {};
  for (const [element, items] of itemsByElement(type, list))
    set[element] = items.length > 1 ? NOTHING : (nodeOf(below(type.item, items[0]), true) ?? NOTHING);
  return set;
}

/** What stands under an element; undefined = it is not in the set and nothing below it is. */
function nodeOf(parts: FieldSet | undefined, itself: boolean): FieldSet | undefined {
  if (parts === undefined) return NOTHING;
  if (isEmptySet(parts)) return itself ? NOTHING : undefined;
  return itself ? { [SELF]: NOTHING, ...parts } : parts;
}
