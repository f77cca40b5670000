import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
} from './customresourcedefinition.ts';
import {
  type FieldError,
  duplicate,
  forbidden,
  goStrings,
  invalid,
  invalidShown,
  notSupported,
  requiredValue,
  tooMany,
} from '#api/meta/field-error.ts';
import { dns1035Label, dns1123Subdomain } from '#api/meta/names.ts';
import { equalJson } from '#api/schema/equal.ts';
import type { JsonSchema } from '#api/schema/structural.ts';
import { validateClientConfig } from '#api/kinds/admissionregistration/client-config-validation.ts';
import { APPROVAL, approvalOf } from './api-approval.ts';
import { fieldOfSchema } from './field-path.ts';
import { parseJsonPath } from './json-path.ts';
import { hasDefaults, validateSchema } from './schema-validation.ts';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const SCOPES = ['Cluster', 'Namespaced'];
const IMMUTABLE = 'field is immutable';

/** The faults of a definition by itself. */
export function validateDefinition(definition: CustomResourceDefinition): FieldError[] {
  const { metadata, spec, status } = definition;
  const errors: FieldError[] = [];
  if (metadata.name !== `${spec.names.plural}.${spec.group}`) {
    errors.push(invalid('metadata.name', metadata.name ?? '', 'must be spec.names.plural+"."+spec.group'));
  }
  errors.push(...groupFaults(spec.group), ...versionFaults(spec.versions), ...namesFaults(spec.names));
  if (!SCOPES.includes(spec.scope)) errors.push(notSupported('spec.scope', spec.scope, SCOPES));
  errors.push(...contentFaults(spec.versions));
  if (spec.preserveUnknownFields === true) {
    if (spec.versions.some((version) => hasDefaults(version.schema?.openAPIV3Schema))) {
      errors.push(invalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'));
    }
  }
  errors.push(
    ...conversionFaults(spec.conversion),
    ...storedVersionFaults(status?.storedVersions ?? [], spec.versions),
  );
  if (spec.preserveUnknownFields === true)
    errors.push(
      invalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  return errors;
}

/** The faults that only a new definition has. */
export const validateNewDefinition = (definition: CustomResourceDefinition): FieldError[] => approvalFaults(definition);

/** The faults of a change: group and plural never change, scope and kind not once the definition is served. */
export function validateDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  const established = (old.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  const { spec } = definition;
  const fixed: (readonly [string, string, string])[] = [
    ['spec.group', spec.group, old.spec.group],
    ['spec.names.plural', spec.names.plural, old.spec.names.plural],
    ...(established
      ? ([
          ['spec.scope', spec.scope, old.spec.scope],
          ['spec.names.kind', spec.names.kind, old.spec.names.kind],
        ] as const)
      : []),
  ];
  return [
    ...fixed.filter(([, now, before]) => now !== before).map(([field, now]) => invalid(field, now, IMMUTABLE)),
    ...approvalFaults(definition, old),
  ];
}

function groupFaults(group: string): FieldError[] {
  if (group === '') return [requiredValue('spec.group')];
  const faults = dns1123Subdomain(group);
  if (faults.length > 0) return [invalid('spec.group', group, faults.join(','))];
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

function versionFaults(versions: readonly CustomResourceDefinitionVersion[]): FieldError[] {
  const errors: FieldError[] = [];
  const shown =
    versions.length === 0
      ? '[]apiextensions.CustomResourceDefinitionVersion{}'
      : goStrings(versions.map(({ name }) => name));
  for (const [index, { name }] of versions.entries()) {
    const faults = dns1035Label(name);
    if (faults.length > 0) errors.push(invalid(`spec.versions[${index}].name`, name, faults.join(',')));
  }
  for (const [index, version] of versions.entries())
    for (const text of deprecationFaults(version))
      errors.push(invalid(`spec.versions[${index}].deprecationWarning`, version.deprecationWarning, text));
  if (new Set(versions.map(({ name }) => name)).size !== versions.length) {
    errors.push(invalidShown('spec.versions', shown, 'must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalidShown('spec.versions', shown, 'must have exactly one version marked as storage version'));
  }
  return errors;
}

function storedVersionFaults(
  stored: readonly string[],
  versions: readonly CustomResourceDefinitionVersion[],
): FieldError[] {
  const field = 'status.storedVersions';
  if (stored.length === 0) return [invalidShown(field, '[]string(nil)', 'must have at least one stored version')];
  const errors: FieldError[] = [];
  for (const [index, name] of stored.entries()) {
    if (!versions.some((version) => version.name === name))
      errors.push(invalid(`${field}[${index}]`, name, 'must appear in spec.versions'));
  }
  for (const { name, storage } of versions) {
    if (storage && !stored.includes(name))
      errors.push(invalidShown(field, goStrings(stored), `must have the storage version ${name}`));
  }
  return errors;
}

function namesFaults(names: CustomResourceDefinitionNames): FieldError[] {
  const errors: FieldError[] = [];
  const label = (field: string, value: string, shape = value): void => {
    if (value === '') errors.push(requiredValue(field));
    else {
      const faults = dns1035Label(shape);
      if (faults.length > 0) errors.push(invalid(field, value, faults.join(',')));
    }
  };
  const kind = names.kind.toLowerCase();
  label('spec.names.plural', names.plural);
  label('spec.names.singular', names.singular ?? kind);
  label('spec.names.kind', names.kind, kind);
  label(
    'spec.names.listKind',
    names.listKind ?? `${names.kind}List`,
    (names.listKind ?? `${names.kind}List`).toLowerCase(),
  );
  if (names.listKind !== undefined && names.listKind === names.kind) {
    errors.push(invalid('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'));
  }
  for (const [index, name] of (names.shortNames ?? []).entries()) label(`spec.names.shortNames[${index}]`, name);
  for (const [index, name] of (names.categories ?? []).entries()) label(`spec.names.categories[${index}]`, name);
  return errors;
}

/**
 * Schema, columns and subresources. What is equal in all versions is told as upstream holds it inside, once and without the version:
 * `spec.validation.…` instead of `spec.versions[0].schema.…`.
 */
function contentFaults(versions: readonly CustomResourceDefinitionVersion[]): FieldError[] {
  const first = versions[0];
  if (first === undefined) return [];
  const shared = (part: (version: CustomResourceDefinitionVersion) => unknown): boolean =>
    versions.every((version) => equalJson(part(version) ?? null, part(first) ?? null));
  const errors: FieldError[] = [];
  const each = (
    path: string,
    within: string,
    isShared: boolean,
    check: (version: CustomResourceDefinitionVersion, at: string) => FieldError[],
  ): void => {
    if (isShared) errors.push(...check(first, path));
    else
      for (const [index, version] of versions.entries())
        errors.push(...check(version, `spec.versions[${index}].${within}`));
  };
  for (const [index, { schema }] of versions.entries()) {
    if (schema?.openAPIV3Schema === undefined)
      errors.push(requiredValue(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required'));
  }
  each(
    'spec.validation.openAPIV3Schema',
    'schema.openAPIV3Schema',
    shared(({ schema }) => schema),
    ({ schema, subresources }, at) =>
      schema?.openAPIV3Schema === undefined
        ? []
        : validateSchema(schema.openAPIV3Schema as JsonSchema, at, subresources?.status !== undefined),
  );
  each(
    'spec.additionalPrinterColumns',
    'additionalPrinterColumns',
    shared(({ additionalPrinterColumns }) => additionalPrinterColumns),
    (version, at) =>
      (version.additionalPrinterColumns ?? []).flatMap((column, index) => columnFaults(column, `${at}[${index}]`)),
  );
  each(
    'spec.subresources',
    'subresources',
    shared(({ subresources }) => subresources),
    ({ subresources }, at) => subresourceFaults(subresources, at),
  );
  each(
    'spec.selectableFields',
    'selectableFields',
    shared(({ selectableFields, schema }) => [selectableFields ?? [], schema ?? {}]),
    selectableFaults,
  );
  return errors;
}

function columnFaults({ name, type, jsonPath }: CustomResourceColumnDefinition, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (name === '') errors.push(requiredValue(`${path}.name`));
  if (type === '') errors.push(requiredValue(`${path}.type`, `must be one of ${COLUMN_TYPES.join(',')}`));
  else if (!COLUMN_TYPES.includes(type))
    errors.push(invalid(`${path}.type`, type, `must be one of ${COLUMN_TYPES.join(',')}`));
  return [...errors, ...pathFaults(jsonPath, `${path}.JSONPath`)];
}

/** The path of a column: anything that can be looked up. */
function pathFaults(path: string, field: string): FieldError[] {
  if (path === '') return [requiredValue(field)];
  return path.startsWith('.') && parseJsonPath(path) !== undefined
    ? []
    : [invalid(field, path, 'must be a simple json path starting with .')];
}

function subresourceFaults(subresources: CustomResourceSubresources | undefined, path: string): FieldError[] {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const at = `${path}.scale`;
  const errors = [
    ...scalePathFaults(scale.specReplicasPath, `${at}.specReplicasPath`, '.spec'),
    ...scalePathFaults(scale.statusReplicasPath, `${at}.statusReplicasPath`, '.status'),
  ];
  const selector = scale.labelSelectorPath ?? '';
  if (selector !== '' && !selector.startsWith('.status.') && !selector.startsWith('.spec.')) {
    errors.push(invalid(`${at}.labelSelectorPath`, selector, 'should be a json path under either .status or .spec'));
  }
  return errors;
}

/** The path of a number of replicas: fields only. */
function scalePathFaults(path: string, field: string, under: string): FieldError[] {
  if (path === '') return [requiredValue(field)];
  if (!/^(?:\.[^.[\]]+)+$/.test(path)) return [invalid(field, path, 'must be a simple json path starting with .')];
  return path.startsWith(`${under}.`) ? [] : [invalid(field, path, `should be a json path under ${under}`)];
}

function conversionFaults(conversion: CustomResourceConversion | undefined): FieldError[] {
  if (conversion === undefined) return [];
  const { strategy, webhook } = conversion;
  const errors: FieldError[] = [];
  if (strategy === '') errors.push(requiredValue('spec.conversion.strategy'));
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.push(notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook']));
  const at = 'spec.conversion.webhookClientConfig';
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy !== 'Webhook') {
    if (webhook?.clientConfig !== undefined) errors.push(forbidden(at, NO_WEBHOOK));
    if (versions.length > 0) errors.push(forbidden('spec.conversion.conversionReviewVersions', NO_WEBHOOK));
    return errors;
  }
  if (webhook?.clientConfig === undefined) errors.push(requiredValue(at, 'required when strategy is set to Webhook'));
  else errors.push(...validateClientConfig(webhook.clientConfig, at));
  return [...errors, ...reviewVersionFaults(versions, 'spec.conversion.conversionReviewVersions')];
}

const NO_WEBHOOK = 'should not be set when strategy is not set to Webhook';
/** The versions of ConversionReview that this server speaks. */
const REVIEW_VERSIONS = ['v1', 'v1beta1'];

function reviewVersionFaults(versions: readonly string[], path: string): FieldError[] {
  if (versions.length === 0) return [requiredValue(path)];
  const errors = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [invalid(`${path}[${index}]`, version, 'duplicate version')]
      : dns1035Label(version).map((text) => invalid(`${path}[${index}]`, version, text)),
  );
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version)))
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return errors;
}

/** Upstream: MaxSelectableFields. */
const MAX_SELECTABLE_FIELDS = 8;

function selectableFaults(
  { schema, selectableFields = [] }: CustomResourceDefinitionVersion,
  path: string,
): FieldError[] {
  if (selectableFields.length === 0) return [];
  if (schema?.openAPIV3Schema === undefined)
    return [invalid(path, '', 'selectableFields may only be set when version.schema.openAPIV3Schema is not included')];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { jsonPath }] of selectableFields.entries()) {
    const at = `${path}[${index}].jsonPath`;
    if (jsonPath === '') {
      errors.push(requiredValue(at));
      continue;
    }
    const found = fieldOfSchema(jsonPath, schema.openAPIV3Schema as JsonSchema, false);
    if (found.error !== undefined) {
      errors.push(invalid(at, jsonPath, `is an invalid path: ${found.error}`));
      continue;
    }
    if (found.names[0] === 'metadata') errors.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(String(found.schema['type'])))
      errors.push(
        invalid(
          at,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      );
    const name = found.names.join('.');
    if (seen.has(name)) errors.push(duplicate(at, jsonPath));
    seen.add(name);
  }
  if (seen.size > MAX_SELECTABLE_FIELDS) errors.push(tooMany(path, seen.size, MAX_SELECTABLE_FIELDS));
  return errors;
}

/** As upstream, what was let be stays so. */
function approvalFaults(definition: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const { state, reason } = approvalOf(definition);
  if (old !== undefined && approvalOf(old).state === state) return [];
  const field = `metadata.annotations[${APPROVAL}]`;
  if (state === 'missing') return [requiredValue(field, reason)];
  return state === 'invalid' ? [invalid(field, definition.metadata.annotations?.[APPROVAL] ?? '', reason)] : [];
}

function deprecationFaults({ deprecated, deprecationWarning }: CustomResourceDefinitionVersion): string[] {
  if (deprecationWarning === undefined) return [];
  if (deprecated !== true) return ['can only be set for deprecated versions'];
  const texts: string[] = [];
  if (deprecationWarning.length > 256) texts.push('must be <= 256 characters long');
  if (deprecationWarning === '') texts.push('must not be an empty string');
  const odd = Array.from(deprecationWarning).findIndex((one) => /[\p{C}\p{Zl}\p{Zp}]/u.test(one));
  if (odd >= 0)
    texts.push(`must only contain printable UTF-8 characters; non-printable character found at index ${odd}`);
  return texts;
}
