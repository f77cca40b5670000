import { describe, expect, test } from 'bun:test';
import { validateSchema } from './schema-validation.ts';

const within = (spec: object): object => ({ type: 'object', properties: { spec } });
const faults = (schema: object, hasStatus = false): string[] =>
  validateSchema(schema as never, 'schema', hasStatus).map(({ field, detail }) => `${field}: ${detail}`);
const rule = (text: string, more: object = {}): object => ({ 'x-kubernetes-validations': [{ rule: text, ...more }] });
const AT = 'schema.properties[spec]';

describe('validateSchema()', () => {
  test('a schema that says its types has no faults', () => {
    expect(faults(within({ type: 'object', properties: { a: { type: 'string' } } }))).toEqual([]);
  });

  test('fields that are named may have others beside them, but not others with a schema', () => {
    const properties = { a: { type: 'string' } };
    expect(faults(within({ type: 'object', properties, additionalProperties: true }))).toEqual([]);
    expect(faults(within({ type: 'object', properties, additionalProperties: { type: 'string' } }))).toEqual([
      `${AT}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
    ]);
  });

  test('types belong outside of anyOf and the like, and what those name must be there', () => {
    const anyOf = [{ type: 'object', properties: { b: { minLength: 1 } } }];
    expect(faults({ type: 'object', anyOf })).toEqual([
      'schema.anyOf[0].type: Forbidden: must be empty to be structural',
      'schema.properties[b]: Required value: because it is defined in schema.anyOf[0].properties[b]',
    ]);
    const intOrString = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
    expect(faults(within(intOrString))).toEqual([]);
  });

  test('an embedded resource is an object that names something', () => {
    expect(faults(within({ type: 'object', 'x-kubernetes-embedded-resource': true }))).toEqual([
      `${AT}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
    ]);
  });

  test('keys of a list map are scalar fields that are always there', () => {
    const items = { type: 'object', nullable: true, properties: { a: { type: 'object' }, b: { type: 'string' } } };
    const list = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a', 'b', 'b'],
      items: { ...items, required: ['a'] },
    };
    expect(faults(within(list))).toEqual([
      `${AT}.items.properties[a].type: Invalid value: "object": must be a scalar type if parent array's x-kubernetes-list-type is map`,
      `${AT}.x-kubernetes-list-map-keys: Invalid value: ["a","b","b"]: must not contain duplicate entries`,
      `${AT}.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is map`,
      `${AT}.items.properties[b].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      `${AT}.items.properties[b].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
    ]);
  });

  test('a default has no unknown fields and keeps the rules', () => {
    const spec = { type: 'object', properties: { n: { type: 'integer', ...rule('self > 3') } } };
    expect(faults(within({ ...spec, default: { x: 1 } }))).toEqual([
      `${AT}.default: Invalid value: {"x":1}: must not have unknown fields`,
    ]);
    expect(faults(within({ ...spec, default: { n: 1 } }))).toEqual([
      `${AT}.default.n: Invalid value: "integer": failed rule: self > 3`,
    ]);
  });

  test('rules are written in full, and name fields that there are', () => {
    const spec = { type: 'object', properties: { a: { type: 'string' } } };
    const at = `${AT}.x-kubernetes-validations[0]`;
    expect(faults(within({ ...spec, ...rule(' ') }))).toEqual([`${at}.rule: Required value: rule is not specified`]);
    expect(faults(within({ ...spec, ...rule('has(self.a)\n', { fieldPath: '.b', reason: 'Odd' }) }))).toEqual([
      `${at}.reason: Unsupported value: "Odd": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
      `${at}.fieldPath: Invalid value: ".b": fieldPath must be a valid path`,
    ]);
    expect(faults(within({ ...spec, ...rule('size(self.a)') }))[0]).toEndWith('cel expression must evaluate to a bool');
  });

  test('oldSelf needs values that can be compared', () => {
    const items = { type: 'string', maxLength: 10, ...rule('self == oldSelf') };
    expect(faults(within({ type: 'array', maxItems: 10, items }))).toEqual([
      `${AT}.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within ${AT}`,
    ]);
  });

  test('rules that may cost too much are refused, by themselves and in sum', () => {
    const list = { type: 'array', items: { type: 'string' } };
    const dear = faults(within({ ...list, ...rule('self.all(a, self.all(b, a == b))') }));
    expect(dear[0]).toBe(
      `${AT}.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`,
    );
    expect(dear.at(-1)).toStartWith(
      'schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget',
    );
    const bounded = { type: 'array', maxItems: 20, items: { type: 'string', maxLength: 20 } };
    expect(faults(within({ ...bounded, ...rule('self.all(a, self.exists_one(b, a == b))') }))).toEqual([]);
  });

  test('the root of a schema whose status is served apart is a plain object', () => {
    expect(faults({ type: 'object', oneOf: [{ required: ['spec'] }] }, true)).toEqual([
      expect.stringContaining('fields are allowed at the root of the schema if the status subresource is enabled'),
    ]);
  });
});
