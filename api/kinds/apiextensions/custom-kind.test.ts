import { describe, expect, test } from 'bun:test';
import { decode } from '#api/schema/decode.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { type CustomObject, kindOfDefinition } from './custom-kind.ts';
import { type CustomResourceDefinition, customResourceDefinitionKind } from './customresourcedefinition.ts';
import { parseJsonPath } from './json-path.ts';

const widgetSpec = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10 },
    color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
    name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5, minLength: 2 },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 2, 'x-kubernetes-list-type': 'set' },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port'],
      items: {
        type: 'object',
        required: ['port'],
        properties: { port: { type: 'integer' }, proto: { type: 'string', default: 'TCP' } },
      },
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    ios: { 'x-kubernetes-int-or-string': true },
    when: { type: 'string', format: 'date-time' },
    map: { type: 'object', additionalProperties: { type: 'number', multipleOf: 0.5 }, maxProperties: 2 },
    nul: { type: 'string', nullable: true },
    replicas: { type: 'integer' },
    nested: { type: 'object', default: {}, properties: { x: { type: 'integer', default: 7 } } },
    one: {
      type: 'object',
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    },
  },
};
const definition = {
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wi'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: widgetSpec, status: { type: 'object', properties: { phase: { type: 'string' } } } },
          },
        },
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1 },
          { name: 'When', type: 'date', jsonPath: '.spec.when' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
        ],
      },
    ],
  },
};
const decoded: CustomResourceDefinition = decode(customResourceDefinitionKind, definition).object;
const version = decoded.spec.versions[0];
if (version === undefined) throw new Error('Cannot test: the definition has no version');
const widgetKind = kindOfDefinition(decoded, version);

const widget = (rest: object): { readonly object: CustomObject; readonly unknownFields: readonly string[] } => {
  const result = decode(widgetKind, { metadata: { name: 'w' }, ...rest });
  applySchemaDefaults(widgetKind.schema, result.object);
  return result;
};
const faults = (spec: unknown): string[] =>
  (widgetKind.validate?.(widget({ spec }).object) ?? []).map(
    ({ type, field, detail }) => `${type} ${field}: ${detail}`,
  );

describe('kindOfDefinition()', () => {
  test('has the names, scope and subresources of the definition', () => {
    expect(widgetKind).toMatchObject({
      group: 'example.com',
      version: 'v1',
      kind: 'Widget',
      plural: 'widgets',
      listKind: 'WidgetList',
      shortNames: ['wi'],
      categories: ['all'],
      scope: 'Namespaced',
      custom: true,
      hasStatus: true,
      hasGeneration: true,
      scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas' },
    });
  });

  test('prunes and reports what the schema does not name, sorted, and fills in defaults', () => {
    const { object, unknownFields } = widget({
      spec: { size: 3, extra: 1, color: null, nul: null, ports: [{ port: 1, x: 1 }], free: { any: [1] } },
      other: 1,
    });
    expect(unknownFields).toEqual(['other', 'spec.extra', 'spec.ports[0].x']);
    expect(object).toEqual({
      kind: 'Widget',
      apiVersion: 'example.com/v1',
      metadata: { name: 'w' },
      spec: {
        size: 3,
        color: 'red',
        nul: null,
        nested: { x: 7 },
        ports: [{ port: 1, proto: 'TCP' }],
        free: { any: [1] },
      },
    });
  });

  test('tells faults in the words of upstream', () => {
    expect(faults({})).toEqual(['FieldValueRequired spec.size: Required value']);
    expect(faults({ size: 0 })).toEqual([
      'FieldValueInvalid spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    ]);
    expect(faults({ size: 'x' })).toEqual([
      'FieldValueTypeInvalid spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ]);
    expect(faults({ size: 1.5 })).toEqual([
      'FieldValueTypeInvalid spec.size: Invalid value: "number": spec.size in body must be of type integer: "number"',
    ]);
    expect(faults({ size: 1, ios: 1.5 })).toEqual([
      'FieldValueTypeInvalid spec.ios: Invalid value: "number": spec.ios in body must be of type integer,string: "number"',
    ]);
    expect(faults({ size: 1, tags: ['a', 'b', 'c'], map: { a: 1, b: 1, c: 1 } })).toEqual([
      'FieldValueTooMany spec.tags: Too many: 3: must have at most 2 items',
      'FieldValueTooMany spec.map: Too many: 3: must have at most 2 items',
    ]);
    expect(faults({ size: 1, one: {} })).toEqual([
      'FieldValueInvalid <nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found none valid',
      'FieldValueRequired spec.one.a: Required value',
    ]);
    expect(faults({ size: 1, one: { a: '1', b: '2' } })).toEqual([
      'FieldValueInvalid <nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ]);
  });

  test('finds all the faults of an object, one for each field', () => {
    const spec = {
      size: 11,
      color: 'green',
      name: 'Toolong1',
      tags: ['a', 'a'],
      map: { a: 0.3 },
      when: 'yesterday',
      ports: [{ port: 1 }, { port: 1 }],
    };
    expect(faults(spec).map((fault) => fault.split(':')[0])).toEqual([
      'FieldValueInvalid spec.size',
      'FieldValueNotSupported spec.color',
      'FieldValueTooLong spec.name',
      'FieldValueDuplicate spec.tags[1]',
      'FieldValueInvalid spec.map.a',
      'FieldValueTypeInvalid spec.when',
      'FieldValueDuplicate spec.ports[1]',
    ]);
    expect(faults('str').map((fault) => fault.split(':')[0])).toEqual([
      'FieldValueTypeInvalid spec',
      'FieldValueInvalid .spec.replicas',
    ]);
    expect(faults({ size: 1, replicas: -1 })).toEqual([
      'FieldValueInvalid .spec.replicas: Invalid value: -1: should be a non-negative integer',
    ]);
  });

  test('keeps status out of writes to the object itself', () => {
    const created = widget({ spec: { size: 1 }, status: { phase: 'x' } }).object;
    widgetKind.prepareForCreate?.(created);
    expect(created['status']).toBeUndefined();
    const next = widget({ spec: { size: 1 }, status: { phase: 'new' } }).object;
    widgetKind.prepareForUpdate?.(next, widget({ spec: { size: 1 }, status: { phase: 'old' } }).object);
    expect(next['status']).toEqual({ phase: 'old' });
  });

  test('shows the columns of the definition', () => {
    const object = widget({ spec: { size: 3, when: '2026-11-21T06:00:00Z' } }).object;
    const now = new Date('2026-11-21T07:00:00Z');
    expect(widgetKind.columns.map((column) => [column.name, column.cell(object, now)])).toEqual([
      ['Name', 'w'],
      ['Size', 3],
      ['Color', 'red'],
      ['When', '60m'],
      ['Ready', null],
    ]);
  });

  test('lets everything through where the schema preserves unknown fields', () => {
    const free = kindOfDefinition(decoded, {
      name: 'v2',
      served: true,
      storage: false,
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    });
    expect(decode(free, { metadata: { name: 'f' }, spec: { any: 1 }, more: [1] })).toEqual({
      object: { kind: 'Widget', apiVersion: 'example.com/v2', metadata: { name: 'f' }, spec: { any: 1 }, more: [1] },
      unknownFields: [],
    });
  });
});

describe('parseJsonPath()', () => {
  const object = { a: { 'b.c': [{ d: 1 }, { d: 2 }] }, conditions: [{ type: 'X' }, { type: 'Ready', status: 'True' }] };
  test.each([
    ['.a.b\\.c[1].d', 2],
    [".a['b.c'][0].d", 1],
    ['.a.b\\.c[-1].d', 2],
    ['.a.b\\.c[*].d', 1],
    ['.conditions[?(@.type=="Ready")].status', 'True'],
    ['.conditions[?(@.type=="None")].status', undefined],
    ['.none.at.all', undefined],
  ] as [string, unknown][])('%s', (path, value) => {
    expect(parseJsonPath(path)?.find(object)).toEqual(value);
  });

  test('refuses other paths', () => {
    expect(['bad', '', '.a[', '.a[?(@.b>1)]', '{.a}'].map(parseJsonPath)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
