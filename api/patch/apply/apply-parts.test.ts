import { describe, expect, test } from 'bun:test';
import { deploymentKind } from '#api/kinds/apps/deployment.ts';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import type { TSchema } from '#api/schema/builders.ts';
import { checkConfiguration } from './check-configuration.ts';
import type { JsonObject } from './field-context.ts';
import { fieldsNamed } from './field-set.ts';
import { type FieldType, typeOfKind } from './field-type.ts';
import { givenFields } from './given-fields.ts';
import { elementsOfPath } from './path-element.ts';
import { reconcileWithSchema } from './reconcile-schema.ts';
import { resetFieldsOf } from './reset-fields.ts';
import { parentEntries, scaleEntries } from './scale-fields.ts';

const customType = (schema: JsonObject): FieldType =>
  typeOfKind({ schema: schema as unknown as TSchema, custom: true });

const faultOf = (type: FieldType, configuration: JsonObject): string => {
  try {
    checkConfiguration(type, configuration);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a configuration', () => {
  const deployment = typeOfKind(deploymentKind);
  const template = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });

  test('with a value of another type is refused in the words of structured-merge-diff', () => {
    const configMap = typeOfKind(configMapKind);
    expect(faultOf(configMap, { data: { x: 1 } })).toBe(
      '.data.x: expected string, got &value.valueUnstructured{Value:1}',
    );
    expect(faultOf(configMap, { data: 'x' })).toBe('.data: expected map, got &{x}');
    expect(faultOf(configMap, { immutable: 'no' })).toBe('.immutable: expected boolean, got &{no}');
    expect(faultOf(deployment, { spec: { replicas: '1' } })).toBe(
      '.spec.replicas: expected numeric (int or float), got string',
    );
    expect(faultOf(deployment, template({ containers: {} }))).toBe(
      '.spec.template.spec.containers: expected list, got &{map[]}',
    );
    expect(faultOf(configMap, { data: { x: 1, y: true } })).toStartWith('errors:\n  .data.x: ');
  });

  test('with an unknown field is refused', () => {
    expect(faultOf(deployment, { spec: { bogus: 1 } })).toBe('.spec.bogus: field not declared in schema');
  });

  test('with an item twice, or one that cannot be told apart, is refused', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ];
    expect(faultOf(deployment, template({ containers: [{ name: 'c', env }] }))).toBe(
      '.spec.template.spec.containers[name="c"].env: duplicate entries for key [name="A"]',
    );
    const items = { type: 'object', properties: { ip: { type: 'string' } } };
    const hosts = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['ip'],
      items,
    };
    expect(faultOf(customType({ type: 'object', properties: { hosts } }), { hosts: [{}] })).toBe(
      '.hosts: element 0: associative list with keys has an element that omits key field "ip" (and doesn\'t have default value)',
    );
    expect(faultOf(deployment, { metadata: { finalizers: ['a', 'a'] } })).toBe(
      '.metadata.finalizers: duplicate entries for key [="a"]',
    );
  });

  test('may leave out a key that Go holds by value: validation tells what is missing', () => {
    const containers = [{ image: 'i' }];
    expect(faultOf(deployment, template({ containers }))).toBe('');
    expect(givenFields(deployment, template({ containers }))).toEqual({
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":""}': { '.': {}, 'f:image': {} } } } } },
    });
  });

  test('may have nulls anywhere, and quantities as numbers', () => {
    expect(faultOf(deployment, { spec: null, metadata: { labels: null } })).toBe('');
    const resources = { limits: { cpu: 1, memory: '1Gi' } };
    expect(faultOf(deployment, template({ containers: [{ name: 'c', resources }] }))).toBe('');
  });
});

describe('the type of a custom resource', () => {
  test('is its structural schema: list types, map types and preserved fields', () => {
    const type = customType({
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: {
            list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
            map: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['a'],
              items: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } },
            },
            whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { type: 'string' } } },
            free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            either: { 'x-kubernetes-int-or-string': true },
          },
        },
      },
    });
    const spec = {
      list: [{ a: '1' }],
      map: [{ a: 'x', b: 'y' }],
      whole: { a: '1' },
      free: { p: { q: [1] } },
      either: 1,
    };
    expect(faultOf(type, { apiVersion: 'g/v1', kind: 'K', metadata: { name: 'n' }, spec })).toBe('');
    expect(givenFields(type, { spec })).toEqual({
      'f:spec': {
        'f:list': {},
        'f:map': { 'k:{"a":"x"}': { '.': {}, 'f:a': {}, 'f:b': {} } },
        'f:whole': {},
        'f:free': { 'f:p': { '.': {}, 'f:q': {} } },
        'f:either': {},
      },
    });
    expect(faultOf(type, { spec: { other: 1 } })).toBe('.spec.other: field not declared in schema');
  });

  test('without a schema owns maps by their keys and lists whole', () => {
    const type = customType({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
    expect(givenFields(type, { spec: { a: [1], b: { c: 'x' } } })).toEqual({
      'f:spec': { '.': {}, 'f:a': {}, 'f:b': { '.': {}, 'f:c': {} } },
    });
  });
});

describe('a set from before a change of the schema', () => {
  test('becomes the whole field where it is owned whole now', () => {
    const whole = customType({
      type: 'object',
      properties: {
        spec: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { type: 'string' } } },
      },
    });
    expect(reconcileWithSchema(whole, fieldsNamed(['spec', 'a'], ['other']))).toEqual(fieldsNamed(['spec'], ['other']));
    const set = fieldsNamed(['spec']);
    expect(reconcileWithSchema(whole, set)).toBe(set);
  });
});

describe('a write', () => {
  test('owns nothing of what its resource or subresource drops', () => {
    const set = fieldsNamed(['spec', 'a'], ['status', 'b'], ['metadata', 'labels', 'l']);
    expect(resetFieldsOf(deploymentKind, '').keep(set)).toEqual(
      fieldsNamed(['spec', 'a'], ['metadata', 'labels', 'l']),
    );
    expect(resetFieldsOf(deploymentKind, 'status').keep(set)).toEqual(fieldsNamed(['status', 'b']));
    expect(resetFieldsOf(podKind, 'status').keep(set)).toEqual(
      fieldsNamed(['status', 'b'], ['metadata', 'labels', 'l']),
    );
    expect(resetFieldsOf(configMapKind, '').keep(set)).toBe(set);
  });

  test('of a Scale owns only the number', () => {
    const set = fieldsNamed(['spec', 'replicas'], ['spec', 'paused'], ['metadata', 'labels', 'l']);
    expect(resetFieldsOf(deploymentKind, 'scale').keep(set)).toEqual(fieldsNamed(['spec', 'replicas']));
  });

  test('of ephemeral containers or of a resize owns only these', () => {
    const item = 'k:{"name":"c"}';
    const set = {
      'f:spec': {
        'f:containers': { [item]: { 'f:image': {}, 'f:resources': { 'f:limits': {} } } },
        'f:ephemeralContainers': { [item]: { '.': {} } },
      },
    };
    expect(resetFieldsOf(podKind, 'resize').keep(set)).toEqual({
      'f:spec': { 'f:containers': { [item]: { 'f:resources': { 'f:limits': {} } } } },
    });
    expect(resetFieldsOf(podKind, 'ephemeralcontainers').keep(set)).toEqual({
      'f:spec': { 'f:ephemeralContainers': { [item]: { '.': {} } } },
    });
  });
});

describe('the managers of a Scale', () => {
  const path = elementsOfPath('.spec.replicas');
  const entry = (manager: string, more: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry => ({
    manager,
    operation: 'Apply',
    apiVersion: 'apps/v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    ...more,
  });
  const pathIn = (apiVersion: string): readonly string[] | undefined => (apiVersion === 'apps/v1' ? path : undefined);
  const both = entry('both', { fieldsV1: { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } } });
  const other = entry('other', { fieldsV1: { 'f:spec': { 'f:paused': {} } } });

  test('are those of the object that own its replicas', () => {
    expect(scaleEntries([both, other], pathIn)?.map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual([
      ['both', { 'f:spec': { 'f:replicas': {} } }],
    ]);
  });

  test('give the replicas to the object again, without a time for who is new', () => {
    const scaler = entry('scaler', { operation: 'Update', subresource: 'scale' });
    expect(parentEntries([both, other], [scaler], pathIn)).toEqual([
      { ...both, fieldsV1: { 'f:spec': { 'f:paused': {} } } },
      other,
      {
        manager: 'scaler',
        operation: 'Update',
        apiVersion: 'apps/v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
        subresource: 'scale',
      },
    ]);
  });

  test('who still has them keeps its entry, and versions that are not known are dropped', () => {
    expect(parentEntries([both, entry('old', { apiVersion: 'apps/v1beta1' })], [both], pathIn)).toEqual([both]);
  });
});
