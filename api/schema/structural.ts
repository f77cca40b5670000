/** A JSON schema as a CRD has it (structural: every field has its type outside of anyOf and the like). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A value without the fields that its schema does not name, and their paths. */
export interface Pruned {
  readonly value: unknown;
  readonly unknownFields: readonly string[];
}

/** Whether `value` is a JSON object. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema of one property; undefined when the schema does not name it. */
export function propertySchema(schema: JsonSchema, key: string): JsonSchema | undefined {
  const properties = schema['properties'];
  if (!isObject(properties) || !Object.hasOwn(properties, key)) return undefined;
  const property = properties[key];
  return isObject(property) ? property : undefined;
}

const isTrue = (schema: JsonSchema, keyword: string): boolean => schema[keyword] === true;

/**
 * Drops unknown fields as a CRD's schema says (x-kubernetes-preserve-unknown-fields, additionalProperties, x-kubernetes-embedded-resource),
 * and nulls of fields that are not nullable, so that their defaults apply. At a resource's root kind, apiVersion and metadata are known.
 * The result shares what it did not change with `value`.
 */
export function pruneStructural(value: unknown, schema: JsonSchema, root = false): Pruned {
  const unknownFields: string[] = [];
  return { value: prune(value, schema, root, '', unknownFields), unknownFields };
}

const RESOURCE_FIELDS = new Set(['kind', 'apiVersion', 'metadata']);

function prune(value: unknown, schema: JsonSchema, resource: boolean, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const items = schema['items'];
    return isObject(items)
      ? value.map((item, index) => prune(item, items, false, `${path}[${index}]`, unknown))
      : value;
  }
  if (!isObject(value)) return value;
  const preserve = isTrue(schema, 'x-kubernetes-preserve-unknown-fields');
  const isResource = resource || isTrue(schema, 'x-kubernetes-embedded-resource');
  const additional = schema['additionalProperties'];
  const output: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const child = value[key];
    const childPath = path === '' ? key : `${path}.${key}`;
    const property = propertySchema(schema, key) ?? (isObject(additional) ? additional : undefined);
    if (property !== undefined) {
      if (child === null && !isTrue(property, 'nullable') && !isAny(property)) continue;
      setOwn(output, key, prune(child, property, false, childPath, unknown));
    } else if (preserve || additional === true || (isResource && RESOURCE_FIELDS.has(key))) setOwn(output, key, child);
    else unknown.push(childPath);
  }
  return output;
}

/** A schema that allows anything allows null. */
const isAny = (schema: JsonSchema): boolean =>
  schema['type'] === undefined && isTrue(schema, 'x-kubernetes-preserve-unknown-fields');

/** Sets a key of an object, also one called `__proto__`. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}
