import { describe, expect, test } from 'bun:test';
import { checkRules } from './validation-rules.ts';

const rules = (...list: object[]): object => ({ 'x-kubernetes-validations': list });
const texts = (object: unknown, schema: object, old?: unknown): string[] =>
  checkRules(object, schema as never, old).map(({ field, detail }) => `${field}: ${detail}`);

const schema = {
  type: 'object',
  ...rules({ rule: 'self.metadata.name == self.spec.name', message: ' the name is the name ' }),
  properties: {
    spec: {
      type: 'object',
      ...rules(
        { rule: 'self.min <= self.max' },
        {
          rule: 'self.min >= 0',
          reason: 'FieldValueForbidden',
          fieldPath: '.min',
          messageExpression: '"min is " + string(self.min)',
        },
        { rule: 'self.frozen == oldSelf.frozen', message: 'frozen may not change' },
      ),
      properties: {
        name: { type: 'string' },
        min: { type: 'integer' },
        max: { type: 'integer' },
        frozen: { type: 'string' },
        grows: {
          type: 'integer',
          ...rules({ rule: '!oldSelf.hasValue() || self >= oldSelf.value()', optionalOldSelf: true }),
        },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, port: { type: 'integer', ...rules({ rule: 'self == oldSelf' }) } },
          },
        },
        labels: { type: 'object', additionalProperties: { type: 'string', ...rules({ rule: 'self != "bad"' }) } },
        any: { 'x-kubernetes-int-or-string': true, ...rules({ rule: 'self > 1' }) },
      },
    },
  },
};
const metadata = { name: 'a' };
const spec = { name: 'a', min: 1, max: 2, frozen: 'x' };

describe('checkRules()', () => {
  test('an object that keeps all rules has no faults', () => {
    expect(texts({ metadata, spec }, schema)).toEqual([]);
  });

  test('a broken rule is told at its level, with its message, reason and field path', () => {
    expect(texts({ metadata, spec: { ...spec, name: 'b', min: 5 } }, schema)).toEqual([
      '<nil>: Invalid value: "object": the name is the name',
      'spec: Invalid value: "object": failed rule: self.min <= self.max',
    ]);
    expect(texts({ metadata, spec: { ...spec, min: -1 } }, schema)).toEqual(['spec.min: Forbidden: min is -1']);
    expect(texts({ metadata, spec: { ...spec, labels: { k: 'bad' } } }, schema)).toEqual([
      'spec.labels[k]: Invalid value: "string": failed rule: self != "bad"',
    ]);
  });

  test('a rule of a change is asked only where there was a value to compare with', () => {
    const changed = { metadata, spec: { ...spec, frozen: 'y' } };
    expect(texts(changed, schema)).toEqual([]);
    expect(texts(changed, schema, { metadata, spec })).toEqual([
      'spec: Invalid value: "object": frozen may not change',
    ]);
  });

  test('items of a map are compared by their keys, whatever their order', () => {
    const ports = (...list: object[]): object => ({ metadata, spec: { ...spec, ports: list } });
    const old = ports({ name: 'a', port: 1 }, { name: 'b', port: 2 });
    expect(texts(ports({ name: 'b', port: 2 }, { name: 'c', port: 9 }, { name: 'a', port: 1 }), schema, old)).toEqual(
      [],
    );
    expect(texts(ports({ name: 'b', port: 3 }), schema, old)).toEqual([
      'spec.ports[0].port: Invalid value: "integer": failed rule: self == oldSelf',
    ]);
  });

  test('optionalOldSelf asks also when there was no value', () => {
    const grows = (count: number): object => ({ metadata, spec: { ...spec, grows: count } });
    expect(texts(grows(1), schema)).toEqual([]);
    expect(texts(grows(2), schema, grows(1))).toEqual([]);
    expect(texts(grows(0), schema, grows(1))).toHaveLength(1);
  });

  test('what was wrong before and has not changed is let be', () => {
    const wrong = { metadata, spec: { ...spec, labels: { k: 'bad' }, max: 7 } };
    const before = { metadata, spec: { ...spec, labels: { k: 'bad' } } };
    expect(texts(wrong, schema, before)).toEqual([]);
  });

  test('a rule that cannot be evaluated says why', () => {
    expect(texts({ metadata, spec: { ...spec, any: 'text' } }, schema)).toEqual([
      'spec.any: Invalid value: "": \'no such overload\': call arguments did not match a supported operator, function or macro signature for rule: self > 1',
    ]);
    const lean = { type: 'object', properties: { a: { type: 'integer' } }, ...rules({ rule: 'self.a > 0' }) };
    expect(texts({}, lean)).toEqual(['<nil>: Invalid value: "object": no such key: a evaluating rule: self.a > 0']);
  });

  test('rules of one object end when their budget is spent', () => {
    const dear = {
      type: 'array',
      items: { type: 'integer' },
      ...rules({ rule: 'self.all(a, self.all(b, self.all(c, a + b + c >= 0)))' }),
    };
    const start = performance.now();
    expect(
      texts(
        Array.from({ length: 2000 }, () => 1),
        dear,
      ),
    ).toEqual([
      `<nil>: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self.all(a, self.all(b, self.all(c, a + b + c >= 0)))`,
    ]);
    // A request may not take a second; this is far from it on any machine.
    expect(performance.now() - start).toBeLessThan(900);
  });
});
