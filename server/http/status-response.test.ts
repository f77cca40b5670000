import { expect, test } from 'bun:test';
import { jsonResponse } from './status-response.ts';

const warnings = (texts: readonly string[]): string =>
  Buffer.from(jsonResponse('{}', 200, texts).headers.get('warning') ?? '', 'latin1').toString();

test('warnings are UTF-8 on the wire, quoted, without control characters, each once', () => {
  expect(warnings(['unknown field "ünï☃\\"', 'a\u0000b\u007f', 'a\u0000b\u007f'])).toBe(
    '299 - "unknown field \\"ünï☃\\\\\\"", 299 - "ab"',
  );
});

test('warnings that are too long together are cut, and too many are left out', () => {
  const many = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(400)}`);
  const sent = warnings(many);
  expect(sent.length).toBeLessThan(4_500);
  expect(sent).toContain(`299 - "0 ${'x'.repeat(254)}"`);
  expect(sent).not.toContain('"50 ');
});
