import { checkRules } from '#api/cel/validation-rules.ts';
import { type FieldError, forbidden, invalid, invalidUnshown } from '#api/meta/field-error.ts';
import { equalJson } from '#api/schema/equal.ts';
import { type JsonSchema, isObject, pruneStructural } from '#api/schema/structural.ts';
import { validateStructural } from '#api/schema/validate-structural.ts';
import { CostTotal, type RulePlace, expressionFaults, maxElements, ruleFormFaults } from './rule-faults.ts';
import { type WordsContext, extensionFaults, wordFaults } from './schema-words.ts';
import { structuralFaults } from './structural-faults.ts';

/** Fields of a resource that have a meaning of their own. */
const META_FIELDS = new Set(['metadata', 'apiVersion', 'kind']);

/** What a schema's root may hold when /status is served apart (upstream: allowedFieldsAtRootSchema), and upstream's names of them. */
const ALLOWED_AT_ROOT =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';
const ALLOWED_KEYWORDS = new Set([
  ...ALLOWED_AT_ROOT.split(' ').map((name) => name.slice(0, 1).toLowerCase() + name.slice(1)),
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
]);

/**
 * The faults of a CRD's schema: it must be structural, its defaults must fit it, its words must make sense, and its rules must compile and
 * be cheap enough. `path` is where the schema stands, e.g. `spec.validation.openAPIV3Schema`; `hasStatus`: /status is served.
 */
export function validateSchema(schema: JsonSchema, path: string, hasStatus: boolean): FieldError[] {
  const errors = rootFaults(schema, path, hasStatus);
  const structural = structuralFaults(schema, path);
  const defaults = structural.length === 0 ? defaultFaults(schema, path, false) : [];
  const words = schemaFaults(schema, path, { isRoot: true });
  errors.push(...structural, ...defaults, ...words);
  if (structural.length > 0 || defaults.length > 0) return errors;
  const total = new CostTotal();
  errors.push(...rules(schema, path, { times: 1, isResource: true }, total), ...total.faults(path));
  return errors;
}

function rootFaults(schema: JsonSchema, path: string, hasStatus: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (hasStatus) {
    const type = typeof schema['type'] === 'string' ? schema['type'] : '';
    if (type !== '' && type !== 'object')
      errors.push(
        invalid(
          `${path}.type`,
          type,
          'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
        ),
      );
    else if (Object.keys(schema).some((keyword) => !ALLOWED_KEYWORDS.has(keyword)))
      errors.push(
        invalidUnshown(
          path,
          `only [${ALLOWED_AT_ROOT}] fields are allowed at the root of the schema if the status subresource is enabled`,
        ),
      );
  }
  if (schema['nullable'] === true) errors.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'));
  return errors;
}

/** Schemas below one, with where they stand. */
function* below(schema: JsonSchema, path: string): Generator<readonly [JsonSchema, string]> {
  if (isObject(schema['not'])) yield [schema['not'], `${path}.not`];
  for (const keyword of ['allOf', 'oneOf', 'anyOf']) {
    const list = schema[keyword];
    if (!Array.isArray(list)) continue;
    for (const [index, one] of list.entries()) if (isObject(one)) yield [one, `${path}.${keyword}[${index}]`];
  }
}

const properties = (schema: JsonSchema): [string, JsonSchema][] =>
  isObject(schema['properties'])
    ? Object.entries(schema['properties']).flatMap(([name, one]) => (isObject(one) ? [[name, one]] : []))
    : [];

function schemaFaults(schema: JsonSchema, path: string, context: WordsContext): FieldError[] {
  const errors = wordFaults(schema, path, context);
  const { isRoot = false, ...inner } = context;
  const additional = schema['additionalProperties'];
  if (isObject(additional)) {
    const noDefaults = 'inside additionalProperties applying to object metadata';
    errors.push(
      ...schemaFaults(
        additional,
        `${path}.additionalProperties`,
        inner.insideMetadata === true ? { ...inner, noDefaults } : inner,
      ),
    );
  }
  for (const [name, one] of properties(schema)) {
    const isMeta = (isRoot || schema['x-kubernetes-embedded-resource'] === true) && META_FIELDS.has(name);
    const forOne = isMeta
      ? { ...inner, insideMetadata: true, ...(isRoot ? { noDefaults: `in top-level ${name}` } : {}) }
      : inner;
    errors.push(...schemaFaults(one, `${path}.properties[${name}]`, forOne));
  }
  for (const [one, at] of below(schema, path)) errors.push(...schemaFaults(one, at, inner));
  if (isObject(schema['items'])) errors.push(...schemaFaults(schema['items'], `${path}.items`, inner));
  return [...errors, ...extensionFaults(schema, path), ...ruleFormFaults(schema, path)];
}

/** Defaults have no unknown fields, and fit the schema and its rules. */
function defaultFaults(schema: JsonSchema, path: string, insideMetadata: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { default: value, ...rest } = schema;
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  if (value !== undefined) {
    const { value: pruned } = pruneStructural(value, rest, embedded);
    if (!insideMetadata && !equalJson(pruned, value))
      errors.push(invalid(`${path}.default`, value, 'must not have unknown fields'));
    const faults = validateStructural(value, rest);
    for (const fault of faults.length > 0 ? faults : checkRules(value, rest))
      errors.push({ ...fault, field: fault.field === '<nil>' ? `${path}.default` : `${path}.default.${fault.field}` });
  }
  if (isObject(schema['items'])) errors.push(...defaultFaults(schema['items'], `${path}.items`, insideMetadata));
  for (const [name, one] of properties(schema))
    errors.push(
      ...defaultFaults(one, `${path}.properties[${name}]`, insideMetadata || (embedded && META_FIELDS.has(name))),
    );
  return errors;
}

/** As upstream, a level with faults in or below it is not asked about its rules. */
function rules(schema: JsonSchema, path: string, place: RulePlace, total: CostTotal): FieldError[] {
  const errors: FieldError[] = [];
  const isCorrelatable = schema['x-kubernetes-map-type'] !== 'atomic';
  const { uncorrelatable = isCorrelatable ? undefined : path } = place;
  const times = place.times * maxElements(schema);
  const forChild = (at: string | undefined, count: number): RulePlace => ({
    times: count,
    isResource: false,
    ...(at === undefined ? {} : { uncorrelatable: at }),
  });
  const additional = schema['additionalProperties'];
  if (isObject(additional))
    errors.push(...rules(additional, `${path}.additionalProperties`, forChild(place.uncorrelatable, times), total));
  for (const [name, one] of properties(schema))
    errors.push(...rules(one, `${path}.properties[${name}]`, forChild(uncorrelatable, place.times), total));
  if (isObject(schema['items'])) {
    const at = place.uncorrelatable ?? (schema['x-kubernetes-list-type'] === 'map' ? undefined : path);
    errors.push(...rules(schema['items'], `${path}.items`, forChild(at, times), total));
  }
  if (schema['x-kubernetes-validations'] !== undefined && schemaFaults(schema, path, {}).length === 0)
    errors.push(...expressionFaults(schema, path, place, total));
  return errors;
}

/** Whether a schema has a default anywhere. */
export function hasDefaults(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(hasDefaults);
  if (!isObject(schema)) return false;
  return schema['default'] !== undefined || Object.values(schema).some(hasDefaults);
}
