import { expect, test } from 'bun:test';
import { applySchemaDefaults } from './defaults.ts';
import { field, int32, list, object, string } from './builders.ts';

test('applySchemaDefaults() fills absent fields of objects and items that exist, and no others', () => {
  const Port = object('x.v1.Port', { protocol: field(1, string({ default: 'TCP' })) });
  const Spec = object('x.v1.Spec', {
    replicas: field(1, int32({ default: 1 })),
    ports: field(2, list(Port)),
    port: field(3, Port),
  });
  const value = { ports: [{}, { protocol: 'UDP' }] };
  applySchemaDefaults(Spec, value);
  expect(value).toEqual({ replicas: 1, ports: [{ protocol: 'TCP' }, { protocol: 'UDP' }] } as never);
});

test('applySchemaDefaults() fills a default object in turn, replaces null unless nullable, and shares no default', () => {
  const schema = {
    type: 'object',
    properties: {
      nested: { type: 'object', default: {}, properties: { x: { type: 'integer', default: 7 } } },
      color: { type: 'string', default: 'red' },
      kept: { type: 'string', nullable: true, default: 'no' },
      map: { type: 'object', additionalProperties: { type: 'object', properties: { y: { default: [1] } } } },
    },
  };
  const first = { color: null, kept: null, map: { a: {}, b: { y: [2] } } };
  applySchemaDefaults(schema, first);
  expect(first).toEqual({ color: 'red', kept: null, map: { a: { y: [1] }, b: { y: [2] } }, nested: { x: 7 } } as never);
  const second: Record<string, Record<string, unknown>> = {};
  applySchemaDefaults(schema, second);
  (second['nested'] ?? {})['x'] = 8;
  const third = {};
  applySchemaDefaults(schema, third);
  expect(third).toEqual({ nested: { x: 7 }, color: 'red', kept: 'no' } as never);
});
