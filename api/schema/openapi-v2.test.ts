import { expect, test } from 'bun:test';
import { openApiV2 } from './openapi-v2.ts';

const INFO = { title: 'Kubernetes', version: 'v1' };

test('references lose what stands around them, choices of types become strings, and fields may have the names of words', () => {
  const { definitions } = openApiV2([
    {
      openapi: '3.0.0',
      info: INFO,
      paths: {},
      components: {
        schemas: {
          A: {
            type: 'object',
            properties: {
              default: { description: 'a field', allOf: [{ $ref: '#/components/schemas/B' }], default: {} },
              port: { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
            },
          },
        },
      },
    },
  ]);
  expect(definitions['A']).toEqual({
    type: 'object',
    properties: {
      default: { description: 'a field', $ref: '#/definitions/B' },
      port: { type: 'string', format: 'int-or-string' },
    },
  });
});

test('what keeps unknown fields or may be null says less, because kubectl would refuse the rest', () => {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'string' } } };
  const { definitions } = openApiV2([
    {
      openapi: '3.0.0',
      info: INFO,
      paths: {},
      components: {
        schemas: {
          Open: open,
          Within: {
            type: 'object',
            required: ['maybe', 'sure'],
            properties: { open, maybe: { type: 'array', items: {}, nullable: true }, sure: { type: 'string' } },
          },
        },
      },
    },
  ]);
  expect(definitions).toEqual({
    Open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    Within: {
      type: 'object',
      required: ['sure'],
      properties: { open: { 'x-kubernetes-preserve-unknown-fields': true }, maybe: {}, sure: { type: 'string' } },
    },
  });
});

test('a body becomes a parameter, and a parameter has its type beside its name', () => {
  const parameters = [{ name: 'dryRun', in: 'query', schema: { type: 'string' } }];
  const requestBody = { content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } } };
  const { paths } = openApiV2([
    {
      openapi: '3.0.0',
      info: INFO,
      paths: { '/a': { post: { parameters, requestBody, responses: { '200': { description: 'OK' } } } } },
      components: { schemas: {} },
    },
  ]);
  expect(paths['/a']).toEqual({
    post: {
      consumes: ['application/json'],
      produces: ['application/json', 'application/yaml'],
      parameters: [
        { name: 'dryRun', in: 'query', type: 'string' },
        { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/A' } },
      ],
      responses: { '200': { description: 'OK' } },
    },
  });
});
