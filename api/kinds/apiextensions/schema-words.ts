import { type FieldError, forbidden, invalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { type JsonSchema, isObject } from '#api/schema/structural.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** Words of JSON schema that a CRD may not use. */
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];

/** What is known of the surroundings of a schema. */
export interface WordsContext {
  /** Why defaults may not stand here, if they may not. */
  readonly noDefaults?: string;
  readonly insideMetadata?: boolean;
  readonly isRoot?: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The faults of the words of one schema, without those below it, in upstream's order (ValidateCustomResourceDefinitionOpenAPISchema). */
export function wordFaults(schema: JsonSchema, path: string, context: WordsContext): FieldError[] {
  const errors: FieldError[] = [];
  const type = text(schema['type']);
  if (type !== '' && !TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, TYPES));
  if (schema['default'] !== undefined && context.noDefaults !== undefined)
    errors.push(forbidden(`${path}.default`, `must not be set ${context.noDefaults}`));
  for (const word of UNSUPPORTED)
    if (schema[word] !== undefined) errors.push(forbidden(`${path}.${word}`, `${word} is not supported`));
  if (type === 'null')
    errors.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(schema['items']))
    errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'));
  if (context.insideMetadata === true && schema['x-kubernetes-embedded-resource'] === true)
    errors.push(forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'));
  if (schema['uniqueItems'] === true)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  const additional = schema['additionalProperties'];
  const properties = isObject(schema['properties']) ? Object.keys(schema['properties']) : [];
  if (properties.length > 0 && additional !== undefined && typeof additional !== 'boolean')
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  return errors;
}

/** As `wordFaults`, what is told after the schemas below: of lists, maps and unknown fields. */
export function extensionFaults(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const type = text(schema['type']);
  const typed = (detail: string): FieldError =>
    type === '' ? requiredValue(`${path}.type`, detail) : invalid(`${path}.type`, type, detail);
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined && type !== 'object')
    errors.push(typed('must be object if x-kubernetes-map-type is specified'));
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular')
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  const listType = schema['x-kubernetes-list-type'];
  const items = isObject(schema['items']) ? schema['items'] : undefined;
  if (listType !== undefined && type !== 'array')
    errors.push(typed('must be array if x-kubernetes-list-type is specified'));
  else if (listType === 'set' && items !== undefined) errors.push(...setFaults(items, path));
  if (listType !== undefined && listType !== 'atomic' && listType !== 'set' && listType !== 'map')
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  const keys = Array.isArray(schema['x-kubernetes-list-map-keys'])
    ? schema['x-kubernetes-list-map-keys'].map(String)
    : [];
  const mustBeMap = 'must be map if x-kubernetes-list-map-keys is non-empty';
  if (keys.length > 0 && listType === undefined)
    errors.push(requiredValue(`${path}.x-kubernetes-list-type`, mustBeMap));
  else if (keys.length > 0 && listType !== 'map')
    errors.push(invalid(`${path}.x-kubernetes-list-type`, listType, mustBeMap));
  if (listType === 'map') errors.push(...mapFaults(schema, items, keys, path));
  if (items !== undefined && (listType === 'map' || listType === 'set'))
    errors.push(...keyFaults(items, listType, keys, path));
  return errors;
}

function setFaults(items: JsonSchema, path: string): FieldError[] {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items['x-kubernetes-list-type'];
  if (items['type'] === 'array' && listType !== undefined && listType !== 'atomic')
    return [invalid(`${path}.items.x-kubernetes-list-type`, listType, detail)];
  if (items['type'] === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    return [invalid(`${path}.items.x-kubernetes-map-type`, listType, detail)];
  return [];
}

function mapFaults(
  schema: JsonSchema,
  items: JsonSchema | undefined,
  keys: readonly string[],
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const keysPath = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) errors.push(requiredValue(keysPath, 'must not be empty if x-kubernetes-list-type is map'));
  if (schema['items'] === undefined)
    errors.push(requiredValue(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
  if (items === undefined) return errors;
  if (items['type'] !== 'object')
    return [
      ...errors,
      invalid(
        `${path}.items.type`,
        items['type'] ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    ];
  const properties = isObject(items['properties']) ? items['properties'] : {};
  for (const [index, key] of keys.entries()) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!isObject(property)) errors.push(invalid(keysPath, keys, 'entries must all be names of item properties'));
    else if (property['type'] === 'array' || property['type'] === 'object')
      errors.push(
        invalid(
          `${path}.items.properties[${key}].type`,
          items['type'],
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (keys.indexOf(key) !== index) errors.push(invalid(keysPath, keys, 'must not contain duplicate entries'));
  }
  return errors;
}

/** Items of sets and maps are there, and keys have a value. */
function keyFaults(items: JsonSchema, listType: string, keys: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (items['nullable'] === true)
    errors.push(forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  if (listType !== 'map') return errors;
  const properties = isObject(items['properties']) ? items['properties'] : {};
  const required = new Set(Array.isArray(items['required']) ? items['required'] : []);
  for (const key of keys) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (!isObject(property)) continue;
    const at = `${path}.items.properties[${key}]`;
    if (!required.has(key) && property['default'] === undefined)
      errors.push(
        requiredValue(
          `${at}.default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    if (property['nullable'] === true)
      errors.push(
        forbidden(`${at}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
      );
  }
  return errors;
}
