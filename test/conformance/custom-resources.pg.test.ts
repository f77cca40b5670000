import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { eventually } from '#test/support/eventually.ts';
import {
  type Answer,
  type ConformanceServer,
  patchType,
  startConformanceServer,
  version,
} from './conformance-server.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const AGGREGATED = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };

let server: ConformanceServer;
beforeAll(async () => {
  server = await startConformanceServer();
});
afterAll(() => server.stop());

interface Published {
  definitions: Record<string, Record<string, unknown> | undefined>;
}
/** What OpenAPI version 2 has of this kind; undefined = nothing. */
const published = async (group: string, of: string, kind: string): Promise<Record<string, unknown> | undefined> => {
  const { definitions } = (await server.ask('GET', '/openapi/v2')) as unknown as Published;
  return definitions[`${group.split('.').toReversed().join('.')}.${of}.${kind}`];
};
const collection = (group: string, of: string, plural: string): string =>
  `/apis/${group}/${of}/namespaces/default/${plural}`;
const SPEC = { spec: { type: 'object', properties: { size: { type: 'integer' } } } };

const conditionsOf = ({ status = {} }: Pick<Answer, 'status'>): object[] => status['conditions'] as object[];

describe('definitions', () => {
  test('are made, listed by label, watched, patched and deleted; their status is a resource of its own', async () => {
    const { ask, patch, watch, define } = server;
    const since = (await ask('GET', DEFINITIONS)).metadata.resourceVersion ?? '';
    const events = watch(`${DEFINITIONS}?watch=1&resourceVersion=${since}`, 'DELETED singles.ops.example.com');
    await define('Single', 'ops.example.com', [version('v1', {})]);
    const path = `${DEFINITIONS}/singles.ops.example.com`;
    expect(await patch(path, { metadata: { labels: { run: 'ops' } } })).toMatchObject({ code: 200 });
    expect((await ask('GET', `${DEFINITIONS}?labelSelector=run%3Dops`)).items.length).toBe(1);
    const condition = { type: 'StatusUpdate', status: 'True', reason: 'Test', message: 'm' };
    const { code, warnings, ...found } = await ask('GET', `${path}/status`);
    expect([code, warnings]).toEqual([200, []]);
    const conditions = [...conditionsOf(found), condition];
    expect(await ask('PUT', `${path}/status`, { ...found, status: { ...found.status, conditions } })).toMatchObject({
      code: 200,
    });
    const shown = await ask('GET', `${path}/status`);
    expect(conditionsOf(shown).at(-1)).toMatchObject(condition);
    const merged = await patch(`${path}/status`, { status: { conditions: [{ ...condition, reason: 'Patched' }] } });
    expect(merged.status?.['conditions']).toMatchObject([{ type: 'StatusUpdate', reason: 'Patched' }]);
    await ask('DELETE', `${DEFINITIONS}?labelSelector=run%3Dops`);
    const seen = await events;
    expect([seen[0], seen.at(-1)]).toEqual(['ADDED singles.ops.example.com', 'DELETED singles.ops.example.com']);
    await eventually(async () => expect((await ask('GET', '/apis/ops.example.com/v1/singles')).code).toBe(404));
  });

  test('are in discovery, and so is what they define, plain and in one document', async () => {
    const { ask, define } = server;
    await define('Seen', 'seen.example.com', [version('v1', {})], {
      names: { kind: 'Seen', plural: 'seens', shortNames: ['sn'] },
    });
    const own = await ask('GET', '/apis/apiextensions.k8s.io/v1');
    expect((own['resources'] as { name: string }[]).map(({ name }) => name)).toContain('customresourcedefinitions');
    expect(await ask('GET', '/apis/seen.example.com/v1')).toMatchObject({
      resources: [{ name: 'seens', kind: 'Seen', namespaced: true, shortNames: ['sn'] }],
    });
    const document = await ask('GET', '/apis', undefined, AGGREGATED);
    const group = document.items.find(({ metadata }) => metadata.name === 'seen.example.com');
    expect(group?.['versions']).toMatchObject([
      { version: 'v1', resources: [{ resource: 'seens', responseKind: { kind: 'Seen' }, scope: 'Namespaced' }] },
    ]);
  });

  test('give defaults to requests, by the schema as it is now', async () => {
    const { ask, patch, define } = server;
    const field = { type: 'string' };
    await define('Filled', 'filled.example.com', [
      version('v1', { properties: { a: { ...field, default: 'A' }, b: field } }),
    ]);
    const path = collection('filled.example.com', 'v1', 'filleds');
    const head = { kind: 'Filled', apiVersion: 'filled.example.com/v1' };
    const made = await ask('POST', path, { ...head, metadata: { name: 'one' } });
    expect([made['a'], made['b']]).toEqual(['A', undefined]);
    await patch(
      `${DEFINITIONS}/filleds.filled.example.com`,
      [
        { op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/properties/b/default', value: 'B' },
        { op: 'remove', path: '/spec/versions/0/schema/openAPIV3Schema/properties/a/default' },
      ],
      patchType('json'),
    );
    await eventually(async () => {
      const later = await ask('POST', path, { ...head, metadata: { generateName: 'later-' } });
      expect([later['a'], later['b']]).toEqual([undefined, 'B']);
    });
  });

  test('select by the fields that a version names, in lists and watches', async () => {
    const { ask, define, watch } = server;
    const properties = { color: { type: 'string' } };
    const selectableFields = [{ jsonPath: '.color' }];
    await define('Shirt', 'select.example.com', [version('v1', { properties }, { selectableFields })]);
    const path = collection('select.example.com', 'v1', 'shirts');
    const since = (await ask('GET', path)).metadata.resourceVersion ?? '';
    const blue = watch(`${path}?watch=1&fieldSelector=color%3Dblue&resourceVersion=${since}`, 'DELETED b2');
    for (const [name, color] of [
      ['b1', 'blue'],
      ['g1', 'green'],
      ['b2', 'blue'],
    ])
      await ask('POST', path, { kind: 'Shirt', apiVersion: 'select.example.com/v1', metadata: { name }, color });
    const names = async (query: string) =>
      (await ask('GET', `${path}?${query}`)).items.map(({ metadata }) => metadata.name);
    expect(await names('fieldSelector=color%3Dblue')).toEqual(['b1', 'b2']);
    expect(await names('fieldSelector=color!%3Dblue')).toEqual(['g1']);
    expect(await ask('GET', `${path}?fieldSelector=size%3D1`)).toMatchObject({
      code: 400,
      message: 'field label not supported: size',
    });
    await ask('DELETE', `${path}/b2`);
    expect(await blue).toEqual(['ADDED b1', 'ADDED b2', 'DELETED b2']);
  });
});

describe('OpenAPI version 2 has of a definition', () => {
  test('its schema; without one, or with one that keeps everything, only that it is an object', async () => {
    const { define } = server;
    await define('Strict', 'open.example.com', [version('v1', { description: 'Strict it is', properties: SPEC })]);
    await define('Loose', 'open.example.com', [version('v1', { 'x-kubernetes-preserve-unknown-fields': true })]);
    const embedded = {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { a: { type: 'string' } },
    };
    await define('Inside', 'open.example.com', [version('v1', { properties: { spec: embedded } })]);
    await eventually(async () => {
      expect(await published('open.example.com', 'v1', 'Strict')).toMatchObject({
        description: 'Strict it is',
        properties: { spec: { properties: { size: { type: 'integer' } } } },
        'x-kubernetes-group-version-kind': [{ group: 'open.example.com', version: 'v1', kind: 'Strict' }],
      });
      const loose = await published('open.example.com', 'v1', 'Loose');
      expect(loose).toMatchObject({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
      expect(await published('open.example.com', 'v1', 'Inside')).toMatchObject({
        properties: { spec: { 'x-kubernetes-preserve-unknown-fields': true } },
      });
    });
  });

  test('each of its versions that is served, under its name; several kinds and groups side by side', async () => {
    const { define, patch } = server;
    const path = `${DEFINITIONS}/manys.many.example.com`;
    const second = version('v2', { properties: SPEC }, { storage: false });
    await define('Many', 'many.example.com', [version('v1', { properties: SPEC }), second]);
    await define('Other', 'many.example.com', [version('v1', { properties: SPEC })]);
    await define('Many', 'much.example.com', [version('v1', { properties: SPEC })]);
    await eventually(async () => {
      for (const [group, of, kind] of [
        ['many.example.com', 'v1', 'Many'],
        ['many.example.com', 'v2', 'Many'],
        ['many.example.com', 'v1', 'Other'],
        ['much.example.com', 'v1', 'Many'],
      ] as const)
        expect(await published(group, of, kind)).toBeDefined();
    });
    await patch(path, [{ op: 'replace', path: '/spec/versions/1/name', value: 'v3' }], patchType('json'));
    await eventually(async () => {
      expect(await published('many.example.com', 'v3', 'Many')).toBeDefined();
      expect(await published('many.example.com', 'v2', 'Many')).toBeUndefined();
    });
    await patch(path, [{ op: 'replace', path: '/spec/versions/1/served', value: false }], patchType('json'));
    await eventually(async () => {
      expect(await published('many.example.com', 'v3', 'Many')).toBeUndefined();
      expect(await published('many.example.com', 'v1', 'Many')).toBeDefined();
    });
  });
});

describe('fieldValidation=Strict of a custom resource', () => {
  const STRICT = 'fieldManager=me&fieldValidation=Strict';
  const head = (kind: string, name: string): object => ({
    kind,
    apiVersion: 'strict.example.com/v1',
    metadata: { name },
  });
  const apply = (plural: string, name: string, object: object) =>
    server.patch(`${collection('strict.example.com', 'v1', plural)}/${name}?${STRICT}`, object, patchType('apply'));

  test('lets in what fits its schema, and names what does not', async () => {
    await server.define('Exact', 'strict.example.com', [version('v1', { properties: SPEC })]);
    const path = collection('strict.example.com', 'v1', 'exacts');
    expect(await apply('exacts', 'a', { ...head('Exact', 'a'), spec: { size: 1 } })).toMatchObject({ code: 201 });
    const extra = { ...head('Exact', 'b'), spec: { size: 1, colour: 'x' } };
    expect(await server.ask('POST', `${path}?${STRICT}`, extra)).toMatchObject({
      code: 400,
      message: expect.stringContaining('strict decoding error: unknown field "spec.colour"') as string,
    });
    expect(await apply('exacts', 'b', extra)).toMatchObject({
      // Upstream says 500: docs/api-support.md.
      code: 400,
      message: expect.stringContaining('.spec.colour: field not declared in schema') as string,
    });
  });

  test('knows no unknown fields where all are kept, but repeated ones and those of metadata', async () => {
    const embedded = {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      'x-kubernetes-preserve-unknown-fields': true,
    };
    const keeps = { 'x-kubernetes-preserve-unknown-fields': true, properties: { inside: embedded } };
    await server.define('Any', 'strict.example.com', [version('v1', keeps)]);
    const path = collection('strict.example.com', 'v1', 'anys');
    expect(await apply('anys', 'a', { ...head('Any', 'a'), whatever: { x: 1 } })).toMatchObject({
      code: 201,
      whatever: { x: 1 },
    });
    const twice = '{"kind":"Any","apiVersion":"strict.example.com/v1","metadata":{"name":"b"},"x":1,"x":2}';
    expect(await server.ask('POST', `${path}?${STRICT}`, twice)).toMatchObject({
      code: 400,
      message: expect.stringContaining('duplicate field "x"') as string,
    });
    const metadata = { name: 'c', unknownMeta: 'x' };
    const { message, code } = await server.ask('POST', `${path}?${STRICT}`, { ...head('Any', 'c'), metadata });
    expect(code).toBe(400);
    expect(message).toContain('unknown field "metadata.unknownMeta"');
  });
});
