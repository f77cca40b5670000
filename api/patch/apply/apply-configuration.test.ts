import { describe, expect, test } from 'bun:test';
import { deploymentKind } from '#api/kinds/apps/deployment.ts';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { StatusError } from '#api/meta/status.ts';
import { applyConfiguration } from './apply-configuration.ts';
import type { FieldContext, JsonObject } from './field-context.ts';
import { typeOfKind } from './field-type.ts';
import { resetFieldsOf } from './reset-fields.ts';

const NOW = '2026-01-01T00:00:00Z';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

type AnyKind = typeof configMapKind | typeof deploymentKind;

const contextOf = (kind: AnyKind): FieldContext => ({
  type: typeOfKind(kind),
  apiVersion: kind.group === '' ? 'v1' : `${kind.group}/v1`,
  subresource: '',
  reset: resetFieldsOf(kind, ''),
  now: NOW,
});

/** An object in the making: applies one configuration after the other. */
class Subject {
  live: JsonObject = { metadata: {} };
  entries: readonly ManagedFieldsEntry[] | undefined;
  readonly #kind: AnyKind;

  constructor(kind: AnyKind) {
    this.#kind = kind;
  }

  apply(manager: string, configuration: JsonObject, force = false): this {
    const { apiVersion } = contextOf(this.#kind);
    const { object, managedFields } = applyConfiguration(contextOf(this.#kind), {
      live: this.live,
      empty: { metadata: {} },
      stored: this.entries,
      configuration: { apiVersion, kind: this.#kind.kind, ...configuration },
      manager,
      force,
    });
    this.live = object;
    this.entries = managedFields;
    return this;
  }

  owns(manager: string): unknown {
    return this.entries?.find((entry) => entry.manager === manager)?.fieldsV1;
  }

  refusal(manager: string, configuration: JsonObject): StatusError {
    try {
      this.apply(manager, configuration);
    } catch (error) {
      if (error instanceof StatusError) return error;
      throw error;
    }
    throw new Error('Cannot tell the refusal: the apply went through');
  }
}

const data = (values: JsonObject): JsonObject => ({ metadata: { name: 'a' }, data: values });
const containers = (...list: JsonObject[]): JsonObject => ({
  metadata: { name: 'd' },
  spec: { template: { spec: { containers: list } } },
});
const containersOf = ({ live }: Subject): unknown =>
  (live as { spec: { template: { spec: { containers: unknown } } } }).spec.template.spec.containers;

describe('an apply', () => {
  test('owns what it says, and drops what it no longer says', () => {
    const subject = new Subject(configMapKind).apply('one', data({ x: '1', y: '2' })).apply('one', data({ x: '2' }));
    expect(subject.live['data']).toEqual({ x: '2' });
    expect(subject.entries).toEqual([
      {
        manager: 'one',
        operation: 'Apply',
        apiVersion: 'v1',
        time: NOW,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:x': {} } },
      },
    ]);
  });

  test('leaves what it no longer says when others own it too', () => {
    const subject = new Subject(configMapKind).apply('one', data({ x: '1' })).apply('two', data({ x: '1' }));
    subject.apply('one', { metadata: { name: 'a' } });
    expect(subject.live['data']).toEqual({ x: '1' });
    expect(subject.entries?.map(({ manager }) => manager)).toEqual(['two']);
  });

  test('of what is there already has no time', () => {
    const subject = new Subject(configMapKind).apply('one', data({ x: '1' })).apply('two', data({ x: '1' }));
    expect(subject.entries?.map(({ manager, time }) => [manager, time])).toEqual([
      ['two', undefined],
      ['one', NOW],
    ]);
  });

  test('refuses to change the fields of others, and says whose they are', () => {
    const subject = new Subject(configMapKind).apply('one', data({ x: '1', y: '1' })).apply('two', data({ z: '1' }));
    const single = subject.refusal('three', data({ x: '2' }));
    expect(single.code).toBe(409);
    expect(single.message).toBe('Apply failed with 1 conflict: conflict with "one": .data.x');
    expect(single.details).toEqual({
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' }],
    });
    expect(subject.refusal('three', data({ x: '2', y: '2', z: '2' })).message).toBe(
      'Apply failed with 3 conflicts: conflicts with "one":\n- .data.x\n- .data.y\nconflicts with "two":\n- .data.z',
    );
  });

  test('names version and subresource of an update that it conflicts with', () => {
    const subject = new Subject(configMapKind);
    subject.live = data({ x: '1' });
    const update = {
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:x': {} } },
    };
    subject.entries = [{ ...update, manager: 'm', subresource: 'status' }];
    expect(subject.refusal('two', data({ x: '2' })).message).toBe(
      'Apply failed with 1 conflict: conflict with "m" with subresource "status" using v1: .data.x',
    );
  });

  test('by force takes the fields from others', () => {
    const subject = new Subject(configMapKind)
      .apply('one', data({ x: '1', y: '1' }))
      .apply('two', data({ x: '2' }), true);
    expect(subject.owns('one')).toEqual({ 'f:data': { 'f:y': {} } });
    expect(subject.owns('two')).toEqual({ 'f:data': { 'f:x': {} } });
  });

  test('merges items by their keys, a key that is left out by its default', () => {
    const port = { containerPort: 80 };
    const subject = new Subject(deploymentKind)
      .apply('one', containers({ name: 'c', image: 'i', ports: [{ ...port, protocol: 'TCP', name: 'web' }] }))
      .apply(
        'two',
        containers({ name: 'c', ports: [port, { ...port, protocol: 'UDP' }] }, { name: 'side', image: 's' }),
      );
    expect(containersOf(subject)).toEqual([
      {
        name: 'c',
        image: 'i',
        ports: [
          { containerPort: 80, protocol: 'TCP', name: 'web' },
          { ...port, protocol: 'UDP' },
        ],
      },
      { name: 'side', image: 's' },
    ]);
    subject.apply('two', { metadata: { name: 'd' }, spec: {} });
    expect(containersOf(subject)).toEqual([
      { name: 'c', image: 'i', ports: [{ containerPort: 80, protocol: 'TCP', name: 'web' }] },
    ]);
  });

  test('lists items in its own order, and those of others where they stood', () => {
    const named = (name: string): JsonObject => ({ name });
    const subject = new Subject(deploymentKind)
      .apply('one', containers(named('a'), named('b'), named('c')))
      .apply('two', containers(named('c'), named('x'), named('a')));
    expect(containersOf(subject)).toEqual(['b', 'c', 'x', 'a'].map(named));
  });

  test('takes lists without keys and atomic maps whole', () => {
    const subject = new Subject(deploymentKind).apply('one', {
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: { a: 'b' } }, template: { spec: { tolerations: [{ key: 'x' }] } } },
    });
    expect(subject.owns('one')).toEqual({
      'f:spec': { 'f:selector': {}, 'f:template': { 'f:spec': { 'f:tolerations': {} } } },
    });
    expect(subject.refusal('two', { spec: { selector: { matchLabels: { c: 'd' } } } }).message).toContain(
      ': .spec.selector',
    );
  });

  test('to an object that nobody applied before leaves what was there to before-first-apply', () => {
    const subject = new Subject(configMapKind);
    subject.live = data({ x: '1', y: '1' });
    expect(subject.refusal('one', data({ x: '2' })).message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x',
    );
    subject.apply('one', data({ x: '1' }));
    expect(subject.owns('before-first-apply')).toEqual({ 'f:data': { '.': {}, 'f:x': {}, 'f:y': {} } });
  });

  test('may not bring managers along', () => {
    const subject = new Subject(configMapKind);
    for (const managedFields of [[], [{ manager: 'x' }]])
      expect(subject.refusal('one', { metadata: { name: 'a', managedFields } }).message).toBe(
        'metadata.managedFields must be nil',
      );
  });
});

describe('an apply by kubectl', () => {
  const written = (values: JsonObject): string =>
    `${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: values })}\n`;
  const appliedByClient = (values: JsonObject, live: JsonObject): Subject => {
    const subject = new Subject(configMapKind);
    subject.live = { metadata: { name: 'a', annotations: { [LAST_APPLIED]: written(values) } }, data: live };
    const fieldsV1 = {
      'f:data': { '.': {}, ...Object.fromEntries(Object.keys(live).map((key) => [`f:${key}`, {}])) },
      'f:metadata': { 'f:annotations': { '.': {}, [`f:${LAST_APPLIED}`]: {} } },
    };
    subject.entries = [
      { manager: 'kubectl-client-side-apply', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 },
    ];
    return subject;
  };

  test('takes over what client-side apply set last, and keeps its annotation up', () => {
    const subject = appliedByClient({ x: '1', y: '1' }, { x: '1', y: '1' }).apply('kubectl', data({ x: '2', y: '1' }));
    expect(subject.live['data']).toEqual({ x: '2', y: '1' });
    expect(subject.live['metadata']).toEqual({
      name: 'a',
      annotations: {
        [LAST_APPLIED]: '{"apiVersion":"v1","data":{"x":"2","y":"1"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
      },
    });
  });

  test('conflicts where somebody changed it since', () => {
    const subject = appliedByClient({ x: '1', y: '1' }, { x: 'changed', y: '1' });
    expect(subject.refusal('kubectl', data({ x: '2', y: '2' })).details?.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "kubectl-client-side-apply" using v1',
        field: '.data.x',
      },
    ]);
  });

  test('of another name is an apply like any other', () => {
    const subject = appliedByClient({ x: '1' }, { x: '1' });
    expect(subject.refusal('other', data({ x: '2' })).message).toContain('.data.x');
  });

  test('without an annotation, or with one that cannot be read, conflicts', () => {
    for (const text of ['', '{', '{"apiVersion":"v2"}', '{"apiVersion":"v1","bogus":1}']) {
      const subject = appliedByClient({ x: '1' }, { x: '1' });
      subject.live = { ...subject.live, metadata: { name: 'a', annotations: { [LAST_APPLIED]: text } } };
      expect(subject.refusal('kubectl', data({ x: '2' })).message).toContain('.data.x');
    }
  });
});
