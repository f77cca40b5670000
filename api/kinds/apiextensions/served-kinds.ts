import type { Kind, KubeObject } from '#api/kind.ts';
import type { FieldError } from '#api/meta/field-error.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { type JsonSchema, pruneStructural } from '#api/schema/structural.ts';
import { type AskConversion, type Convert, conversionOf } from './conversion.ts';
import { type CustomObject, kindOfDefinition } from './custom-kind.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from './customresourcedefinition.ts';

/**
 * The kinds of a definition's served versions, the stored one first when it is served. Where there are or were several versions, each knows
 * how to become the stored one and back; `ask` reaches the definition's webhook.
 */
export function servedKinds(definition: CustomResourceDefinition, ask?: AskConversion): Kind<CustomObject>[] {
  const { spec, status } = definition;
  const storage = spec.versions.find((version) => version.storage);
  const served = spec.versions
    .filter((version) => version.served)
    .sort((a, b) => Number(b.storage) - Number(a.storage));
  const isPlain = spec.versions.length === 1 && (status?.storedVersions ?? []).length <= 1;
  if (storage === undefined || isPlain) return served.map((version) => kindOfDefinition(definition, version));
  const convert = conversionOf(definition, ask);
  const stored = storedKind(definition, storage, convert);
  return served.map((version) => (version === storage ? stored : otherKind(definition, version, stored, convert)));
}

function storedKind(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  convert: Convert,
): Kind<CustomObject> {
  const kind = kindOfDefinition(definition, version);
  return {
    ...kind,
    storedAs: { toStored: (objects) => objects, fromStored: (objects) => asKind(kind, objects, convert) },
  };
}

function otherKind(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  stored: Kind<CustomObject>,
  convert: Convert,
): Kind<CustomObject> {
  const kind = kindOfDefinition(definition, version);
  const isRenamed = definition.spec.conversion?.strategy !== 'Webhook';
  return {
    ...kind,
    storedAs: {
      kind: stored as unknown as Kind,
      toStored: (objects) => asKind(stored, objects, convert),
      fromStored: (objects) => asKind(kind, objects, convert),
      // As upstream, an object is looked at in the version in which it came. Through a webhook it cannot be had back here.
      ...(isRenamed
        ? {
            validate: (faults: FieldError[], object: KubeObject, old?: KubeObject) =>
              ownFaults(kind, faults, object, old),
          }
        : {}),
    },
  };
}

/** Faults of metadata are the same in all versions; the others are this version's own. */
function ownFaults(
  kind: Kind<CustomObject>,
  faults: readonly FieldError[],
  object: KubeObject,
  old: KubeObject | undefined,
): FieldError[] {
  const own =
    old === undefined
      ? kind.validate?.(object as CustomObject)
      : kind.validateUpdate?.(object as CustomObject, old as CustomObject);
  return [...faults.filter(({ field }) => field.startsWith('metadata.')), ...(own ?? [])];
}

/** Converted objects hold what their version's schema knows, with its defaults. */
function asKind(
  kind: Kind<CustomObject>,
  objects: readonly KubeObject[],
  convert: Convert,
): readonly CustomObject[] | Promise<readonly CustomObject[]> {
  const fit = (converted: readonly KubeObject[]): CustomObject[] =>
    converted.map((one, index) => (one === objects[index] ? (one as CustomObject) : fitted(kind, one)));
  const converted = convert(objects, kind);
  return converted instanceof Promise ? converted.then(fit) : fit(converted);
}

function fitted(kind: Kind<CustomObject>, object: KubeObject): CustomObject {
  const { value } = pruneStructural(object, kind.schema as unknown as JsonSchema, true);
  const fitting = structuredClone(value) as CustomObject;
  applySchemaDefaults(kind.schema, fitting);
  return fitting;
}
