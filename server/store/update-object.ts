import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import { type Binding, bindingKind } from '#api/kinds/core/binding.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { invalidShown } from '#api/meta/field-error.ts';
import { validateChange, validateObjectMeta, validateObjectMetaUpdate } from '#api/meta/object-meta-validation.ts';
import { StatusError, badRequest, conflict, invalidError } from '#api/meta/status.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { NO_ALLOCATION } from './allocator.ts';
import { dryRunObject, inRequestsWords, matchNamespace } from './create-object.ts';
import { isReadyToGo, removeObject } from './delete-object.ts';
import type { StoredObject } from './object-store.ts';
import { keepTimes, recordFields, repairFields } from './managed-fields.ts';
import { originOf } from './origin.ts';
import type { RegistryParts } from './registry-parts.ts';
import type { AdmissionRequest, AskedObject, Asks, StoredSubresource, WriteContext } from './registry.ts';
import { inVersion } from './served-version.ts';

/** How often an update begins again because the object changed under it. */
const ATTEMPTS = 100;

/** What an update is. */
export interface UpdateRequest<T extends KubeObject> {
  readonly kind: Kind<T>;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: StoredSubresource;
  readonly change: (current: T) => T | Promise<T>;
  readonly context: WriteContext;
  /** `change` does not look at what is there, so that it needs no copy to change. */
  readonly replaces?: true;
  /** `applied`: what `change` makes has its metadata.managedFields already. */
  readonly fields?: 'applied';
  readonly asks?: Asks;
}

/** Reads, changes, checks and writes; again when the object changed meanwhile, unless the new object insists on a resourceVersion. */
export async function updateObject<T extends KubeObject>(
  parts: RegistryParts,
  request: UpdateRequest<T>,
): Promise<StoredObject<T>> {
  for (let attempt = 1; ; attempt++) {
    const current = parts.mustGet(request.kind, request.namespace, request.name);
    try {
      return await updateOnce(parts, request, current);
    } catch (error) {
      const isStale = error instanceof StatusError && error.reason === 'Conflict' && hasMoved(parts, current);
      if (!isStale || insisting.has(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Conflicts that stay conflicts: the client named a revision or a uid. */
const insisting = new WeakSet<StatusError>();

function insist(error: StatusError): StatusError {
  insisting.add(error);
  return error;
}

const hasMoved = (parts: RegistryParts, seen: StoredObject): boolean =>
  parts.store.get(seen.resource, seen.namespace, seen.name)?.revision !== seen.revision;

function askedOf<T extends KubeObject>(
  { kind, subresource, asks = subresource === 'binding' ? bindingAsked : undefined }: UpdateRequest<T>,
  next: T,
  old: T,
): AskedObject | undefined {
  return asks?.(next, old, kind as unknown as Kind);
}

/** The Binding that puts a pod where it is about to be. */
const bindingAsked: Asks = (next) => {
  const { metadata, spec } = next as Pod;
  const { namespace = '', name = '', uid = '' } = metadata;
  const object: Binding = {
    kind: 'Binding',
    apiVersion: 'v1',
    metadata: { name, namespace, uid },
    target: { kind: 'Node', name: spec?.nodeName ?? '' },
  };
  return { operation: 'CREATE', kind: bindingKind, object, take: () => bindTo(next as Pod, object) };
};

/** Puts the pod on the node that the Binding names: admission may have chosen another. */
export function bindTo(pod: Pod, { target }: Binding): void {
  if (pod.spec !== undefined && (target.name ?? '') !== '') pod.spec.nodeName = target.name ?? '';
}

async function updateOnce<T extends KubeObject>(
  parts: RegistryParts,
  request: UpdateRequest<T>,
  current: StoredObject<T>,
): Promise<StoredObject<T>> {
  const { kind, namespace, name, subresource, context } = request;
  const { object: old } = kind.storedAs === undefined ? current : await inVersion(kind, current);
  const next = await request.change(request.replaces === true ? old : (JSON.parse(current.text) as T));
  matchIdentity(parts.requestKind, request, next, old);
  applySchemaDefaults(kind.schema, next);
  kind.applyDefaults?.(next);
  if (request.fields !== 'applied') {
    const recorded = recordFields(parts, request, next, old);
    if (recorded !== undefined) await recorded;
  }
  keepServersFields(next, old);

  const asked = askedOf(request, next, old);
  const admission: AdmissionRequest = {
    operation: asked?.operation ?? 'UPDATE',
    kind,
    requestKind: parts.requestKind,
    ...(asked === undefined ? {} : { objectKind: asked.kind }),
    subresource,
    namespace,
    name,
    object: asked?.object ?? next,
    old: asked === undefined ? old : asked.old,
    context,
  };
  const { managedFields } = next.metadata;
  await parts.admission.mutate(admission);
  asked?.take();
  repairFields(next, managedFields, context.warnings);
  if (kind.custom && (next.metadata.resourceVersion ?? '') === '') throw unconditional(kind, name);
  prepare(kind, subresource, next, old);
  if (request.fields === 'applied') keepTimes(next, old);
  const faults = inRequestsWords(parts, validate(kind, subresource, next, old), next, old);
  if (faults.length > 0) throw invalidError(kind.faultGroup ?? kind.group, kind.kind, name, faults);
  context.warnings.push(...(kind.warnings?.(next, old) ?? []));
  await parts.admission.validate(admission);

  if (next.metadata.deletionTimestamp !== undefined && isReadyToGo(kind, next)) {
    if (context.dryRun) return dryRunObject(current, next);
    return removeObject(parts, current, next, context);
  }
  // What lies there in an older version is written anew.
  if (old === current.object && Bun.deepEquals(next, old)) return current;
  // Through other subresources the hooks may have carried over parts of `old` itself, which nobody may change.
  const allocation = subresource === '' ? await parts.allocate(next, old, context.dryRun) : NO_ALLOCATION;
  if (context.dryRun) return dryRunObject(current, next);
  try {
    const stored = await parts.store.write({
      operation: 'update',
      resource: resourceOf(kind),
      namespace,
      name,
      expectedRevision: current.revision,
      object: next,
      origin: originOf(context),
    });
    allocation.done();
    return stored as StoredObject<T>;
  } catch (error) {
    await allocation.undo();
    throw error;
  }
}

/** Does the new object mean this object: name, namespace, uid and resourceVersion. What is absent is filled in. A fault speaks of `about`, the kind of the request. */
function matchIdentity<T extends KubeObject>(
  about: Kind,
  { kind, namespace, name, fields }: UpdateRequest<T>,
  next: T,
  old: T,
): void {
  const { metadata } = next;
  if ((metadata.name ?? '') === '')
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${name})`);
  matchNamespace(kind, namespace, next);
  const uid = old.metadata.uid ?? '';
  if ((metadata.uid ?? '') === '') metadata.uid = uid;
  else if (metadata.uid !== uid && fields !== 'applied') {
    // To an apply the uid is a field like others, which validation finds immutable.
    const key = `/registry/${kind.plural}/${namespace === '' ? '' : `${namespace}/`}${name}`;
    const why = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${metadata.uid ?? ''}, UID in object meta: ${uid}`;
    throw insist(conflict(about, name, why));
  }
  const version = metadata.resourceVersion ?? '';
  if (version === '' && allowsUnconditionalUpdate(kind)) metadata.resourceVersion = old.metadata.resourceVersion ?? '';
  else if (version !== '' && !/^\d+$/.test(version))
    throw badRequest(`metadata.resourceVersion: Invalid value: ${JSON.stringify(version)}: must be a number`);
  else if (version !== '' && version !== old.metadata.resourceVersion) throw insist(conflict(about, name));
}

/** Built-in kinds that do not. */
const ONLY_CONDITIONALLY = new Set([
  'leases.coordination.k8s.io',
  'poddisruptionbudgets.policy',
  'apiservices.apiregistration.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io',
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
]);

/** Custom resources, Leases and the like are only replaced by who has seen them (upstream: AllowUnconditionalUpdate). */
const allowsUnconditionalUpdate = (kind: Kind): boolean => !kind.custom && !ONLY_CONDITIONALLY.has(resourceOf(kind));

/** Fields of metadata that a client cannot set: a change of them is not an error but without effect. */
function keepServersFields(next: KubeObject, old: KubeObject): void {
  delete next.metadata.selfLink;
  for (const field of ['creationTimestamp', 'generation'] as const) {
    const value = old.metadata[field];
    if (value === undefined) delete next.metadata[field];
    else Object.assign(next.metadata, { [field]: value });
  }
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    const value = old.metadata[field];
    if (next.metadata[field] === undefined && value !== undefined) Object.assign(next.metadata, { [field]: value });
  }
}

function prepare<T extends KubeObject>(kind: Kind<T>, subresource: StoredSubresource, next: T, old: T): void {
  if (subresource === 'status') {
    if (kind.prepareForStatusUpdate !== undefined) kind.prepareForStatusUpdate(next, old);
    else keepAllButStatus(next, old);
    return;
  }
  // binding, finalize and the like change what the main resource may not.
  if (subresource !== '' && subresource !== 'scale') {
    kind.prepareForSubresourceUpdate?.(subresource, next, old);
    return bumpGeneration(kind, next, old);
  }
  kind.prepareForUpdate?.(next, old);
  if (kind.custom && kind.hasStatus) setField(next, 'status', (old as { status?: unknown }).status);
  bumpGeneration(kind, next, old);
}

function keepAllButStatus(next: KubeObject, old: KubeObject): void {
  for (const field of new Set([...Object.keys(next), ...Object.keys(old)]))
    if (field !== 'status' && field !== 'metadata')
      setField(next, field, (old as unknown as Record<string, unknown>)[field]);
}

function setField(object: KubeObject, field: string, value: unknown): void {
  const fields = object as unknown as Record<string, unknown>;
  if (value === undefined) delete fields[field];
  else fields[field] = value;
}

/** metadata.generation counts changes of what is wanted: all but metadata and status. */
function bumpGeneration<T extends KubeObject>(kind: Kind<T>, next: T, old: T): void {
  if (!kind.hasGeneration || Bun.deepEquals(wanted(next), wanted(old))) return;
  next.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

function wanted(object: KubeObject): unknown {
  const { metadata: _, status: __, ...rest } = object as KubeObject & { status?: unknown };
  return rest;
}

function validate<T extends KubeObject>(kind: Kind<T>, subresource: StoredSubresource, next: T, old: T) {
  if (subresource === '' || subresource === 'scale') return validateChange(kind, next, old);
  const metadata = [
    ...validateObjectMeta(next.metadata, kind),
    ...validateObjectMetaUpdate(next.metadata, old.metadata),
  ];
  if (subresource === 'status') return [...metadata, ...(kind.validateStatusUpdate?.(next, old) ?? [])];
  return [
    ...metadata,
    ...(kind.validate?.(next) ?? []),
    ...(kind.validateSubresourceUpdate?.(subresource, next, old) ?? []),
  ];
}

/** Custom objects are only ever updated by their revision. Upstream's store says it, before validation and with the resource for a kind. */
const unconditional = (kind: Kind, name: string): StatusError =>
  invalidError(kind.group, kind.plural, name, [
    invalidShown('metadata.resourceVersion', '0x0', 'must be specified for an update'),
  ]);
