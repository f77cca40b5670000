import type { Kind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { mapItem } from '#api/schema/go-types.ts';
import { type JsonSchema, isObject } from '#api/schema/structural.ts';

/** The type of a scalar; `untyped` = any of them. */
export type ScalarType = 'numeric' | 'string' | 'boolean' | 'untyped';

/** A field of a struct. `default` stands in for a list item's key that is not given. */
export interface FieldOfType {
  /** `f:<name>`. */
  readonly element: string;
  readonly type: FieldType;
  readonly default: unknown;
}

/** A struct, a map, or both. `item` is the type of the keys that are no `fields`; undefined = there may be none. */
export interface MapType {
  /** Is it owned whole. */
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, FieldOfType>;
  readonly item: FieldType | undefined;
}

/** A list. With `keys` an item is identified by these fields, else (a set) by its value. */
export interface ListType {
  /** Is it owned whole. */
  readonly atomic: boolean;
  readonly keys: readonly string[];
  readonly item: FieldType;
}

/**
 * What server-side apply has to know of a value: which shapes it may have, and what in it is owned for itself
 * (structured-merge-diff: schema.Atom). Made from a kind's schema, once.
 */
export interface FieldType {
  readonly scalar: ScalarType | undefined;
  readonly list: ListType | undefined;
  readonly map: MapType | undefined;
}

const NO_FIELDS: ReadonlyMap<string, FieldOfType> = new Map();
const scalarType = (scalar: ScalarType): FieldType => ({ scalar, list: undefined, map: undefined });

/** Any shape. Lists are owned whole; `items` is the type of what is in them, by default the same. */
class AnyType implements FieldType {
  readonly scalar = 'untyped';
  readonly list: ListType;
  readonly map: MapType;

  constructor(atomic: boolean, items?: FieldType) {
    this.list = { atomic: true, keys: [], item: items ?? this };
    this.map = { atomic, fields: NO_FIELDS, item: this };
  }
}

/** Anything, owned whole. */
export const UNTYPED: FieldType = new AnyType(true);
/** Anything: maps are owned key by key, lists whole. What has no schema is of this type. */
export const DEDUCED: FieldType = new AnyType(false, UNTYPED);

/**
 * What a key stands for that an item leaves out (the defaults of these fields in upstream's OpenAPI). Stored objects have them filled in by
 * hooks, but an apply patch is looked at as it came.
 */
const KEY_DEFAULTS: Readonly<Record<string, string>> = {
  'core.v1.ContainerPort.protocol': 'TCP',
  'core.v1.ServicePort.protocol': 'TCP',
  'core.v1.LocalObjectReference.name': '',
};

const STRING = scalarType('string');

/** How the schemas at hand are written: those of built-in kinds, or those of a CRD below a node that preserves unknown fields or not. */
type Dialect = 'built-in' | 'custom' | 'custom-preserving';

const compiled: Readonly<Record<Dialect, WeakMap<object, FieldType>>> = {
  'built-in': new WeakMap(),
  custom: new WeakMap(),
  'custom-preserving': new WeakMap(),
};
const ofKinds = new WeakMap<object, FieldType>();

/** The type of a kind's objects. */
export function typeOfKind({ schema, custom }: Pick<Kind, 'schema' | 'custom'>): FieldType {
  let type = ofKinds.get(schema);
  if (type === undefined) {
    const inner = typeOf(schema as JsonSchema, custom ? 'custom' : 'built-in');
    type = { ...inner, map: inner.map === undefined ? undefined : asResource(inner.map) };
    ofKinds.set(schema, type);
  }
  return type;
}

/** A map that has a resource's kind, apiVersion and metadata too. */
function asResource(map: MapType): MapType {
  const metadata = typeOf(ObjectMeta as JsonSchema, 'built-in');
  const fields = new Map(map.fields);
  for (const [name, type] of [
    ['kind', STRING],
    ['apiVersion', STRING],
    ['metadata', metadata],
  ] as const)
    fields.set(name, { element: `f:${name}`, type, default: undefined });
  return { ...map, fields };
}

function typeOf(schema: JsonSchema, dialect: Dialect): FieldType {
  const inside = dialect !== 'built-in' && schema['x-kubernetes-preserve-unknown-fields'] === true;
  const own = inside ? 'custom-preserving' : dialect;
  const known = compiled[own].get(schema);
  if (known !== undefined) return known;
  const made = own === 'built-in' ? builtInType(schema) : customType(schema, own);
  compiled[own].set(schema, made);
  return made;
}

function builtInType(schema: JsonSchema): FieldType {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return UNTYPED;
  if (schema['format'] === 'int-or-string') return scalarType('untyped');
  const type = schema['type'];
  return typed(schema, typeof type === 'string' ? type : '', 'built-in');
}

function customType(schema: JsonSchema, dialect: Dialect): FieldType {
  const type = schema['type'];
  if (typeof type === 'string' && type !== '') return typed(schema, type, dialect);
  return { scalar: 'untyped', list: lazyList(schema, dialect), map: lazyMap(schema, dialect) };
}

function typed(schema: JsonSchema, type: string, dialect: Dialect): FieldType {
  switch (type) {
    case 'object':
      return new LazyType(undefined, () => lazyMap(schema, dialect));
    case 'array':
      return new LazyType(() => lazyList(schema, dialect), undefined);
    case 'integer':
    case 'number':
      return scalarType('numeric');
    case 'boolean':
      return scalarType('boolean');
    case 'string': {
      const format = schema['format'];
      return scalarType(format === undefined || format === '' || format === 'byte' ? 'string' : 'untyped');
    }
    default:
      return scalarType('untyped');
  }
}

/** Schemas may contain themselves: what is inside is looked at when it is asked for. */
class LazyType implements FieldType {
  readonly scalar = undefined;
  #list: (() => ListType) | undefined;
  #map: (() => MapType) | undefined;
  #madeList: ListType | undefined;
  #madeMap: MapType | undefined;

  constructor(list: (() => ListType) | undefined, map: (() => MapType) | undefined) {
    this.#list = list;
    this.#map = map;
  }

  get list(): ListType | undefined {
    this.#madeList ??= this.#list?.();
    return this.#madeList;
  }

  get map(): MapType | undefined {
    this.#madeMap ??= this.#map?.();
    return this.#madeMap;
  }
}

function lazyList(schema: JsonSchema, dialect: Dialect): ListType {
  const kind = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  const items = schema['items'];
  return {
    atomic: kind !== 'set' && kind !== 'map',
    keys: kind === 'map' && Array.isArray(keys) ? keys.map(String).sort() : [],
    item: isObject(items) ? typeOf(items, dialect) : UNTYPED,
  };
}

function lazyMap(schema: JsonSchema, dialect: Dialect): MapType {
  const atomic = (schema['x-kubernetes-field-map-type'] ?? schema['x-kubernetes-map-type']) === 'atomic';
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const fields = new Map<string, FieldOfType>();
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    const initial = property['default'] ?? (dialect === 'built-in' ? defaultOfKey(schema, name, property) : undefined);
    fields.set(name, { element: `f:${name}`, type: typeOf(property, dialect), default: initial });
  }
  const map: MapType = { atomic, fields, item: itemOfMap(schema, dialect, fields.size) };
  return schema['x-kubernetes-embedded-resource'] === true ? asResource(map) : map;
}

/** Upstream's OpenAPI gives required scalars Go's zero for a default. */
function defaultOfKey(schema: JsonSchema, name: string, property: JsonSchema): unknown {
  const known = KEY_DEFAULTS[`${String(schema['x-kubernetes-definition'])}.${name}`];
  if (known !== undefined) return known;
  const required = schema['required'];
  if (!Array.isArray(required) || !required.includes(name)) return undefined;
  return property['type'] === 'string' ? '' : property['type'] === 'integer' ? 0 : undefined;
}

function itemOfMap(schema: JsonSchema, dialect: Dialect, fields: number): FieldType | undefined {
  if (dialect === 'built-in') {
    const item = mapItem(schema as Parameters<typeof mapItem>[0]);
    return item === undefined ? undefined : typeOf(item as JsonSchema, dialect);
  }
  const additional = schema['additionalProperties'];
  if (isObject(additional)) return typeOf(additional, dialect);
  if (additional === true) return DEDUCED;
  if (additional === false) return undefined;
  return dialect === 'custom-preserving' || fields === 0 ? DEDUCED : undefined;
}
