import { expect, test } from 'bun:test';
import { parseYaml } from './yaml-body.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('parseYaml() refuses what is nested deeper than 1,000 levels before it reads it', () => {
  for (const text of ['['.repeat(200_000), '{"a":'.repeat(200_000), '- '.repeat(200_000)])
    expect(() => parseYaml(bytes(text))).toThrow('yaml: exceeded max depth of 1000');
  const wide = `a: [${'[1], '.repeat(2_000)}]`;
  expect((parseYaml(bytes(wide)).value as { a: unknown[] }).a).toHaveLength(2_000);
});
