import { isObject } from '#api/schema/structural.ts';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { keyElement, valueElement } from './path-element.ts';

/** A value that is not of its type. `path` is where, as `.spec.ports[name="x"]`; `''` at the root. */
export interface TypeFault {
  readonly path: string;
  readonly message: string;
}

/** The faults of a value as one error: `.data.x: expected string, got …`, or `errors:` and a line each. */
export class TypeFaults extends Error {
  override readonly name = 'TypeFaults';

  constructor(faults: readonly TypeFault[]) {
    const lines = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    super(lines.length === 1 ? (lines[0] ?? '') : ['errors:', ...lines.map((line) => `  ${line}`)].join('\n'));
  }
}

/** Which of the shapes of a type a value is to be looked at in. */
export type Shape =
  | { readonly is: 'map'; readonly map: MapType }
  | { readonly is: 'list'; readonly list: ListType }
  | { readonly is: 'scalar' };

const SCALAR: Shape = { is: 'scalar' };
const shapes = new WeakMap<object, Shape>();

/** The shape of the value's own kind if the type has it, else (null, and values of a wrong type) the first that it has. */
export function shapeOf(type: FieldType, value: unknown): Shape {
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) {
      if (type.list !== undefined) return listShape(type.list);
    } else if (type.map !== undefined) return mapShape(type.map);
  } else if (value !== null && value !== undefined && type.scalar !== undefined) return SCALAR;
  if (type.map !== undefined) return mapShape(type.map);
  if (type.scalar !== undefined || type.list === undefined) return SCALAR;
  return listShape(type.list);
}

function mapShape(map: MapType): Shape {
  let shape = shapes.get(map);
  if (shape === undefined) shapes.set(map, (shape = { is: 'map', map }));
  return shape;
}

function listShape(list: ListType): Shape {
  let shape = shapes.get(list);
  if (shape === undefined) shapes.set(list, (shape = { is: 'list', list }));
  return shape;
}

/** The type of what stands under a key; undefined when the key may not be there. */
export const typeOfKey = (map: MapType, key: string): FieldType | undefined => map.fields.get(key)?.type ?? map.item;

/** The element of what stands under a key. */
export const elementOfKey = (map: MapType, key: string): string => map.fields.get(key)?.element ?? `f:${key}`;

/** The element that identifies an item. Throws TypeFaults when the list's type cannot identify it. */
export function itemElement(list: ListType, item: unknown): string {
  const fault = (message: string): TypeFaults => new TypeFaults([{ path: '', message }]);
  if (list.keys.length === 0) {
    if (item === null) throw fault("associative list without keys has an element that's an explicit null");
    if (Array.isArray(item)) throw fault('not supported: associative list with lists as elements');
    if (typeof item === 'object') throw fault("associative list without keys has an element that's a map type");
    return valueElement(item);
  }
  if (item === null) throw fault('associative list with keys may not have a null element');
  if (!isObject(item)) throw fault('associative list with keys may not have non-map elements');
  const given = list.keys.map((key): readonly [string, unknown] => {
    if (Object.hasOwn(item, key)) return [key, item[key]];
    const initial = list.item.map?.fields.get(key)?.default;
    if (initial !== undefined) return [key, initial];
    throw fault(
      `associative list with keys has an element that omits key field ${JSON.stringify(key)} (and doesn't have default value)`,
    );
  });
  return keyElement(given);
}

/** The items of a list by element, in the order met; several under one element are duplicates. */
export function itemsByElement(list: ListType, items: readonly unknown[]): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const item of items) {
    const element = itemElement(list, item);
    const same = found.get(element);
    if (same === undefined) found.set(element, [item]);
    else same.push(item);
  }
  return found;
}

/** A value as a map; undefined when it is none. */
export const asMap = (value: unknown): Record<string, unknown> | undefined => (isObject(value) ? value : undefined);

/** A value as a list; undefined when it is none. */
export const asList = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined);

/** Is there nothing in it: absent, null, or without items. */
export function hasNone(container: Readonly<Record<string, unknown>> | readonly unknown[] | undefined): boolean {
  if (container === undefined || isList(container)) return container === undefined || container.length === 0;
  for (const _ in container) return false;
  return true;
}

/** Array.isArray does not know read-only lists. */
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
