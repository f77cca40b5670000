import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { DeleteOptions } from '#api/meta/delete-options.ts';
import { type FieldError, invalid, notSupported } from '#api/meta/field-error.ts';
import { type Status, StatusError, conflict, invalidError } from '#api/meta/status.ts';
import { formatTime, parseTime } from '#api/meta/time.ts';
import { dryRunObject } from './create-object.ts';
import type { StoredObject } from './object-store.ts';
import { originOf } from './origin.ts';
import type { RegistryParts } from './registry-parts.ts';
import type { AdmissionRequest, WriteContext } from './registry.ts';

/** What a deletion answers: the object that stays for now (or that its kind shows even when gone), or a Status. */
export interface Deletion<T extends KubeObject> {
  readonly stored?: StoredObject<T>;
  readonly status?: Status;
}

/** What is to be deleted, and how. */
export interface DeleteRequest<T extends KubeObject> {
  readonly kind: Kind<T>;
  readonly namespace: string;
  readonly name: string;
  readonly options: DeleteOptions;
  readonly context: WriteContext;
}

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

/** Kinds whose DELETE answers the object that was deleted (upstream: ReturnDeletedObject). */
const SHOWN_WHEN_DELETED = new Set([
  'pods',
  'services',
  'serviceaccounts',
  'podtemplates',
  'resourcequotas',
  'persistentvolumes',
  'persistentvolumeclaims',
  'jobs.batch',
  'storageclasses.storage.k8s.io',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
]);

/** Throws Invalid when the options contradict each other or name an unknown policy (apimachinery: ValidateDeleteOptions). */
export function checkDeleteOptions({ orphanDependents, propagationPolicy }: DeleteOptions): void {
  const errors: FieldError[] = [];
  if (orphanDependents !== undefined && propagationPolicy !== undefined)
    errors.push(
      invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  if (propagationPolicy !== undefined && !POLICIES.some((policy) => policy === propagationPolicy))
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']));
  if (errors.length > 0) throw invalidError('meta.k8s.io', 'DeleteOptions', '', errors);
}

/**
 * Deletes an object, or marks it for deletion when finalizers or a grace period hold it; again when it changed meanwhile.
 * Rejects with Conflict when a precondition does not hold.
 */
export async function deleteObject<T extends KubeObject>(
  parts: RegistryParts,
  request: DeleteRequest<T>,
): Promise<Deletion<T>> {
  checkDeleteOptions(request.options);
  const { kind, namespace, name, context } = request;
  const { warning } = kind.orphansDependents ?? {};
  if (warning !== undefined && !asksForPropagation(request.options) && !context.warnings.includes(warning))
    context.warnings.push(warning);
  for (;;) {
    const current = parts.mustGet(kind, namespace, name);
    checkPreconditions(kind, name, request.options, current.object);
    const admission: AdmissionRequest = {
      operation: 'DELETE',
      kind,
      requestKind: parts.requestKind,
      subresource: '',
      namespace,
      name,
      object: undefined,
      old: current.object,
      context,
    };
    await parts.admission.mutate(admission);
    await parts.admission.validate(admission);
    try {
      return await deleteOnce(parts, request, current);
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'Conflict')) throw error;
    }
  }
}

function checkPreconditions(kind: Kind, name: string, { preconditions }: DeleteOptions, object: KubeObject): void {
  // Upstream names the Kind here, not the resource.
  const about = { group: kind.group, plural: kind.kind };
  const { uid = '', resourceVersion = '' } = object.metadata;
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    const why = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(about, name, why);
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw conflict(about, name, why);
  }
}

async function deleteOnce<T extends KubeObject>(
  parts: RegistryParts,
  { kind, namespace, name, options, context }: DeleteRequest<T>,
  current: StoredObject<T>,
): Promise<Deletion<T>> {
  const next = JSON.parse(current.text) as T;
  const now = parts.clock.now();
  if (next.metadata.deletionTimestamp === undefined) kind.prepareForDelete?.(next, formatTime(new Date(now)));
  setFinalizers(next, options, kind.orphansDependents !== undefined);
  const grace = kind.gracefulDeletionSeconds?.(next, options.gracePeriodSeconds);
  // What goes at once and knows no grace is shown as it was.
  if (grace !== undefined || !isReadyToGo(kind, next)) mark(kind, next, now, grace ?? 0);
  if (isReadyToGo(kind, next)) {
    const gone = context.dryRun
      ? dryRunObject({ resource: current.resource, namespace, name }, next)
      : await removeObject(parts, current, next, context);
    return answer(kind, parts.requestKind, gone);
  }
  if (Bun.deepEquals(next, current.object)) return { stored: current };
  if (context.dryRun) return { stored: dryRunObject({ resource: current.resource, namespace, name }, next) };
  const stored = await parts.store.write({
    operation: 'update',
    resource: current.resource,
    namespace,
    name,
    expectedRevision: current.revision,
    object: next,
    origin: originOf(context),
  });
  return { stored: stored as StoredObject<T> };
}

function answer<T extends KubeObject>(kind: Kind<T>, about: Kind, gone: StoredObject<T>): Deletion<T> {
  if (SHOWN_WHEN_DELETED.has(resourceOf(kind))) return { stored: gone };
  const { uid = '' } = gone.object.metadata;
  const details = { name: gone.name, ...(about.group === '' ? {} : { group: about.group }), kind: about.plural, uid };
  return { status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } };
}

const asksForPropagation = ({ orphanDependents, propagationPolicy }: DeleteOptions): boolean =>
  propagationPolicy !== undefined || orphanDependents !== undefined;

/**
 * The garbage collector's finalizers follow the propagation that was asked for; with none asked for, those that are there stay, and with none there
 * dependents are left where the kind says so (apiserver: shouldOrphanDependents).
 */
function setFinalizers(object: KubeObject, options: DeleteOptions, orphansByDefault: boolean): void {
  const { orphanDependents, propagationPolicy } = options;
  const existing = object.metadata.finalizers ?? [];
  const asked = asksForPropagation(options);
  const orphan = asked
    ? orphanDependents === true || propagationPolicy === 'Orphan'
    : existing.includes(ORPHAN) || (orphansByDefault && !existing.includes(FOREGROUND));
  const foreground = asked ? propagationPolicy === 'Foreground' : existing.includes(FOREGROUND);
  const finalizers = existing.filter((one) => one !== ORPHAN && one !== FOREGROUND);
  if (orphan) finalizers.push(ORPHAN);
  else if (foreground) finalizers.push(FOREGROUND);
  if (finalizers.length > 0) object.metadata.finalizers = finalizers;
  else delete object.metadata.finalizers;
}

/** Sets when the object is to be gone. A second request may only shorten the grace (apiserver: rest.BeforeDelete). */
function mark(kind: Kind, object: KubeObject, nowMs: number, grace: number): void {
  const { metadata } = object;
  const before = metadata.deletionGracePeriodSeconds ?? 0;
  if (metadata.deletionTimestamp !== undefined) {
    if (grace >= before) return;
    const begun = (parseTime(metadata.deletionTimestamp)?.getTime() ?? nowMs) - before * 1000;
    metadata.deletionTimestamp = formatTime(new Date(begun + grace * 1000));
  } else {
    metadata.deletionTimestamp = formatTime(new Date(nowMs + grace * 1000));
    if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
  }
  metadata.deletionGracePeriodSeconds = grace;
  if (!isNamespace(kind)) return;
  delete metadata.deletionGracePeriodSeconds;
  const namespace = object as KubeObject & { status?: { phase?: string } };
  namespace.status = { ...namespace.status, phase: 'Terminating' };
}

/** Does nothing hold a marked object any more: no finalizer, no grace left, and for a namespace no content. */
export function isReadyToGo(kind: Kind, object: KubeObject): boolean {
  const { finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata;
  if (finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  return !isNamespace(kind) || ((object as { spec?: { finalizers?: string[] } }).spec?.finalizers ?? []).length === 0;
}

const isNamespace = (kind: Kind): boolean => kind.group === '' && kind.kind === 'Namespace';

/** Takes an object out of the store; `last` is its final state. */
export async function removeObject<T extends KubeObject>(
  parts: RegistryParts,
  current: StoredObject<T>,
  last: T,
  context: WriteContext,
): Promise<StoredObject<T>> {
  const stored = await parts.store.write({
    operation: 'delete',
    resource: current.resource,
    namespace: current.namespace,
    name: current.name,
    expectedRevision: current.revision,
    object: last,
    origin: originOf(context),
  });
  return stored as StoredObject<T>;
}
