import { type FieldError, forbidden, invalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { goPattern } from '#api/schema/formats.ts';
import { type JsonSchema, isObject } from '#api/schema/structural.ts';
import { validateStructural } from '#api/schema/validate-structural.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const LIST_TYPES = ['atomic', 'map', 'set'];
/** Words of JSON schema that a CRD may not use. */
const UNSUPPORTED = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id', '$schema'];

/** Whether a field's absence of a type is told as at the root, of a field, or of an item. */
type Place = 'at the root' | 'for specified object fields' | 'for specified array items';

/**
 * The faults of a CRD's schema: it must be structural (every field, item and map value says its type), and what it says must make sense.
 * `path` is where the schema stands, e.g. `spec.validation.openAPIV3Schema`.
 * Source: apiextensions-apiserver's validation of structural schemas; CEL rules are not compiled.
 */
export function validateSchema(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const type = schema['type'];
  if (typeof type === 'string' && type !== '' && type !== 'object' && TYPES.includes(type)) {
    errors.push(invalid(`${path}.type`, type, 'must be object at the root'));
  }
  node(schema, path, 'at the root', errors);
  const properties = schema['properties'];
  const metadata = isObject(properties) ? properties['metadata'] : undefined;
  if (isObject(metadata)) errors.push(...metadataFaults(metadata, `${path}.properties[metadata]`));
  return errors;
}

function node(schema: JsonSchema, path: string, place: Place, errors: FieldError[]): void {
  checkType(schema, path, place, errors);
  checkWords(schema, path, errors);
  checkListType(schema, path, errors);
  const properties = schema['properties'];
  const additional = schema['additionalProperties'];
  if (isObject(properties)) {
    if (additional !== undefined && additional !== false) {
      errors.push(
        forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
      );
    }
    for (const [name, property] of Object.entries(properties)) {
      if (isObject(property)) node(property, `${path}.properties[${name}]`, 'for specified object fields', errors);
    }
  }
  if (isObject(additional)) node(additional, `${path}.additionalProperties`, 'for specified object fields', errors);
  const items = schema['items'];
  if (isObject(items)) node(items, `${path}.items`, 'for specified array items', errors);
  else if (schema['type'] === 'array' && items === undefined)
    errors.push(requiredValue(`${path}.items`, 'must be specified'));
  if (schema['default'] !== undefined) checkDefault(schema, path, errors);
}

function checkType(schema: JsonSchema, path: string, place: Place, errors: FieldError[]): void {
  const type = schema['type'];
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (type !== undefined && type !== '')
      errors.push(forbidden(`${path}.type`, 'must be empty if x-kubernetes-int-or-string is true'));
    return;
  }
  if (type === undefined || type === '') {
    if (place === 'at the root' || schema['x-kubernetes-preserve-unknown-fields'] !== true) {
      errors.push(requiredValue(`${path}.type`, `must not be empty ${place}`));
    }
  } else if (!(TYPES as readonly unknown[]).includes(type)) errors.push(notSupported(`${path}.type`, type, TYPES));
}

function checkWords(schema: JsonSchema, path: string, errors: FieldError[]): void {
  for (const word of UNSUPPORTED)
    if (schema[word] !== undefined) errors.push(forbidden(`${path}.${word}`, `${word} is not supported`));
  if (schema['uniqueItems'] === true) {
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  const pattern = schema['pattern'];
  if (typeof pattern === 'string' && pattern !== '' && goPattern(pattern) === undefined) {
    errors.push(
      invalid(`${path}.pattern`, pattern, "must be a valid regular expression, but isn't: error parsing regexp"),
    );
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  if (schema['x-kubernetes-embedded-resource'] === true && schema['type'] !== 'object') {
    errors.push(
      invalid(`${path}.type`, schema['type'] ?? '', 'must be object if x-kubernetes-embedded-resource is true'),
    );
  }
}

function checkListType(schema: JsonSchema, path: string, errors: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = Array.isArray(schema['x-kubernetes-list-map-keys'])
    ? schema['x-kubernetes-list-map-keys'].map(String)
    : [];
  const keysPath = `${path}.x-kubernetes-list-map-keys`;
  if (listType === undefined) {
    if (keys.length > 0) errors.push(forbidden(keysPath, 'must be empty if x-kubernetes-list-type is not map'));
    return;
  }
  if (!(LIST_TYPES as readonly unknown[]).includes(listType))
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES));
  if (schema['type'] !== 'array') {
    errors.push(invalid(`${path}.type`, schema['type'] ?? '', 'must be array if x-kubernetes-list-type is specified'));
  }
  if (listType !== 'map') return;
  if (keys.length === 0) errors.push(requiredValue(keysPath, 'must not be empty if x-kubernetes-list-type is map'));
  const items = schema['items'];
  if (!isObject(items)) return;
  if (items['type'] !== 'object') {
    errors.push(
      invalid(
        `${path}.items.type`,
        items['type'] ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
    return;
  }
  const properties = isObject(items['properties']) ? items['properties'] : {};
  for (const [index, key] of keys.entries()) {
    if (!Object.hasOwn(properties, key)) {
      errors.push(invalid(`${keysPath}[${index}]`, key, 'entries must all be names of item properties'));
    } else if (!isRequired(items, key) && !hasDefault(properties[key])) {
      errors.push(
        requiredValue(
          `${path}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    }
  }
}

const isRequired = (schema: JsonSchema, name: string): boolean =>
  Array.isArray(schema['required']) && schema['required'].includes(name);
const hasDefault = (schema: unknown): boolean => isObject(schema) && schema['default'] !== undefined;

function checkDefault(schema: JsonSchema, path: string, errors: FieldError[]): void {
  const { default: value, ...rest } = schema;
  for (const fault of validateStructural(value, rest)) {
    errors.push({ ...fault, field: fault.field === '<nil>' ? `${path}.default` : `${path}.default.${fault.field}` });
  }
}

/** A CRD may say of metadata only how names look. */
function metadataFaults(metadata: JsonSchema, path: string): FieldError[] {
  const { type: _type, properties, ...rest } = metadata;
  const names = isObject(properties) ? Object.keys(properties) : [];
  const allowed = Object.keys(rest).length === 0 && names.every((name) => name === 'name' || name === 'generateName');
  if (allowed) return [];
  return [
    forbidden(path, 'must not specify anything other than name and generateName, but metadata is implicitly specified'),
  ];
}

/** Whether a schema has a default anywhere. */
export function hasDefaults(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(hasDefaults);
  if (!isObject(schema)) return false;
  return schema['default'] !== undefined || Object.values(schema).some(hasDefaults);
}
