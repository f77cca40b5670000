import { describe, expect, test } from 'bun:test';
import { deploymentKind } from '#api/kinds/apps/deployment.ts';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { defineKind } from '#api/kind.ts';
import type { TSchema } from './builders.ts';
import { customDefinitionName, openApiDocument, openApiName } from './openapi.ts';
import { isObject } from './structural.ts';

/** Every `$ref` in a document. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => (key === '$ref' ? [String(child)] : references(child)));
}

describe('openApiDocument()', () => {
  const document = openApiDocument([podKind, configMapKind], 'v1.33.0');
  const { schemas } = document.components;

  test("gives definitions upstream's names, and every reference has its definition", () => {
    expect(Object.keys(schemas)).toContain('io.k8s.api.core.v1.Container');
    expect(Object.keys(schemas)).toContain('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
    const targets = references(document).map((ref) => ref.replace('#/components/schemas/', ''));
    expect(targets.length).toBeGreaterThan(100);
    expect(targets.filter((name) => !(name in schemas))).toEqual([]);
  });

  test('marks kinds and their lists with group, version and kind', () => {
    expect(schemas['io.k8s.api.core.v1.Pod']?.['x-kubernetes-group-version-kind']).toEqual([
      { group: '', kind: 'Pod', version: 'v1' },
    ]);
    expect(schemas['io.k8s.api.core.v1.PodList']).toMatchObject({
      required: ['items'],
      'x-kubernetes-group-version-kind': [{ group: '', kind: 'PodList', version: 'v1' }],
    });
  });

  test('says how lists merge, which fields are required, and nothing of protobuf', () => {
    const podSpec = schemas['io.k8s.api.core.v1.PodSpec'];
    expect(podSpec?.['required']).toEqual(['containers']);
    expect(podSpec?.['properties']).toMatchObject({
      containers: {
        type: 'array',
        items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Container' }], default: {} },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        'x-kubernetes-patch-merge-key': 'name',
        'x-kubernetes-patch-strategy': 'merge',
      },
      terminationGracePeriodSeconds: { type: 'integer', format: 'int64' },
      nodeSelector: { type: 'object', additionalProperties: { type: 'string' }, 'x-kubernetes-map-type': 'atomic' },
      overhead: {
        additionalProperties: {
          allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.api.resource.Quantity' }],
        },
      },
    });
    expect(JSON.stringify(document)).not.toContain('x-kubernetes-protobuf');
    expect(JSON.stringify(document)).not.toContain('x-kubernetes-pointer');
  });

  test("has the PATCH operation by which kubectl finds a kind's query parameters", () => {
    const paths = openApiDocument([deploymentKind], 'v1.33.0').paths as Record<
      string,
      { patch?: { parameters: { name: string }[] } }
    >;
    const patch = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch;
    expect(patch).toMatchObject({
      'x-kubernetes-group-version-kind': { group: 'apps', kind: 'Deployment', version: 'v1' },
    });
    expect(patch?.parameters.map(({ name }) => name)).toContain('fieldValidation');
  });

  test("passes a CRD's schema through, with the fields of every object", () => {
    const widget = defineKind({
      group: 'example.com',
      version: 'v1',
      kind: 'Widget',
      custom: true,
      schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
      } as unknown as TSchema,
    });
    const { components } = openApiDocument([widget], 'v1.33.0');
    expect(components.schemas[customDefinitionName(widget)]?.['properties']).toMatchObject({
      spec: { type: 'object', properties: { size: { type: 'integer' } } },
      kind: { type: 'string' },
      metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] },
    });
    expect(Object.keys(components.schemas)).toContain('com.example.v1.WidgetList');
  });
});

test('openApiName() knows the packages of upstream', () => {
  expect(openApiName('meta.v1.Condition')).toBe('io.k8s.apimachinery.pkg.apis.meta.v1.Condition');
  expect(openApiName('apps.v1.Deployment')).toBe('io.k8s.api.apps.v1.Deployment');
  expect(openApiName('com.example.v1.Widget')).toBe('com.example.v1.Widget');
});
