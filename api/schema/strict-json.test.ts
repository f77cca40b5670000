import { describe, expect, test } from 'bun:test';
import { JsonSyntaxError, malformedObject, notAnObject, parseJson } from './strict-json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const syntaxError = (text: string): string => {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
  return 'no error';
};

describe('parseJson()', () => {
  test('reports repeated keys by path, in the order of the text, and keeps the last value', () => {
    const text = '{"metadata":{"name":"d","name":"e"},"data":{"a":"1","a":"2"},"l":[{},{"x":[1,2],"x":{"y":1,"y":2}}]}';
    expect(parseJson(text)).toEqual({
      value: { metadata: { name: 'e' }, data: { a: '2' }, l: [{}, { x: { y: 2 } }] },
      duplicateFields: ['metadata.name', 'data.a', 'l[1].x', 'l[1].x.y'],
    });
  });

  test('knows a key by its meaning, not by its spelling, and is not misled by quotes and braces in strings', () => {
    expect(parseJson('{"a":"}{\\",\\\\","\\u0061":"x","b":"\\\\"}').duplicateFields).toEqual(['a']);
  });

  test('finds a repeated key among many', () => {
    const keys = Array.from({ length: 40 }, (_, index) => `"k${index}":1`).join(',');
    expect(parseJson(`{${keys},"k7":2}`).duplicateFields).toEqual(['k7']);
  });

  test("speaks Go's words for malformed text", () => {
    expect(syntaxError('')).toBe('unexpected end of JSON input');
    expect(syntaxError('{')).toBe('unexpected end of JSON input');
    expect(syntaxError('nope')).toBe("invalid character 'o' in literal null (expecting 'u')");
    expect(syntaxError('{bad')).toBe("invalid character 'b' looking for beginning of object key string");
    expect(syntaxError('{"a" 1}')).toBe("invalid character '1' after object key");
    expect(syntaxError('{"a":1 "b"}')).toBe(`invalid character '"' after object key:value pair`);
    expect(syntaxError('[1 2]')).toBe("invalid character '2' after array element");
    expect(syntaxError('{}x')).toBe("invalid character 'x' after top-level value");
    expect(syntaxError('[1,]')).toBe("invalid character ']' looking for beginning of value");
    expect(syntaxError('"a\nb"')).toBe("invalid character '\\n' in string literal");
    expect(syntaxError('[1.x]')).toBe("invalid character 'x' after decimal point in numeric literal");
    expect(syntaxError('"\\q"')).toBe("invalid character 'q' in string escape code");
  });

  test('refuses great depth, and survives it', () => {
    const depth = 200_000;
    const message = syntaxError('['.repeat(depth));
    expect(message).toBe('exceeded max depth');
    expect(syntaxError('['.repeat(10_001) + ']'.repeat(10_001))).toBe('exceeded max depth');
    expect(syntaxError('['.repeat(10_000) + ']'.repeat(10_000))).toBe('no error');
  });
});

describe('the answer to a body that is no object', () => {
  test('names the type, and shows the body as text or hex', () => {
    expect(notAnObject('ConfigMap', [], bytes('[]'))?.message).toEndWith(
      'json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)',
    );
    expect(notAnObject('ConfigMap', { a: 1 }, bytes('{"a":1}'))).toBeUndefined();
    expect(malformedObject('ConfigMap', 'unexpected end of JSON input', bytes('{')).message).toBe(
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({)",
    );
    expect(malformedObject('ConfigMap', 'x', bytes('')).message).toEndWith('json parse error: x (<empty>)');
  });
});
