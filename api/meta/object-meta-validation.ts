import type { Kind, KubeObject } from '#api/kind.ts';
import { type FieldError, forbidden, invalid, requiredValue, tooLong } from './field-error.ts';
import { byteLength, dns1123Label, dns1123Subdomain, labelValue, nameOf, qualifiedName } from './names.ts';
import type { ObjectMeta, OwnerReference } from './object-meta.ts';

/** The most that all annotations of an object may take, keys and values, in bytes (apimachinery: TotalAnnotationSizeLimitB). */
export const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/** Why a field that must stay as it was created may not change. */
export const IMMUTABLE = 'field is immutable';

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** metadata.name of kinds that ask for nothing narrower: an RFC 1123 subdomain. */
export const subdomainName = nameOf(dns1123Subdomain);
/** metadata.name of kinds whose name is an RFC 1123 label. */
export const labelName = nameOf(dns1123Label);

/** The faults of an object's metadata by itself, in upstream's order. Runs on create and on update. */
export function validateObjectMeta(
  meta: ObjectMeta,
  kind: { readonly scope: Kind['scope']; readonly validateName?: (name: string, prefix: boolean) => string[] },
): FieldError[] {
  const errors: FieldError[] = [];
  const check = kind.validateName ?? subdomainName;
  const { name = '', generateName = '', namespace = '' } = meta;
  if (generateName !== '')
    errors.push(...check(generateName, true).map((text) => invalid('metadata.generateName', generateName, text)));
  if (name === '') errors.push(requiredValue('metadata.name', 'name or generateName is required'));
  else errors.push(...check(name, false).map((text) => invalid('metadata.name', name, text)));
  if (kind.scope === 'Cluster') {
    if (namespace !== '') errors.push(forbidden('metadata.namespace', 'not allowed on this type'));
  } else if (namespace === '') errors.push(requiredValue('metadata.namespace'));
  else errors.push(...labelName(namespace, false).map((text) => invalid('metadata.namespace', namespace, text)));
  if ((meta.generation ?? 0) < 0)
    errors.push(invalid('metadata.generation', meta.generation, 'must be greater than or equal to 0'));
  errors.push(...validateLabels(meta.labels, 'metadata.labels'));
  errors.push(...validateAnnotations(meta.annotations, 'metadata.annotations'));
  errors.push(...validateOwnerReferences(meta.ownerReferences, 'metadata.ownerReferences'));
  errors.push(...validateFinalizers(meta.finalizers, 'metadata.finalizers'));
  return errors;
}

/** The faults of a change of metadata. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp !== undefined) {
    const added = (meta.finalizers ?? []).filter((one) => !(old.finalizers ?? []).includes(one)).sort();
    if (added.length > 0)
      errors.push(
        forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(', ')}}`,
        ),
      );
  }
  if ((meta.resourceVersion ?? '') === '')
    errors.push(invalid('metadata.resourceVersion', '', 'must be specified for an update'));
  if ((meta.generation ?? 0) < (old.generation ?? 0))
    errors.push(invalid('metadata.generation', meta.generation ?? 0, 'must not be decremented'));
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp'] as const)
    if ((meta[field] ?? '') !== (old[field] ?? ''))
      errors.push(invalid(`metadata.${field}`, meta[field] ?? '', IMMUTABLE));
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const)
    if (meta[field] !== old[field]) errors.push(invalid(`metadata.${field}`, meta[field], IMMUTABLE));
  return errors;
}

/** The faults of labels at `path`. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const text of qualifiedName(key)) errors.push(invalid(path, key, text));
    for (const text of labelValue(value)) errors.push(invalid(path, value, text));
  }
  return errors;
}

/** The faults of annotations at `path`: keys, and the size of all together. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const text of qualifiedName(key.toLowerCase())) errors.push(invalid(path, key, text));
    size += byteLength(key) + byteLength(value);
  }
  if (size > MAX_ANNOTATIONS_BYTES) errors.push(tooLong(path, MAX_ANNOTATIONS_BYTES));
  return errors;
}

function validateOwnerReferences(references: readonly OwnerReference[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const reference of references ?? []) {
    const { apiVersion, kind, name, uid } = reference;
    if (!/^([^/]*\/)?[^/]+$/.test(apiVersion))
      errors.push(invalid(`${path}.apiVersion`, apiVersion, 'version must not be empty'));
    if (kind === '') errors.push(invalid(`${path}.kind`, kind, 'kind must not be empty'));
    if (name === '') errors.push(invalid(`${path}.name`, name, 'name must not be empty'));
    if (uid === '') errors.push(invalid(`${path}.uid`, uid, 'uid must not be empty'));
    if (apiVersion === 'v1' && kind === 'Event')
      errors.push(invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner'));
    if (reference.controller === true) {
      if (controller !== undefined)
        errors.push(
          invalid(
            path,
            references,
            `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
          ),
        );
      else controller = name;
    }
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const list = finalizers ?? [];
  for (const finalizer of list) errors.push(...qualifiedName(finalizer).map((text) => invalid(path, finalizer, text)));
  if (list.includes('orphan') && list.includes('foregroundDeletion'))
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  for (const [index, finalizer] of list.entries())
    if (!finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer))
      errors.push(invalid(`${path}[${index}]`, finalizer, UNQUALIFIED_FINALIZER));
  return errors;
}

/** Why a finalizer without a slash is refused. */
export const UNQUALIFIED_FINALIZER = 'name is neither a standard finalizer name nor is it fully qualified';

/** All faults of an object that is to be created: metadata first, then what the kind says. */
export const validateCreate = <T extends KubeObject>(kind: Kind<T>, object: T): FieldError[] => [
  ...validateObjectMeta(object.metadata, kind),
  ...(kind.validate?.(object) ?? []),
  ...(kind.validateCreate?.(object) ?? []),
];

/**
 * All faults of an object that is to replace `old`. The faults of changed metadata count twice, as upstream's two checks give them
 * (the message names each once); of custom resources once.
 */
export const validateChange = <T extends KubeObject>(kind: Kind<T>, object: T, old: T): FieldError[] => {
  const changed = validateObjectMetaUpdate(object.metadata, old.metadata);
  return [
    ...changed,
    ...(kind.custom ? [] : changed),
    ...validateObjectMeta(object.metadata, kind),
    ...(kind.updateRulesOnly === true ? [] : (kind.validate?.(object) ?? [])),
    ...(kind.validateUpdate?.(object, old) ?? []),
  ];
};
