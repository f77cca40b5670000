import { expect, test } from 'bun:test';
import { encodeSwagger } from './openapi-v2-protobuf.ts';
import { ProtobufReader, WIRE } from './protobuf-reader.ts';

/** A message as nested lists: number, then text, number or another message, told by what the reader of the test expects. */
function read(bytes: Uint8Array, path: readonly number[]): Uint8Array | number | undefined {
  const [wanted, ...rest] = path;
  const reader = new ProtobufReader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    const value = wire === WIRE.bytes ? reader.bytes() : wire === WIRE.fixed64 ? reader.double() : reader.int64();
    if (number !== wanted) continue;
    return rest.length === 0 || typeof value === 'number' ? value : read(value, rest);
  }
  return undefined;
}
const text = (bytes: Uint8Array | number | undefined): string =>
  bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : String(bytes);

const BYTES = encodeSwagger({
  swagger: '2.0',
  info: { title: 'Kubernetes', version: 'v1' },
  paths: {
    '/things/{name}': {
      post: {
        description: 'make a ☃',
        parameters: [
          { name: 'dryRun', in: 'query', type: 'string', uniqueItems: true },
          { name: 'name', in: 'path', required: true, type: 'string' },
          { name: 'body', in: 'body', schema: { $ref: '#/definitions/Thing' } },
        ],
        responses: { '200': { description: 'OK' } },
        'x-kubernetes-action': 'post',
      },
    },
  },
  definitions: { Thing: { type: 'object', properties: { size: { type: 'number', maximum: 1.5 } } } },
});

test('a document is written with the numbers of openapi.v2.Document', () => {
  expect(text(read(BYTES, [1]))).toBe('2.0');
  expect(text(read(BYTES, [2, 1]))).toBe('Kubernetes');
  // Paths.path = 2: NamedPathItem { name, value }.
  expect(text(read(BYTES, [8, 2, 1]))).toBe('/things/{name}');
  const post = [8, 2, 2, 4] as const;
  expect(text(read(BYTES, [...post, 3]))).toBe('make a ☃');
  // Operation.parameters = 8 → ParametersItem.parameter → NonBodyParameter → QueryParameterSubSchema.name.
  expect(text(read(BYTES, [...post, 8, 1, 2, 3, 4]))).toBe('dryRun');
  expect(read(BYTES, [...post, 8, 1, 2, 3, 20])).toBe(1);
  expect(text(read(BYTES, [...post, 9, 1, 1]))).toBe('200');
});

test('extensions go as YAML, which JSON is; numbers as doubles', () => {
  const post = [8, 2, 2, 4] as const;
  expect(text(read(BYTES, [...post, 13, 1]))).toBe('x-kubernetes-action');
  expect(text(read(BYTES, [...post, 13, 2, 2]))).toBe('"post"');
  // Definitions → NamedSchema → Schema.properties → NamedSchema → Schema.maximum.
  expect(read(BYTES, [9, 1, 2, 25, 1, 2, 7])).toBe(1.5);
  expect(text(read(BYTES, [9, 1, 2, 22, 1]))).toBe('object');
});
