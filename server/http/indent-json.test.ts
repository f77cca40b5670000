import { expect, test } from 'bun:test';
import { indentJson } from './indent-json.ts';

test('indentJson() indents as JSON.stringify does', () => {
  const value = { a: { b: [1, { c: null }, []], 'x"{,}\\': 'y: [z]' }, e: {}, t: true, n: -1.5e3 };
  expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
});

test('indentJson() keeps numbers and the order of keys as they were written', () => {
  expect(indentJson('{"2":9007199254740993,"1":1.0}')).toBe('{\n  "2": 9007199254740993,\n  "1": 1.0\n}');
});
