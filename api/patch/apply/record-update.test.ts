import { describe, expect, test } from 'bun:test';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { deploymentKind } from '#api/kinds/apps/deployment.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { decodeObject } from '#api/schema/decode.ts';
import type { FieldContext, JsonObject } from './field-context.ts';
import { typeOfKind } from './field-type.ts';
import { recordUpdate } from './record-update.ts';
import { resetFieldsOf } from './reset-fields.ts';

const NOW = '2026-01-01T00:00:00Z';
const LATER = '2026-01-01T00:01:00Z';

const contextOf = (
  kind: typeof configMapKind | typeof deploymentKind | typeof podKind,
  subresource = '',
  now = NOW,
): FieldContext => ({
  type: typeOfKind(kind),
  apiVersion: kind.group === '' ? 'v1' : `${kind.group}/v1`,
  subresource,
  reset: resetFieldsOf(kind, subresource),
  now,
});
const emptyOf = (kind: typeof configMapKind | typeof deploymentKind): JsonObject => ({
  ...decodeObject(kind, {}).object,
  metadata: {},
});

const configMap = (data: Record<string, string>, metadata: JsonObject = {}): JsonObject => ({
  metadata: { name: 'a', uid: 'u', ...metadata },
  data,
});

const create = (after: JsonObject, manager = 'one'): readonly ManagedFieldsEntry[] | undefined =>
  recordUpdate(contextOf(configMapKind), {
    before: emptyOf(configMapKind),
    after,
    isCreate: true,
    stored: undefined,
    given: undefined,
    manager,
  });

describe('a write that is no apply', () => {
  test('of a new object owns all that it says, and nothing that every object has', () => {
    expect(create(configMap({ x: '1' }, { labels: { l: '1' } }))).toEqual([
      {
        manager: 'one',
        operation: 'Update',
        apiVersion: 'v1',
        time: NOW,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:x': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } } },
      },
    ]);
  });

  test('of a new object that says nothing leaves no manager', () => {
    expect(create({ metadata: { name: 'a' } })).toBeUndefined();
  });

  test('of an unnamed manager is of the manager unknown', () => {
    expect(create(configMap({ x: '1' }), '')?.[0]?.manager).toBe('unknown');
  });

  test('owns structs that Go holds by pointer, not those that are always there', () => {
    const spec = {
      selector: { matchLabels: { a: 'b' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i', resources: {} }] } },
    };
    const entries = recordUpdate(contextOf(deploymentKind), {
      before: emptyOf(deploymentKind),
      after: { metadata: { name: 'd' }, spec, status: { replicas: 1 } },
      isCreate: true,
      stored: undefined,
      given: undefined,
      manager: 'm',
    });
    expect(entries?.[0]?.fieldsV1).toEqual({
      'f:spec': {
        'f:selector': {},
        'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
          'f:spec': {
            'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } },
          },
        },
      },
    });
  });

  const update = (
    before: JsonObject,
    after: JsonObject,
    stored: readonly ManagedFieldsEntry[] | undefined,
    { manager = 'two', given }: { manager?: string; given?: readonly ManagedFieldsEntry[] } = {},
  ): readonly ManagedFieldsEntry[] | undefined =>
    recordUpdate(contextOf(configMapKind, '', LATER), { before, after, isCreate: false, stored, given, manager });

  test('takes what it changes from others, and what it removes is of nobody', () => {
    const before = configMap({ x: '1', y: '1', z: '1' });
    const stored = create(before);
    expect(update(before, configMap({ x: '2', y: '1' }), stored)).toEqual([
      { ...stored?.[0], fieldsV1: { 'f:data': { '.': {}, 'f:y': {} } } },
      {
        manager: 'two',
        operation: 'Update',
        apiVersion: 'v1',
        time: LATER,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:x': {} } },
      },
    ]);
  });

  test('that changes nothing leaves entries and times as they are', () => {
    const before = configMap({ x: '1' });
    const stored = create(before);
    expect(update(before, configMap({ x: '1' }), stored)).toBe(stored);
    expect(update(before, configMap({ x: '1' }), stored, { given: structuredClone(stored ?? []) })).toBe(stored);
  });

  test('of the same manager is one entry with the newer time', () => {
    const before = configMap({ x: '1' });
    const stored = create(before);
    const entries = update(before, configMap({ x: '2' }), stored, { manager: 'one' });
    expect(entries).toEqual([{ ...stored?.[0], time: LATER }]);
  });

  test('of an object whose managers were forgotten leaves it without', () => {
    const before = configMap({ x: '1' });
    expect(update(before, configMap({ x: '2' }), undefined)).toBeUndefined();
    expect(update(before, configMap({ x: '2' }), create(before), { given: [] })).toBeUndefined();
    expect(update(before, configMap({ x: '2' }), create(before), { given: [{}] })).toBeUndefined();
  });

  test('may write managers itself; what makes no sense is passed over', () => {
    const before = configMap({ x: '1' });
    const stored = create(before);
    const given = [{ ...stored?.[0], manager: 'renamed' }];
    expect(update(before, before, stored, { given })?.[0]?.manager).toBe('renamed');
    expect(update(before, before, stored, { given: [{ ...given[0], operation: 'x' }] })).toBe(stored);
  });

  test('through /status owns nothing of the spec, and cannot write managers', () => {
    const before = { metadata: { name: 'p' }, spec: { nodeName: 'a' }, status: {} };
    const after = { metadata: { name: 'p' }, spec: { nodeName: 'b' }, status: { phase: 'Running' } };
    const entries = recordUpdate(contextOf(podKind, 'status'), {
      before,
      after,
      isCreate: false,
      stored: [
        {
          manager: 'x',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': { 'f:nodeName': {} } },
        },
      ],
      given: [],
      manager: 'kubelet',
    });
    expect(entries?.map(({ manager, subresource, fieldsV1 }) => ({ manager, subresource, fieldsV1 }))).toEqual([
      { manager: 'x', subresource: undefined, fieldsV1: { 'f:spec': { 'f:nodeName': {} } } },
      { manager: 'kubelet', subresource: 'status', fieldsV1: { 'f:status': { 'f:phase': {} } } },
    ]);
  });
});
