import { describe, expect, test } from 'bun:test';
import { StatusError } from '#api/meta/status.ts';
import { readConfiguration } from './apply-body.ts';
import type { FieldValidation } from './options.ts';
import { YamlSyntaxError, parseYaml } from './yaml-body.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no refusal';
};

const heed = (text: string, validation: FieldValidation): string[] => {
  const warnings: string[] = [];
  readConfiguration(bytes(text)).heed(validation, warnings);
  return warnings;
};

describe('the body of an apply', () => {
  test('is YAML or JSON', () => {
    expect(readConfiguration(bytes('a: 1\nb: [x]')).value()).toEqual({ a: 1, b: ['x'] });
    expect(readConfiguration(bytes('{"a": 1}')).value()).toEqual({ a: 1 });
    expect(readConfiguration(bytes('{a: 1}')).value()).toEqual({ a: 1 });
    expect(readConfiguration(bytes('')).value()).toEqual({});
  });

  test('that cannot be read is refused with upstream texts', () => {
    const why = (text: string): string => refusal(() => readConfiguration(bytes(text)).value());
    expect(why('a: [')).toBe(
      '400 error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content',
    );
    expect(why('- 1')).toBe(
      '400 error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
  });

  test('with a key twice is refused, warned of or let through, as asked; the last one counts', () => {
    const twice = 'a: 1\nb:\n  c: 1\n  c: 2\n';
    expect(readConfiguration(bytes(twice)).value()).toEqual({ a: 1, b: { c: 2 } });
    expect(refusal(() => heed(twice, 'Strict'))).toBe(
      '400 error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 4: key "c" already set in map',
    );
    expect(heed(twice, 'Warn')).toEqual([
      'error converting YAML to JSON: yaml: unmarshal errors:   line 4: key "c" already set in map',
    ]);
    expect(heed(twice, 'Ignore')).toEqual([]);
    expect(heed('{"a":1,"a":2}', 'Warn')).toHaveLength(1);
    expect(heed('{"a":1}', 'Strict')).toEqual([]);
  });
});

describe('YAML that cannot be read', () => {
  test('is told of in the words of Go', () => {
    const fault = (text: string): string => {
      try {
        parseYaml(bytes(text));
      } catch (error) {
        if (error instanceof YamlSyntaxError) return error.message;
        throw error;
      }
      return 'none';
    };
    expect(fault('a: {')).toBe('yaml: line 1: did not find expected node content');
    expect(fault('a: [1')).toBe("yaml: line 1: did not find expected ',' or ']'");
    expect(fault('a: {b: 1')).toBe("yaml: line 1: did not find expected ',' or '}'");
    expect(fault('a: {b: 1,')).toBe('yaml: line 1: did not find expected node content');
    expect(fault('{"a": 1')).toBe("yaml: line 1: did not find expected ',' or '}'");
    expect(fault('{"a":')).toBe('yaml: line 1: did not find expected node content');
    expect(fault('a: [\n1,\n2\n')).toBe("yaml: line 3: did not find expected ',' or ']'");
    expect(fault('a: 1\n\n\nb: [')).toBe('yaml: line 4: did not find expected node content');
    expect(fault('\ta: 1')).toBe('yaml: found character that cannot start any token');
    expect(fault('a:\n\tb: 1')).toBe('yaml: line 2: found character that cannot start any token');
    expect(fault('a: @x')).toBe('yaml: found character that cannot start any token');
    expect(fault('a: "x')).toBe('yaml: found unexpected end of stream');
  });
});
