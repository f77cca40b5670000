import { expect, test } from 'bun:test';
import { withoutTypes } from './object-literals.ts';

test.each([
  ['Object.spec{a: 1, b: c ? d : e}', '{"a": 1, "b": c ? d : e}'],
  ['{"a": x, b: [Foo{c: "Foo{d: 1}"}]}', '{"a": x, b: [{"c": "Foo{d: 1}"}]}'],
  ['x in {a: 1} ? Object{} : Object{ a : f(b, c) }', 'x in {a: 1} ? {} : { "a" : f(b, c) }'],
])('withoutTypes() writes %s as %s', (source, expected) => {
  expect(withoutTypes(source)).toBe(expected);
});
