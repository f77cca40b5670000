import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from './customresourcedefinition.ts';
import { ALL_VERBS, type Column, type Kind, type KubeObject, defineKind } from '#api/kind.ts';
import { nameColumn } from '#api/kinds/columns.ts';
import { RULES_NOT_CHECKED, checkRules, hasRules } from '#api/cel/validation-rules.ts';
import { type FieldError, type FieldErrorType, invalid } from '#api/meta/field-error.ts';
import { age, humanDuration, parseTime } from '#api/meta/time.ts';
import type { TSchema } from '#api/schema/builders.ts';
import { type JsonSchema, isObject } from '#api/schema/structural.ts';
import { validateStructural } from '#api/schema/validate-structural.ts';
import { parseJsonPath } from './json-path.ts';

/** An object of a CRD: what is beside its metadata only its schema knows. */
export interface CustomObject extends KubeObject {
  [field: string]: unknown;
}

/**
 * The kind that one version of a definition describes: the same value as a built-in kind, made at run time.
 * Unknown fields are pruned and defaults filled in by the schema; its faults are told in upstream's words.
 */
export function kindOfDefinition(
  { spec, status }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): Kind<CustomObject> {
  const names = status?.acceptedNames?.kind ? status.acceptedNames : spec.names;
  const schema: JsonSchema = version.schema?.openAPIV3Schema ?? {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  };
  const hasStatus = version.subresources?.status !== undefined;
  const scale = version.subresources?.scale;
  const faultsOf = (object: CustomObject, old: CustomObject | undefined): FieldError[] => [
    ...validateObject(object, schema, old),
    ...(scale === undefined ? [] : replicasFault(object, scale.specReplicasPath)),
  ];
  return defineKind<CustomObject>({
    group: spec.group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    scope: spec.scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    verbs: ALL_VERBS,
    custom: true,
    schema: withoutMetadata(schema) as unknown as TSchema,
    hasStatus,
    hasGeneration: true,
    columns: columnsOf(version.additionalPrinterColumns ?? []),
    ...(scale === undefined
      ? {}
      : {
          scale: {
            specReplicas: scale.specReplicasPath,
            statusReplicas: scale.statusReplicasPath,
            ...(scale.labelSelectorPath ? { labelSelector: scale.labelSelectorPath } : {}),
          },
        }),
    fieldLabels: Object.fromEntries(
      (version.selectableFields ?? []).map(({ jsonPath }) => [jsonPath.replace(/^\./, ''), fieldLabel(jsonPath)]),
    ),
    prepareForCreate(object) {
      if (hasStatus) delete object['status'];
    },
    prepareForUpdate(object, old) {
      if (hasStatus) takeStatus(object, old);
    },
    // An update is looked at beside what was there, which may have been wrong already.
    updateRulesOnly: true,
    validate: (object) => faultsOf(object, undefined),
    validateUpdate: faultsOf,
    validateStatusUpdate: faultsOf,
    ...(version.deprecated === true ? { deprecation: deprecation(spec.group, version, names.kind) } : {}),
  });
}

/** Metadata is decoded by the rules of every object; what a CRD says of its name is a matter of validation. */
function withoutMetadata(schema: JsonSchema): JsonSchema {
  const properties = schema['properties'];
  if (!isObject(properties) || !('metadata' in properties || 'kind' in properties || 'apiVersion' in properties))
    return schema;
  const { metadata: _metadata, kind: _kind, apiVersion: _apiVersion, ...rest } = properties;
  return { ...schema, properties: rest };
}

function takeStatus(object: CustomObject, old: CustomObject): void {
  if (old['status'] === undefined) delete object['status'];
  else object['status'] = old['status'];
}

/** Faults after which rules are not asked: what they see may be no object of the schema (upstream: hasBlockingErr). */
const BLOCKING: readonly FieldErrorType[] = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
];

function validateObject(object: CustomObject, schema: JsonSchema, old: CustomObject | undefined): FieldError[] {
  const errors = validateStructural(object, schema, '', old);
  if (!hasRules(schema)) return errors;
  return errors.some(({ type }) => BLOCKING.includes(type))
    ? [...errors, RULES_NOT_CHECKED]
    : [...errors, ...checkRules(object, schema, old)];
}

/** `.spec.replicas` has to be a number that is not negative, when it is there and /scale is served. */
function replicasFault(object: CustomObject, path: string): FieldError[] {
  const name = object.metadata.name ?? '';
  let value: unknown = object;
  for (const field of path.split('.').slice(1)) {
    if (value === undefined || value === null) return [];
    if (!isObject(value)) {
      const shown = typeof value;
      return [
        invalid(
          path,
          name,
          `${path} accessor error: ${scalarText(value)} is of the type ${shown}, expected map[string]interface{}`,
        ),
      ];
    }
    value = value[field];
  }
  if (value === undefined || value === null) return [];
  if (!Number.isInteger(value))
    return [
      invalid(
        path,
        name,
        `${path} accessor error: ${JSON.stringify(value)} is of the type ${typeof value}, expected int64`,
      ),
    ];
  return Number(value) < 0 ? [invalid(path, value, 'should be a non-negative integer')] : [];
}

function fieldLabel(jsonPath: string): (object: CustomObject) => string {
  const path = parseJsonPath(jsonPath);
  return (object) => {
    const value = path?.find(object);
    return value === undefined || value === null ? '' : scalarText(value);
  };
}

/** A value as text: a string as it is, all else as JSON. */
const scalarText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const deprecation = (group: string, version: CustomResourceDefinitionVersion, kind: string): string =>
  version.deprecationWarning || `${group}/${version.name} ${kind} is deprecated`;

const createdColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'date',
  description: 'The time since the server created the object.',
  cell: (object, now) => age(object.metadata.creationTimestamp, now),
};

function columnsOf(definitions: readonly CustomResourceColumnDefinition[]): Column<CustomObject>[] {
  if (definitions.length === 0) return [nameColumn, createdColumn];
  return [nameColumn, ...definitions.map(columnOf)];
}

const COLUMN_TYPES = ['string', 'integer', 'number', 'boolean', 'date'] as const;

function columnOf(definition: CustomResourceColumnDefinition): Column<CustomObject> {
  const type = COLUMN_TYPES.find((one) => one === definition.type) ?? 'string';
  const path = parseJsonPath(definition.jsonPath);
  return {
    name: definition.name,
    type,
    ...(definition.format ? { format: definition.format } : {}),
    description: definition.description || `The value at ${definition.jsonPath}.`,
    ...(definition.priority ? { priority: definition.priority } : {}),
    cell: (object, now) => cellOf(path?.find(object), type, now),
  };
}

/** As upstream: a value of another type than the column's shows nothing. */
function cellOf(value: unknown, type: (typeof COLUMN_TYPES)[number], now: Date): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return scalarText(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date': {
      if (typeof value !== 'string') return null;
      const time = parseTime(value);
      return time === undefined ? '<invalid>' : humanDuration(now.getTime() - time.getTime());
    }
  }
}
