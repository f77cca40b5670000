import { type FieldError, forbidden, invalid, requiredValue } from '#api/meta/field-error.ts';
import { goPattern } from '#api/schema/formats.ts';
import { type JsonSchema, isObject } from '#api/schema/structural.ts';

type Place = 'at the root' | 'for specified object fields' | 'for specified array items';

const isSet = (value: unknown): boolean => value !== undefined && value !== false && value !== '';
const schemas = (value: unknown): JsonSchema[] => (Array.isArray(value) ? value.filter(isObject) : []);
const propertiesOf = (schema: JsonSchema): [string, JsonSchema][] =>
  isObject(schema['properties'])
    ? Object.entries(schema['properties']).flatMap(([name, one]) => (isObject(one) ? [[name, one]] : []))
    : [];

/**
 * What keeps a schema from being structural: every field, item and map value says its type outside of anyOf and the like, and what those
 * say is about fields that are there (upstream: apiserver/schema, ValidateStructural). In the order of their texts, as upstream.
 */
export function structuralFaults(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  invariants(schema, 'at the root', path, errors);
  completeness(schema, schema, path, path, errors);
  const textOf = ({ field, detail }: FieldError): string => `${field}: ${detail}`;
  return errors.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function invariants(schema: JsonSchema, place: Place, path: string, errors: FieldError[]): void {
  const type = typeof schema['type'] === 'string' ? schema['type'] : '';
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const preserve = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  if (type === 'array' && !isSet(schema['items'])) errors.push(requiredValue(`${path}.items`, 'must be specified'));
  if (isObject(schema['items'])) invariants(schema['items'], 'for specified array items', `${path}.items`, errors);
  for (const [name, one] of propertiesOf(schema))
    invariants(one, 'for specified object fields', `${path}.properties[${name}]`, errors);
  const additional = schema['additionalProperties'];
  if (additional !== undefined && place === 'at the root')
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  if (isObject(additional))
    invariants(additional, 'for specified object fields', `${path}.additionalProperties`, errors);
  if (intOrString && preserve)
    errors.push(
      invalid(
        `${path}.x-kubernetes-preserve-unknown-fields`,
        true,
        'must be false if x-kubernetes-int-or-string is true',
      ),
    );
  if (intOrString && embedded)
    errors.push(
      invalid(`${path}.x-kubernetes-embedded-resource`, true, 'must be false if x-kubernetes-int-or-string is true'),
    );
  valueFaults(schema, intOrStringPattern(schema), path, errors);
  const mustBeObject = 'must be object if x-kubernetes-embedded-resource is true';
  if (embedded && type !== 'object')
    errors.push(
      type === '' ? requiredValue(`${path}.type`, mustBeObject) : invalid(`${path}.type`, type, mustBeObject),
    );
  else if (type === '' && !intOrString && !preserve)
    errors.push(requiredValue(`${path}.type`, `must not be empty ${place}`));
  if (embedded && additional !== undefined)
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'));
  if (place === 'at the root' && type !== '' && type !== 'object')
    errors.push(invalid(`${path}.type`, type, 'must be object at the root'));
  resourceFaults(schema, place, embedded, path, errors);
  if (embedded && !preserve && propertiesOf(schema).length === 0)
    errors.push(
      requiredValue(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
}

/** What a schema of a resource says of kind, apiVersion and metadata: of the last only how names look. */
function resourceFaults(schema: JsonSchema, place: Place, embedded: boolean, path: string, errors: FieldError[]): void {
  const isRoot = place === 'at the root';
  for (const [name, one] of propertiesOf(schema)) {
    const at = `${path}.properties[${name}]`;
    const wanted = name === 'metadata' ? 'object' : 'string';
    if (name !== 'metadata' && name !== 'kind' && name !== 'apiVersion') continue;
    if ((isRoot || embedded) && one['type'] !== wanted)
      errors.push(invalid(`${at}.type`, one['type'] ?? '', `must be ${wanted}`));
    if (name !== 'metadata' || !isRoot) continue;
    const { type: _type, properties, default: _default, description: _description, ...rest } = one;
    const names = isObject(properties) ? Object.keys(properties) : [];
    if (Object.keys(rest).length > 0 || names.some((field) => field !== 'name' && field !== 'generateName'))
      errors.push(
        forbidden(
          at,
          'must not specify anything other than name and generateName, but metadata is implicitly specified',
        ),
      );
  }
}

/** The two ways in which an int-or-string may say its types again. */
function intOrStringPattern(schema: JsonSchema): 'anyOf' | 'allOf' | undefined {
  const isPattern = (list: unknown): boolean => JSON.stringify(list) === '[{"type":"integer"},{"type":"string"}]';
  if (isPattern(schema['anyOf'])) return 'anyOf';
  return isPattern(schemas(schema['allOf'])[0]?.['anyOf']) ? 'allOf' : undefined;
}

function valueFaults(
  schema: JsonSchema,
  pattern: 'anyOf' | 'allOf' | undefined,
  path: string,
  errors: FieldError[],
): void {
  if (pattern !== 'anyOf')
    for (const [index, one] of schemas(schema['anyOf']).entries()) nested(one, `${path}.anyOf[${index}]`, errors);
  for (const [index, one] of schemas(schema['allOf']).entries())
    nested(one, `${path}.allOf[${index}]`, errors, pattern === 'allOf' && index === 0);
  for (const [index, one] of schemas(schema['oneOf']).entries()) nested(one, `${path}.oneOf[${index}]`, errors);
  if (isObject(schema['not'])) nested(schema['not'], `${path}.not`, errors);
  const source = schema['pattern'];
  if (typeof source === 'string' && source !== '' && goPattern(source) === undefined)
    errors.push(
      invalid(
        `${path}.pattern`,
        source,
        `must be a valid regular expression, but isn't: error parsing regexp: ${source}`,
      ),
    );
}

/** What may not stand inside anyOf and the like, and how that is told. */
const OUTSIDE_ONLY: readonly (readonly [keyword: string, detail: string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function nested(schema: JsonSchema, path: string, errors: FieldError[], isPattern = false): void {
  valueFaults(schema, isPattern ? 'anyOf' : undefined, path, errors);
  if (isObject(schema['items'])) nested(schema['items'], `${path}.items`, errors);
  for (const [name, one] of propertiesOf(schema)) nested(one, `${path}.properties[${name}]`, errors);
  for (const [keyword, detail] of OUTSIDE_ONLY)
    if (isSet(schema[keyword])) errors.push(forbidden(`${path}.${keyword}`, detail));
  if (propertiesOf(schema).some(([name]) => name === 'metadata'))
    errors.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
}

/** Fields inside anyOf and the like must be there outside too. */
function completeness(
  value: JsonSchema,
  schema: JsonSchema | undefined,
  path: string,
  valuePath: string,
  errors: FieldError[],
): void {
  const inside: [JsonSchema, string][] = [
    ...(isObject(value['not']) ? [[value['not'], `${valuePath}.not`] as [JsonSchema, string]] : []),
    ...['allOf', 'anyOf', 'oneOf'].flatMap((keyword) =>
      schemas(value[keyword]).map((one, index): [JsonSchema, string] => [one, `${valuePath}.${keyword}[${index}]`]),
    ),
  ];
  for (const [one, at] of inside) nestedCompleteness(one, schema, path, at, errors);
}

function nestedCompleteness(
  value: JsonSchema,
  schema: JsonSchema | undefined,
  path: string,
  valuePath: string,
  errors: FieldError[],
): void {
  if (schema === undefined) return void errors.push(requiredValue(path, `because it is defined in ${valuePath}`));
  completeness(value, schema, path, valuePath, errors);
  if (isObject(value['items'])) {
    const items = isObject(schema['items']) ? schema['items'] : undefined;
    nestedCompleteness(value['items'], items, `${path}.items`, `${valuePath}.items`, errors);
  }
  const there = new Map(propertiesOf(schema));
  for (const [name, one] of propertiesOf(value))
    nestedCompleteness(one, there.get(name), `${path}.properties[${name}]`, `${valuePath}.properties[${name}]`, errors);
}
