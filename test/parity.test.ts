import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { BUILT_IN_KINDS, REQUEST_KINDS } from '#api/kinds/index.ts';
import type { Kind } from '#api/kind.ts';
import { mapItem } from '#api/schema/go-types.ts';
import type { TSchema } from '#api/schema/builders.ts';

/**
 * Holds the schemas of all kinds against lists that were read off Kubernetes' published API: every field with its type, required fields,
 * list and map types, merge keys (api-facts.json), and protobuf numbers (protobuf-facts.json). The lists are not part of this repository;
 * without them the schemas are held against rules of their own.
 */
const FACTS = new URL('../../shared/kubernetes/', import.meta.url);
const KINDS = [...BUILT_IN_KINDS, ...REQUEST_KINDS];

type Field =
  | string
  | { t: string; listType?: string; mapKeys?: string[]; patchStrategy?: string; mergeKey?: string; mapType?: string };
interface Definition {
  readonly fields?: Record<string, Field>;
  readonly required?: string[];
  readonly 'x-kubernetes-map-type'?: string;
}
type Messages = Record<string, Record<string, [number, string]>>;

/** Every definition that a kind reaches, by name. */
function definitionsOf(kind: Kind): Map<string, TSchema> {
  const found = new Map<string, TSchema>();
  const visit = (schema: TSchema): void => {
    const name: unknown = schema['x-kubernetes-definition'];
    if (typeof name === 'string') {
      if (found.has(name)) return;
      found.set(name, schema);
    }
    for (const property of Object.values((schema['properties'] ?? {}) as Record<string, TSchema>)) visit(property);
    const item = (schema['items'] as TSchema | undefined) ?? mapItem(schema);
    if (item !== undefined) visit(item);
  };
  visit(kind.schema);
  return found;
}

/** The type of a field as the facts write it: `string`, `integer:int32`, `[core.v1.Container]`, `{string}`. */
function typeText(schema: TSchema): string {
  const name: unknown = schema['x-kubernetes-definition'];
  if (typeof name === 'string') return name;
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return 'raw';
  if (schema['type'] === 'array') return `[${typeText(schema['items'] as TSchema)}]`;
  const item = mapItem(schema);
  if (item !== undefined) return `{${typeText(item)}}`;
  if (schema['format'] === 'quantity') return 'api.resource.Quantity';
  if (schema['format'] === 'int-or-string') return 'util.intstr.IntOrString';
  if (schema['format'] === 'date-time')
    return schema['x-kubernetes-micro-time'] === true ? 'meta.v1.MicroTime' : 'meta.v1.Time';
  return schema['format'] === undefined
    ? String(schema['type'])
    : `${String(schema['type'])}:${String(schema['format'])}`;
}

/** Types whose JSON is kept as it is. */
const RAW = new Set([
  'meta.v1.FieldsV1',
  'runtime.RawExtension',
  'apiextensions.v1.JSONSchemaProps',
  'apiextensions.v1.CustomResourceSubresourceStatus',
]);

/** Groups of which the lists say nothing. */
const UNLISTED = new Set(['flowcontrol.apiserver.k8s.io']);

/** What is said of one field, a line for each saying. */
function sayings(field: Field): string[] {
  if (typeof field === 'string') return [`type ${RAW.has(field) ? 'raw' : field}`];
  const { t, ...rest } = field;
  return [`type ${RAW.has(t) ? 'raw' : t}`, ...Object.entries(rest).map(([word, value]) => `${word} ${String(value)}`)];
}

const WORDS: Readonly<Record<string, string>> = {
  listType: 'x-kubernetes-list-type',
  mapKeys: 'x-kubernetes-list-map-keys',
  patchStrategy: 'x-kubernetes-patch-strategy',
  mergeKey: 'x-kubernetes-patch-merge-key',
  mapType: 'x-kubernetes-map-type',
};

function ownSayings(schema: TSchema): Set<string> {
  const isStruct = schema['x-kubernetes-definition'] !== undefined;
  const said = Object.entries(WORDS)
    .filter(([word, keyword]) => schema[keyword] !== undefined && !(isStruct && word === 'mapType'))
    .map(([word, keyword]) => `${word} ${String(schema[keyword])}`);
  const field: unknown = schema['x-kubernetes-field-map-type'];
  if (typeof field === 'string') said.push(`mapType ${field}`);
  return new Set([`type ${typeText(schema)}`, ...said]);
}

/** `kind`, `apiVersion` and `metadata` are on every stored object, whatever the published schema requires. */
const ALWAYS = new Set(['kind', 'apiVersion', 'metadata']);

/** What of a definition's facts holds, and what does not. */
function compare(name: string, schema: TSchema, fact: Definition): { held: number; missing: string[] } {
  const own = schema['properties'] as Record<string, TSchema>;
  const missing: string[] = [];
  let held = 0;
  const judge = (holds: boolean, saying: string): void => {
    if (holds) held++;
    else missing.push(`${name}${saying}`);
  };
  for (const [field, said] of Object.entries(fact.fields ?? {})) {
    const property = own[field];
    const ours = property === undefined ? new Set<string>() : ownSayings(property);
    for (const saying of sayings(said))
      judge(ours.has(saying), `.${field}: ${saying}, not ${[...ours].join('; ') || 'there'}`);
  }
  for (const field of Object.keys(own)) judge(field in (fact.fields ?? {}), `.${field}: no such field`);
  const required = (list: readonly string[] | undefined): string =>
    (list ?? [])
      .filter((field) => !ALWAYS.has(field))
      .sort()
      .join(' ');
  judge(
    required(schema['required'] as string[] | undefined) === required(fact.required),
    `: required ${required(fact.required)}`,
  );
  judge(
    schema['x-kubernetes-map-type'] === fact['x-kubernetes-map-type'],
    `: map type ${fact['x-kubernetes-map-type']}`,
  );
  return { held, missing };
}

/** The number and, for embedded structs, the message that the facts give a field. */
function numberOf(messages: Messages, definition: string, field: string): string | undefined {
  const fields = messages[definition] ?? {};
  const direct = fields[field];
  if (direct !== undefined) return `${direct[0]}`;
  for (const [outer, type] of Object.values(fields)) {
    const inner = messages[type] ?? messages[`${definition.slice(0, definition.lastIndexOf('.'))}.${type}`];
    if (inner?.[field] !== undefined && isEmbedded(definition, fields, type)) return `${outer}/${inner[field][0]}`;
  }
  return undefined;
}

/** Structs that Go embeds; their fields are beside the others in JSON, and their own name is no field. */
const EMBEDDED = new Set(['LocalObjectReference', 'ProbeHandler', 'VolumeSource', 'EphemeralContainerCommon']);
const NAMES_OF_EMBEDDED = new Set(['localObjectReference', 'handler', 'volumeSource', 'ephemeralContainerCommon']);
const isEmbedded = (_definition: string, fields: Record<string, [number, string]>, type: string): boolean =>
  EMBEDDED.has(type) && Object.entries(fields).some(([name, [, one]]) => one === type && NAMES_OF_EMBEDDED.has(name));

const ownNumber = (schema: TSchema): string => {
  const messages = [schema['x-kubernetes-protobuf-message'] ?? []].flat();
  return [...messages, schema['x-kubernetes-protobuf']].join('/');
};

// The published facts are no part of the project: where they are not at hand, what follows at the end of this file is what is checked.
if (existsSync(new URL('api-facts.json', FACTS)))
  describe("the kinds' schemas beside Kubernetes' own", besideKubernetes);

async function besideKubernetes(): Promise<void> {
  const read = async (file: string): Promise<unknown> => Bun.file(new URL(file, FACTS)).json();
  const { definitions } = (await read('api-facts.json')) as { definitions: Record<string, Definition> };
  const messages = (await read('protobuf-facts.json')) as Messages;

  test('have every field with its type, and merge as upstream', () => {
    const missing: string[] = [];
    for (const kind of KINDS.filter(({ group }) => !UNLISTED.has(group))) {
      let held = 0;
      let all = 0;
      for (const [name, schema] of definitionsOf(kind)) {
        const fact = definitions[name];
        const result =
          fact === undefined ? { held: 0, missing: [`${name}: no such definition`] } : compare(name, schema, fact);
        held += result.held;
        all += result.held + result.missing.length;
        missing.push(...result.missing);
      }
      console.log(`${kind.kind.padEnd(26)} ${held}/${all} facts (${((100 * held) / all).toFixed(1)} %)`);
    }
    expect([...new Set(missing)].sort()).toEqual([]);
  });

  test('have the protobuf numbers of upstream', () => {
    const wrong: string[] = [];
    let held = 0;
    for (const [name, schema] of new Map(KINDS.flatMap((kind) => [...definitionsOf(kind)]))) {
      for (const [field, property] of Object.entries(schema['properties'] as Record<string, TSchema>)) {
        const wanted = numberOf(messages, name, field);
        if (wanted === undefined) continue;
        if (ownNumber(property) === wanted) held++;
        else wrong.push(`${name}.${field}: ${ownNumber(property)}, not ${wanted}`);
      }
    }
    console.log(`protobuf numbers: ${held} agree`);
    expect(wrong).toEqual([]);
    expect(held).toBeGreaterThan(500);
  });
}

/** Fields that no client sends as protobuf: younger than the published numbers, or of types without a message. */
const WITHOUT_NUMBER = new Set([
  'apiextensions.v1.CustomResourceDefinitionCondition.observedGeneration',
  'apiextensions.v1.CustomResourceDefinitionStatus.observedGeneration',
  'apiextensions.v1.CustomResourceDefinitionVersion.selectableFields',
  'apiextensions.v1.SelectableField.jsonPath',
  'core.v1.NodeAllocatableResourceClaimStatus.resources',
]);

describe("the kinds' schemas by themselves", () => {
  test('give every field a protobuf number of its own', () => {
    const faults: string[] = [];
    let numbered = 0;
    for (const [name, schema] of new Map(KINDS.flatMap((kind) => [...definitionsOf(kind)]))) {
      const seen = new Map<string, string>();
      for (const [field, property] of Object.entries(schema['properties'] as Record<string, TSchema>)) {
        const isType = field === 'kind' || field === 'apiVersion';
        const number = ownNumber(property);
        if (number === '0') {
          if (!isType && !WITHOUT_NUMBER.has(`${name}.${field}`)) faults.push(`${name}.${field} has no number`);
          continue;
        }
        numbered++;
        if (seen.has(number)) faults.push(`${name}.${field} has the number of ${seen.get(number)}`);
        seen.set(number, field);
      }
    }
    expect(faults).toEqual([]);
    expect(numbered).toBeGreaterThan(700);
  });

  test('name keys that their items have', () => {
    const faults: string[] = [];
    let lists = 0;
    for (const [name, schema] of new Map(KINDS.flatMap((kind) => [...definitionsOf(kind)]))) {
      for (const [field, property] of Object.entries(schema['properties'] as Record<string, TSchema>)) {
        const keys = (property['x-kubernetes-list-map-keys'] as string[] | undefined) ?? [];
        if (keys.length > 0) lists++;
        const item = ((property['items'] as TSchema | undefined)?.['properties'] ?? {}) as Record<string, TSchema>;
        const mergeKey: unknown = property['x-kubernetes-patch-merge-key'];
        for (const key of typeof mergeKey === 'string' ? [...keys, mergeKey] : keys) {
          if (item[key] === undefined) faults.push(`${name}.${field}: no ${key}`);
        }
      }
    }
    expect(faults).toEqual([]);
    expect(lists).toBeGreaterThan(20);
  });
});
