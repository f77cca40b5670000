import { type JsonSchema, isObject } from '../schema/structural.ts';

/** The largest request, in bytes: what sizes of unbounded values are estimated from (upstream: MaxRequestSizeBytes). */
const MAX_REQUEST_BYTES = 3 * 1024 * 1024;
const MIN_STRING_BYTES = 2;

/**
 * The CEL type of a value by a structural schema (upstream: apiserver/schema/cel/model). `name` is what the library knows it as; sizes are
 * for estimates of cost: `maxElements` of a list, map, string or bytes, `minBytes` of the shortest JSON.
 */
export interface CelType {
  readonly kind:
    'object' | 'list' | 'map' | 'string' | 'bytes' | 'int' | 'double' | 'bool' | 'timestamp' | 'duration' | 'dyn';
  readonly name: string;
  readonly maxElements: number;
  readonly minBytes: number;
  /** Of an object, by the names that expressions use. */
  readonly fields?: ReadonlyMap<string, CelType>;
  /** Of a list or map. */
  readonly element?: CelType;
  /** Of an object: the class of its values. */
  readonly valueClass?: new (entries?: Iterable<readonly [string, unknown]>) => Map<string, unknown>;
}

/** An object's shape as the library knows it: names are kept for good there, so equal shapes share one. */
interface Shape {
  readonly name: string;
  readonly valueClass: NonNullable<CelType['valueClass']>;
}

const shapes = new Map<string, Shape>();

function shapeOf(fields: ReadonlyMap<string, CelType>): Shape {
  const key = [...fields]
    .map(([name, type]) => `${name}:${type.name}`)
    .sort()
    .join(',');
  const known = shapes.get(key);
  if (known !== undefined) return known;
  const shape = { name: `object.${shapes.size + 1}`, valueClass: class extends Map<string, unknown> {} };
  shapes.set(key, shape);
  return shape;
}

/** CEL's reserved words, which a field's name may not be. */
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** A field's name as expressions write it: `a-b` → `a__dash__b`; undefined when it cannot be written (upstream: cel.Escape). */
export function escapeField(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_][A-Za-z0-9_.\-/]*$/.test(name)) return undefined;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

const simple = (kind: CelType['kind'], name: string, minBytes: number, maxElements = 0): CelType => ({
  kind,
  name,
  minBytes,
  maxElements,
});

const STRING = simple('string', 'string', MIN_STRING_BYTES, MAX_REQUEST_BYTES - 2);
const METADATA = objectType(
  new Map([
    ['name', STRING],
    ['generateName', STRING],
  ]),
  2,
);

const limit = (schema: JsonSchema, keyword: string): number | undefined => {
  const value = schema[keyword];
  return typeof value === 'number' ? Math.max(0, value) : undefined;
};

/** How many items of a size fit into a request, with commas between them. */
const fitting = (bytes: number): number => Math.floor((MAX_REQUEST_BYTES - 2) / (bytes + 1));

/**
 * The type of a schema; undefined when its values cannot be named in CEL (unknown content). At a resource's root apiVersion, kind and the
 * names in metadata are known.
 */
export function celTypeOf(
  schema: JsonSchema,
  isResource = schema['x-kubernetes-embedded-resource'] === true,
): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return simple('dyn', 'dyn', 1, MAX_REQUEST_BYTES - 2);
  switch (schema['type']) {
    case 'array': {
      const element = isObject(schema['items']) ? celTypeOf(schema['items']) : undefined;
      if (element === undefined) return undefined;
      const maxElements = limit(schema, 'maxItems') ?? fitting(element.minBytes);
      return { kind: 'list', name: `list<${element.name}>`, element, maxElements, minBytes: 2 };
    }
    case 'object':
      return objectOrMap(schema, isResource);
    case 'string':
      return stringType(schema);
    case 'boolean':
      return simple('bool', 'bool', 4);
    case 'number':
      return simple('double', 'double', 1);
    case 'integer':
      return simple('int', 'int', 1);
    default:
      return undefined;
  }
}

function objectOrMap(schema: JsonSchema, isResource: boolean): CelType | undefined {
  const additional = schema['additionalProperties'];
  if (isObject(additional)) {
    const element = celTypeOf(additional);
    if (element === undefined) return undefined;
    // A key is at least `"":`.
    const maxElements = limit(schema, 'maxProperties') ?? fitting(element.minBytes + 6);
    return { kind: 'map', name: `map<string, ${element.name}>`, element, maxElements, minBytes: 2 };
  }
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const fields = new Map<string, CelType>();
  let minBytes = 2;
  for (const [name, property] of Object.entries(properties)) {
    const type = isObject(property) ? celTypeOf(property) : undefined;
    if (type === undefined) continue;
    const escaped = escapeField(name);
    if (escaped !== undefined) fields.set(escaped, type);
    if (required.has(name) && isObject(property) && property['default'] === undefined)
      minBytes += name.length + type.minBytes + 4;
  }
  if (isResource) {
    fields.set('apiVersion', STRING).set('kind', STRING);
    const own = fields.get('metadata')?.fields;
    fields.set('metadata', own === undefined ? METADATA : objectType(new Map([...(METADATA.fields ?? []), ...own]), 2));
  }
  return objectType(fields, minBytes);
}

/** The type of objects with these fields, by the names that expressions use; `minBytes` as in CelType. */
export function objectType(fields: ReadonlyMap<string, CelType>, minBytes: number): CelType {
  const { name, valueClass } = shapeOf(fields);
  return { kind: 'object', name, fields, valueClass, minBytes, maxElements: fields.size };
}

function stringType(schema: JsonSchema): CelType {
  const longest = limit(schema, 'maxLength');
  switch (schema['format']) {
    case 'byte':
      return simple('bytes', 'bytes', MIN_STRING_BYTES, longest ?? MAX_REQUEST_BYTES - 2);
    case 'duration':
      return simple('duration', 'google.protobuf.Duration', 4);
    case 'date':
      return simple('timestamp', 'google.protobuf.Timestamp', 12);
    case 'date-time':
      return simple('timestamp', 'google.protobuf.Timestamp', 22);
    default:
  }
  const values = Array.isArray(schema['enum']) ? schema['enum'] : [];
  const ofValues = values.length === 0 ? undefined : Math.max(...values.map((value) => String(value).length));
  // A character has up to four bytes.
  const maxElements = longest === undefined ? (ofValues ?? MAX_REQUEST_BYTES - 2) : longest * 4;
  return simple('string', 'string', MIN_STRING_BYTES, maxElements);
}
