import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { FieldError } from '#api/meta/field-error.ts';
import { validateCreate } from '#api/meta/object-meta-validation.ts';
import { StatusError, badRequest, invalidError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { CachedObject, type ObjectKey } from './cached-object.ts';
import { encode, withRevision } from './encoding.ts';
import { generateName } from './names.ts';
import { recordFields, repairFields } from './managed-fields.ts';
import { originOf } from './origin.ts';
import type { StoredObject } from './object-store.ts';
import type { RegistryParts } from './registry-parts.ts';
import type { AdmissionRequest, WriteContext } from './registry.ts';

/** How often another suffix is tried when a generated name is taken (apiserver: maxNameGenerationCreateAttempts). */
const NAME_ATTEMPTS = 8;

/** What is to be created. */
export interface CreateRequest<T extends KubeObject> {
  readonly kind: Kind<T>;
  readonly namespace: string;
  readonly object: T;
  readonly context: WriteContext;
  /** `applied`: the object has its metadata.managedFields already. */
  readonly fields?: 'applied';
}

/**
 * Creates an object: names it, fills in what the server knows, runs defaults, notes who owns its fields, runs admission, hooks and validation,
 * and stores it.
 */
export async function createObject<T extends KubeObject>(
  parts: RegistryParts,
  request: CreateRequest<T>,
): Promise<StoredObject<T>> {
  const { kind, namespace, object } = request;
  matchNamespace(kind, namespace, object);
  const generated = (object.metadata.name ?? '') === '' ? (object.metadata.generateName ?? '') : '';
  for (let attempt = 1; ; attempt++) {
    const draft = generated === '' ? object : structuredClone(object);
    if (generated !== '') draft.metadata.name = generateName(generated);
    try {
      return await createNamed(parts, { ...request, object: draft });
    } catch (error) {
      const isTaken = error instanceof StatusError && error.reason === 'AlreadyExists';
      if (generated === '' || !isTaken || attempt === NAME_ATTEMPTS) throw error;
    }
  }
}

async function createNamed<T extends KubeObject>(
  parts: RegistryParts,
  { kind, namespace, object, context, fields }: CreateRequest<T>,
): Promise<StoredObject<T>> {
  const { metadata } = object;
  const wasVersioned = (metadata.resourceVersion ?? '') !== '';
  for (const field of ['selfLink', 'resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const)
    delete metadata[field];
  metadata.uid = crypto.randomUUID();
  metadata.creationTimestamp = formatTime(new Date(parts.clock.now()));
  applySchemaDefaults(kind.schema, object);
  kind.applyDefaults?.(object);
  if (fields !== 'applied') {
    const recorded = recordFields(parts, { kind, subresource: '', context }, object, undefined);
    if (recorded !== undefined) await recorded;
  }

  const name = metadata.name ?? '';
  const request: AdmissionRequest = {
    operation: 'CREATE',
    kind,
    requestKind: parts.requestKind,
    subresource: '',
    namespace,
    name,
    object,
    old: undefined,
    context,
  };
  const { managedFields } = metadata;
  await parts.admission.mutate(request);
  repairFields(object, managedFields, context.warnings);
  prepare(kind, object);
  const faults = inRequestsWords(parts, validateCreate(kind, object), object);
  if (faults.length > 0) throw invalidError(kind.faultGroup ?? kind.group, kind.kind, name, faults);
  context.warnings.push(...(kind.warnings?.(object) ?? []));
  await parts.admission.validate(request);
  if (wasVersioned) throw badRequest('resourceVersion should not be set on objects to be created');

  const resource = resourceOf(kind);
  const allocation = await parts.allocate(object, undefined, context.dryRun);
  if (context.dryRun) {
    if (parts.store.get(resource, namespace, name) !== undefined) throw parts.alreadyExists(kind, name);
    return dryRunObject({ resource, namespace, name }, object);
  }
  try {
    const stored = await parts.store.write({
      operation: 'create',
      resource,
      namespace,
      name,
      expectedRevision: 0,
      object,
      origin: originOf(context),
    });
    allocation.done();
    return stored as StoredObject<T>;
  } catch (error) {
    await allocation.undo();
    // The store knows only the resource, which has the group of the stored version.
    const isTaken = error instanceof StatusError && error.reason === 'AlreadyExists';
    throw isTaken ? parts.alreadyExists(kind, name) : error;
  }
}

/** Another version of a kind may have other rules. */
export const inRequestsWords = (
  { requestKind }: Pick<RegistryParts, 'requestKind'>,
  faults: FieldError[],
  object: KubeObject,
  old?: KubeObject,
): FieldError[] => requestKind.storedAs?.validate?.(faults, object, old) ?? faults;

function prepare<T extends KubeObject>(kind: Kind<T>, object: T): void {
  kind.prepareForCreate?.(object);
  // A CRD has no hooks; a built-in kind without one (Node) lets its status in.
  if (kind.custom && kind.hasStatus && 'status' in object) delete object.status;
  if (kind.hasGeneration) object.metadata.generation = 1;
}

/** An object that would have been stored: it has no resourceVersion, or that of the object it would have changed. */
export function dryRunObject<T extends KubeObject>(
  { resource, namespace, name, revision = 0 }: ObjectKey & { readonly revision?: number },
  object: T,
): StoredObject<T> {
  const encoded = encode(object);
  const text =
    revision > 0
      ? withRevision(encoded, revision)
      : encoded.replace('"resourceVersion":"",', '').replace(',"resourceVersion":""', '');
  return new CachedObject({ resource, namespace, name }, revision, text, object) as unknown as StoredObject<T>;
}

/** The namespace in a body must be that of the URL, or absent; cluster-scoped objects have none (apiserver: EnsureObjectNamespaceMatchesRequestNamespace). */
export function matchNamespace(kind: Kind, namespace: string, object: KubeObject): void {
  const given = object.metadata.namespace ?? '';
  if (kind.scope === 'Cluster' || namespace === '') {
    delete object.metadata.namespace;
    return;
  }
  if (given !== '' && given !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  object.metadata.namespace = namespace;
}
