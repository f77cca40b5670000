import { describe, expect, test } from 'bun:test';
import { decode } from '#api/schema/decode.ts';
import { type CustomResourceDefinition, customResourceDefinitionKind as kind } from './customresourcedefinition.ts';
import { acceptNames, isEstablished, terminating } from './definition-status.ts';

const NOW = '2026-11-21T07:00:00Z';
const objectSchema = { type: 'object', properties: { spec: { type: 'object' } } };
const version = (schema: unknown, rest: object = {}): object => ({
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: schema },
  ...rest,
});

function create(spec: object, name = 'widgets.example.com'): CustomResourceDefinition {
  const { object } = decode(kind, {
    metadata: { name },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [version(objectSchema)],
      ...spec,
    },
  });
  kind.applyDefaults?.(object);
  kind.prepareForCreate?.(object);
  return object;
}
const faults = (spec: object, name?: string): string[] =>
  (kind.validate?.(create(spec, name)) ?? []).map(({ field, detail }) => `${field}: ${detail}`);
const schemaFaults = (schema: unknown): string[] => faults({ versions: [version(schema)] });
const AT = 'spec.validation.openAPIV3Schema';

describe('customResourceDefinitionKind', () => {
  test('fills in names and conversion, and stores the storage version in status', () => {
    const made = create({});
    expect(made.spec.names).toEqual({ plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList' });
    expect(made.spec.conversion).toEqual({ strategy: 'None' });
    expect(made.status?.storedVersions).toEqual(['v1']);
    expect(faults({})).toEqual([]);
  });

  test('refuses names that do not fit', () => {
    expect(faults({}, 'wrong.name')).toEqual([
      'metadata.name: Invalid value: "wrong.name": must be spec.names.plural+"."+spec.group',
    ]);
    expect(faults({ group: 'nodots' }, 'widgets.nodots')).toEqual([
      'spec.group: Invalid value: "nodots": should be a domain with at least one dot',
    ]);
    expect(faults({ scope: 'Planet' })).toEqual([
      'spec.scope: Unsupported value: "Planet": supported values: "Cluster", "Namespaced"',
    ]);
    expect(faults({ names: { plural: 'Widgets', kind: 'widget' } }, 'Widgets.example.com')[0]).toStartWith(
      'spec.names.plural: Invalid value: "Widgets": a DNS-1035 label must consist of',
    );
  });

  test('wants one storage version', () => {
    const two = [version(objectSchema), version(objectSchema, { name: 'v2' })];
    expect(faults({ versions: two }).map((fault) => fault.split(':')[0])).toEqual([
      'spec.versions',
      'status.storedVersions',
    ]);
    expect(faults({ versions: [] })).toEqual([
      'spec.versions: Invalid value: []apiextensions.CustomResourceDefinitionVersion{}: must have exactly one version marked as storage version',
      'status.storedVersions: Invalid value: []string(nil): must have at least one stored version',
    ]);
  });

  test('wants a structural schema', () => {
    expect(faults({ versions: [version(undefined, { schema: {} })] })).toEqual([
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ]);
    expect(schemaFaults({ type: 'string' })).toEqual([
      `${AT}.type: Invalid value: "string": must be object at the root`,
    ]);
    expect(schemaFaults({ properties: { spec: { type: 'object' } } })).toEqual([
      `${AT}.type: Required value: must not be empty at the root`,
    ]);
    expect(schemaFaults({ type: 'object', properties: { x: {} } })).toEqual([
      `${AT}.properties[x].type: Required value: must not be empty for specified object fields`,
    ]);
    expect(schemaFaults({ type: 'object', properties: { x: { type: 'bogus' } } })).toEqual([
      `${AT}.properties[x].type: Unsupported value: "bogus": supported values: "array", "boolean", "integer", "number", "object", "string"`,
    ]);
    expect(
      schemaFaults({
        type: 'object',
        properties: { metadata: { type: 'object', properties: { labels: { type: 'string' } } } },
      }),
    ).toEqual([
      `${AT}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
    ]);
    expect(
      schemaFaults({
        type: 'object',
        properties: { l: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'map' } },
      }),
    ).toEqual([
      `${AT}.properties[l].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
      `${AT}.properties[l].items.type: Invalid value: "string": must be object if parent array's x-kubernetes-list-type is map`,
    ]);
    expect(schemaFaults({ type: 'object', properties: { d: { type: 'integer', default: 'x' } } })).toEqual([
      `${AT}.properties[d].default: Invalid value: "string":  in body must be of type integer: "string"`,
    ]);
    expect(schemaFaults({ type: 'object', properties: { p: { type: 'string', pattern: '(' } } })[0]).toStartWith(
      `${AT}.properties[p].pattern: Invalid value: "(": must be a valid regular expression`,
    );
  });

  test('names the version where versions differ', () => {
    const second = version({ type: 'object', properties: { x: {} } }, { name: 'v2', storage: false });
    expect(faults({ versions: [version(objectSchema), second] })).toEqual([
      'spec.versions[1].schema.openAPIV3Schema.properties[x].type: Required value: must not be empty for specified object fields',
    ]);
  });

  test('checks columns, subresources and conversion', () => {
    expect(
      faults({
        versions: [version(objectSchema, { additionalPrinterColumns: [{ name: '', type: 'x', jsonPath: 'bad' }] })],
      }),
    ).toEqual([
      'spec.additionalPrinterColumns[0].name: Required value',
      'spec.additionalPrinterColumns[0].type: Invalid value: "x": must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "bad": must be a simple json path starting with .',
    ]);
    expect(
      faults({ versions: [version(objectSchema, { subresources: { scale: { specReplicasPath: 'x' } } })] }),
    ).toEqual([
      'spec.subresources.scale.specReplicasPath: Invalid value: "x": must be a simple json path starting with .',
      'spec.subresources.scale.statusReplicasPath: Required value',
    ]);
    expect(faults({ conversion: { strategy: 'Webhook' } })).toEqual([
      'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
      'spec.conversion.conversionReviewVersions: Required value',
    ]);
  });

  test('keeps group and plural for good, scope and kind once established', () => {
    const old = create({});
    const next = create({ scope: 'Cluster', group: 'other.com' });
    const changed = (): string[] => (kind.validateUpdate?.(next, old) ?? []).map(({ field }) => field);
    expect(changed()).toEqual(['spec.group']);
    old.status = acceptNames(old, { resources: new Set(), kinds: new Set() }, NOW);
    expect(changed()).toEqual(['spec.group', 'spec.scope']);
  });

  test('adds a new storage version to those in status on update', () => {
    const old = create({});
    const next = create({
      versions: [version(objectSchema, { storage: false }), version(objectSchema, { name: 'v2' })],
    });
    kind.prepareForUpdate?.(next, old);
    expect(next.status?.storedVersions).toEqual(['v1', 'v2']);
  });
});

describe('acceptNames()', () => {
  test('accepts free names and establishes the definition', () => {
    const made = create({});
    made.status = acceptNames(made, { resources: new Set(['pods']), kinds: new Set(['Pod']) }, NOW);
    expect(made.status).toEqual({
      storedVersions: ['v1'],
      acceptedNames: { plural: 'widgets', kind: 'Widget', singular: 'widget', listKind: 'WidgetList' },
      conditions: [
        {
          type: 'NamesAccepted',
          status: 'True',
          reason: 'NoConflicts',
          message: 'no conflicts found',
          lastTransitionTime: NOW,
        },
        {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
          lastTransitionTime: NOW,
        },
      ],
    });
    expect(acceptNames(made, { resources: new Set(), kinds: new Set() }, '2027-01-01T00:00:00Z')).toEqual(made.status);
    expect(isEstablished(made)).toBe(true);
  });

  test('refuses taken names, but keeps what is established', () => {
    const made = create({});
    const taken = { resources: new Set(['widgets']), kinds: new Set<string>() };
    const status = acceptNames(made, taken, NOW);
    expect(status.conditions?.map(({ type, status: state, reason }) => `${type} ${state} ${reason}`)).toEqual([
      'NamesAccepted False PluralConflict',
      'Established False NotAccepted',
    ]);
    made.status = acceptNames(made, { resources: new Set(), kinds: new Set() }, NOW);
    made.status = acceptNames(made, taken, NOW);
    expect(isEstablished(made)).toBe(true);
    expect(terminating(made, NOW).conditions?.at(-1)).toMatchObject({
      type: 'Terminating',
      reason: 'InstanceDeletionPending',
    });
  });
});
