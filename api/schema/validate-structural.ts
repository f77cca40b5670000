import { type FieldError, duplicate, invalid, notSupported, requiredValue, tooLong } from '#api/meta/field-error.ts';
import { equalJson } from './equal.ts';
import { fitsFormat, goPattern } from './formats.ts';
import { validateEmbeddedResource } from './embedded-resource.ts';
import { keyedItems } from './list-keys.ts';
import { type JsonSchema, isObject, propertySchema } from './structural.ts';

/**
 * The faults of a value by a CRD's schema, in upstream's words (kube-openapi validation; `spec.size in body should be …`).
 * `path` is where the value is; `''` for a whole object. kind, apiVersion and metadata of a resource are not looked at.
 * With `old`, the value before it, what has not changed is let be, however wrong (KEP-4008, ratcheting).
 */
export function validateStructural(value: unknown, schema: JsonSchema, path = '', old?: unknown): FieldError[] {
  const errors: FieldError[] = [];
  check(value, schema, path, errors, old);
  return errors;
}

type Check = (value: unknown, schema: JsonSchema, path: string, errors: FieldError[], old: unknown) => void;

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const numberOf = (schema: JsonSchema, keyword: string): number | undefined => {
  const value = schema[keyword];
  return typeof value === 'number' ? value : undefined;
};
/** Field errors need a path; upstream prints this for a value that has none. */
const fieldOf = (path: string): string => (path === '' ? '<nil>' : path);

const check: Check = (value, schema, path, errors, old) => {
  if (old !== undefined && equalJson(value, old)) return;
  if (value === null && schema['nullable'] === true) return;
  if (!checkType(value, schema, path, errors)) return;
  const allowed = schema['enum'];
  if (Array.isArray(allowed) && !allowed.some((one) => equalJson(one, value))) {
    errors.push(
      notSupported(
        fieldOf(path),
        value,
        allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
      ),
    );
  }
  if (typeof value === 'string') checkString(value, schema, path, errors);
  else if (typeof value === 'number') checkNumber(value, schema, path, errors);
  else if (Array.isArray(value)) checkList(value, schema, path, errors, old);
  else if (isObject(value)) checkObject(value, schema, path, errors, old);
  checkCombinations(value, schema, path, errors);
};

/** The JSON types a schema allows; none = all. */
function typesOf(schema: JsonSchema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return typeof schema['type'] === 'string' && schema['type'] !== '' ? [schema['type']] : [];
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkType(value: unknown, schema: JsonSchema, path: string, errors: FieldError[]): boolean {
  const types = typesOf(schema);
  const actual = typeName(value);
  if (types.length === 0 || types.includes(actual) || (actual === 'integer' && types.includes('number'))) return true;
  errors.push(wrongType(path, types.join(','), actual));
  return false;
}

const wrongType = (path: string, wanted: string, shown: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field: fieldOf(path),
  detail: `Invalid value: ${JSON.stringify(shown)}: ${path} in body must be of type ${wanted}: ${JSON.stringify(shown)}`,
});

const tooMany = (path: string, count: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field: fieldOf(path),
  detail: `Too many: ${count}: must have at most ${max} items`,
});

/** As upstream, a string is told only the first of its faults. */
function checkString(value: string, schema: JsonSchema, path: string, errors: FieldError[]): void {
  const length = Array.from(value).length;
  const max = numberOf(schema, 'maxLength');
  const min = numberOf(schema, 'minLength');
  const pattern = schema['pattern'];
  const format = schema['format'];
  if (max !== undefined && length > max) errors.push(tooLong(fieldOf(path), max));
  else if (min !== undefined && length < min) {
    errors.push(invalid(fieldOf(path), value, `${path} in body should be at least ${min} chars long`));
  } else if (typeof pattern === 'string' && patternOf(pattern)?.test(value) === false) {
    errors.push(invalid(fieldOf(path), value, `${path} in body should match '${pattern}'`));
  }
  if (typeof format === 'string' && !fitsFormat(format, value)) errors.push(wrongType(path, format, value));
}

const patterns = new Map<string, RegExp | undefined>();
const MAX_PATTERNS = 1000;

function patternOf(source: string): RegExp | undefined {
  if (!patterns.has(source)) {
    if (patterns.size >= MAX_PATTERNS) patterns.clear();
    patterns.set(source, goPattern(source));
  }
  return patterns.get(source);
}

function checkNumber(value: number, schema: JsonSchema, path: string, errors: FieldError[]): void {
  const refuse = (detail: string): void =>
    void errors.push(invalid(fieldOf(path), value, `${path} in body should be ${detail}`));
  const multiple = numberOf(schema, 'multipleOf');
  if (multiple !== undefined && multiple > 0 && !Number.isInteger(Number((value / multiple).toPrecision(15)))) {
    refuse(`a multiple of ${multiple}`);
  }
  const max = numberOf(schema, 'maximum');
  if (max !== undefined && schema['exclusiveMaximum'] === true && value >= max) refuse(`less than ${max}`);
  else if (max !== undefined && value > max) refuse(`less than or equal to ${max}`);
  const min = numberOf(schema, 'minimum');
  if (min !== undefined && schema['exclusiveMinimum'] === true && value <= min) refuse(`greater than ${min}`);
  else if (min !== undefined && value < min) refuse(`greater than or equal to ${min}`);
  const limit = schema['format'] === 'int32' ? 2 ** 31 : schema['format'] === 'int64' ? 2 ** 63 : undefined;
  if (limit !== undefined && (value >= limit || value < -limit))
    errors.push(wrongType(path, String(schema['format']), 'integer'));
}

function checkList(
  value: readonly unknown[],
  schema: JsonSchema,
  path: string,
  errors: FieldError[],
  old: unknown,
): void {
  const max = numberOf(schema, 'maxItems');
  const min = numberOf(schema, 'minItems');
  if (max !== undefined && value.length > max) errors.push(tooMany(path, value.length, max));
  if (min !== undefined && value.length < min) {
    errors.push(invalid(fieldOf(path), value.length, `${path} in body should have at least ${min} items`));
  }
  const items = schema['items'];
  if (isObject(items)) {
    const before = keyedItems(old, schema);
    for (const [index, item] of value.entries()) check(item, items, `${path}[${index}]`, errors, before?.find(item));
  }
  checkUnique(value, schema, path, errors);
}

/** No two items of a set are equal, no two items of a map have the same keys (defaults of keys are filled in already). */
function checkUnique(value: readonly unknown[], schema: JsonSchema, path: string, errors: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return;
  const keys = list(schema['x-kubernetes-list-map-keys']).map(String);
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const identity =
      listType === 'set' ? item : Object.fromEntries(keys.map((key) => [key, isObject(item) ? item[key] : undefined]));
    const text = JSON.stringify(identity) ?? '';
    if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, identity));
    seen.add(text);
  }
}

function checkObject(
  value: Record<string, unknown>,
  schema: JsonSchema,
  path: string,
  errors: FieldError[],
  old: unknown,
): void {
  const names = Object.keys(value);
  const max = numberOf(schema, 'maxProperties');
  const min = numberOf(schema, 'minProperties');
  if (max !== undefined && names.length > max) errors.push(tooMany(path, names.length, max));
  if (min !== undefined && names.length < min) {
    errors.push(invalid(fieldOf(path), names.length, `${path} in body should have at least ${min} properties`));
  }
  for (const name of list(schema['required'])) {
    if (!Object.hasOwn(value, String(name)))
      errors.push(requiredValue(path === '' ? String(name) : `${path}.${String(name)}`));
  }
  const additional = schema['additionalProperties'];
  for (const name of names) {
    const property = propertySchema(schema, name) ?? (isObject(additional) ? additional : undefined);
    if (property === undefined) continue;
    const before = isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
    check(value[name], property, path === '' ? name : `${path}.${name}`, errors, before);
  }
  if (schema['x-kubernetes-embedded-resource'] === true && path !== '')
    errors.push(...validateEmbeddedResource(value, path));
}

function checkCombinations(value: unknown, schema: JsonSchema, path: string, errors: FieldError[]): void {
  const refuse = (detail: string): void =>
    void errors.push({
      type: 'FieldValueInvalid',
      field: '<nil>',
      detail: `Invalid value: "": ${JSON.stringify(path)} ${detail}`,
    });
  const faultsOf = (keyword: string): FieldError[][] =>
    list(schema[keyword])
      .filter(isObject)
      .map((one) => validateStructural(value, one, path));
  const any = faultsOf('anyOf');
  if (any.length > 0 && any.every((faults) => faults.length > 0)) {
    refuse('must validate at least one schema (anyOf)');
    errors.push(...fewest(any));
  }
  const one = faultsOf('oneOf');
  const fitting = one.filter((faults) => faults.length === 0).length;
  if (one.length > 0 && fitting !== 1) {
    refuse(
      `must validate one and only one schema (oneOf). Found ${fitting === 0 ? 'none valid' : `${fitting} valid alternatives`}`,
    );
    if (fitting === 0) errors.push(...fewest(one));
  }
  const all = faultsOf('allOf').flat();
  if (all.length > 0) {
    refuse('must validate all the schemas (allOf)');
    errors.push(...all);
  }
  const not = schema['not'];
  if (isObject(not) && validateStructural(value, not, path).length === 0) refuse('must not validate the schema (not)');
}

/** The faults of the alternative that comes closest; the first of equals. */
const fewest = (alternatives: readonly FieldError[][]): FieldError[] =>
  alternatives.reduce((best, faults) => (faults.length < best.length ? faults : best));
