import { isDeepStrictEqual } from 'node:util';
import type { Kind, KubeObject } from '#api/kind.ts';
import type { OwnerReference } from '#api/meta/object-meta.ts';
import { watchAllKinds } from '#server/reconcile/all-kinds.ts';
import { orUndefined } from '#server/reconcile/claim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { dropOwners } from '#server/reconcile/owner-references.ts';
import { type Controller, DONE } from '#server/reconcile/reconciler.ts';
import type { StoredObject } from '#server/store/client.ts';
import { Dependents, objectKey, readObjectKey, storedKey } from './garbagecollector/dependents.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/**
 * Deletes what has lost all its owners, and carries out foreground and orphaning deletions (upstream: pkg/controller/garbagecollector).
 * For an object with owner references, whichever kind it is of:
 *
 *   an owner is there and stays          → kept; references to owners that are gone or going are dropped
 *   all gone                             → deleted, in the way its own finalizers say
 *   none stays, one waits in foreground  → deleted in the foreground, too, when it has dependents
 *
 * For an object that is being deleted with a finalizer: `orphan` = its dependents lose their reference, then the finalizer goes; `foregroundDeletion` =
 * its dependents are deleted, and when no blocking one is left the finalizer goes. The cache is never stale, so absence needs no second look.
 */
export function garbageCollector(context: ControllerContext): Controller {
  const { client, kinds } = context;
  const dependents = new Dependents();
  return {
    workers: 8,
    watch(queue) {
      const addAll = (keys: Iterable<string>): void => {
        for (const key of keys) queue.add(key);
      };
      const ownersOf = (object: KubeObject): string[] =>
        (object.metadata.ownerReferences ?? []).flatMap((reference) => {
          const found = ownerOf(context, object, reference);
          return found?.object === undefined ? [] : [objectKey(found.kind, found.object)];
        });
      return watchAllKinds(client, kinds, {
        added(stored) {
          const key = storedKey(stored);
          if (!mayConcernUs(stored)) return dependents.delete(key);
          dependents.set(key, stored.object);
          if (concernsUs(stored.object)) queue.add(key);
        },
        modified(stored, before) {
          if (!mayConcernUs(stored) && !mayConcernUs(before)) return;
          const { object } = stored;
          const previous = before.object;
          const { ownerReferences } = object.metadata;
          const moved = !isDeepStrictEqual(ownerReferences, previous.metadata.ownerReferences);
          if (moved) dependents.set(storedKey(stored), object);
          if (isMarked(object) && !isMarked(previous)) addAll(dependents.of(object));
          if (isMarked(object) || (moved && concernsUs(object))) queue.add(storedKey(stored));
          // A reference that no longer blocks, or is gone, may be what an owner waits for.
          if (moved) addAll(ownersOf(previous));
        },
        deleted(stored) {
          dependents.delete(storedKey(stored));
          addAll(dependents.of(stored.object));
          addAll(ownersOf(stored.object));
        },
      });
    },
    async reconcile(key) {
      const { resource, namespace, name } = readObjectKey(key);
      const kind = kinds.ofResource(resource);
      const object = kind === undefined ? undefined : client.get(kind, namespace, name);
      if (kind === undefined || object === undefined) return DONE;
      if (object.metadata.deletionTimestamp !== undefined) await finishDeletion(context, dependents, kind, object);
      else await collect(context, dependents, kind, object);
      return DONE;
    },
  };
}

/**
 * Can it have owners or be on its way out, told without parsing it. A string in JSON has no bare quotes, so no such key is overlooked; one
 * deeper in the object is a false alarm.
 */
const mayConcernUs = ({ text }: StoredObject): boolean =>
  text.includes('"ownerReferences":') || text.includes('"deletionTimestamp":');
const has = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) === true;
/** Is it being deleted in a way that this controller carries out. */
const isMarked = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined && (has(object, FOREGROUND) || has(object, ORPHAN));
const isForeground = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined && has(object, FOREGROUND);
const concernsUs = (object: KubeObject): boolean =>
  (object.metadata.ownerReferences ?? []).length > 0 || isMarked(object);

/** The kind of an owner and the owner itself, if it is there under that uid. Undefined = its kind is not served, so nothing can be said. */
function ownerOf(
  { client, kinds }: ControllerContext,
  dependent: KubeObject,
  reference: OwnerReference,
): { readonly kind: Kind; readonly object: KubeObject | undefined } | undefined {
  const kind = kinds.ofObject(reference.apiVersion, reference.kind);
  if (kind === undefined) return undefined;
  const namespace = dependent.metadata.namespace ?? '';
  // A cluster-scoped object cannot be owned by a namespaced one: which namespace would that be in.
  if (kind.scope === 'Namespaced' && namespace === '') return undefined;
  const object = client.get(kind, kind.scope === 'Namespaced' ? namespace : '', reference.name);
  return { kind, object: object?.metadata.uid === reference.uid ? object : undefined };
}

async function collect(
  context: ControllerContext,
  dependents: Dependents,
  kind: Kind,
  object: KubeObject,
): Promise<void> {
  const references = object.metadata.ownerReferences ?? [];
  if (references.length === 0) return;
  const gone = new Set<string>();
  const waiting = new Set<string>();
  for (const reference of references) {
    const owner = ownerOf(context, object, reference);
    if (owner === undefined) continue;
    if (owner.object === undefined) gone.add(reference.uid);
    else if (isForeground(owner.object)) waiting.add(reference.uid);
  }
  if (gone.size + waiting.size === 0) return;
  if (gone.size + waiting.size < references.length) return drop(context, kind, object, new Set([...gone, ...waiting]));
  const inForeground = waiting.size > 0 && dependents.of(object).length > 0;
  const policy = has(object, ORPHAN) ? 'Orphan' : inForeground || has(object, FOREGROUND) ? 'Foreground' : 'Background';
  // Owners in a circle would wait for each other.
  if (inForeground && dependentObjects(context, dependents, object).some((one) => isForeground(one.object)))
    await unblock(context, kind, object);
  await remove(context, kind, object, policy);
}

async function finishDeletion(
  context: ControllerContext,
  dependents: Dependents,
  kind: Kind,
  object: KubeObject,
): Promise<void> {
  const found = dependentObjects(context, dependents, object);
  if (has(object, ORPHAN)) {
    const uids = new Set([object.metadata.uid ?? '']);
    await Promise.all(found.map((one) => drop(context, one.kind, one.object, uids)));
    return removeFinalizer(context, kind, object, ORPHAN);
  }
  if (!has(object, FOREGROUND)) return;
  const blocking = found.filter((one) =>
    one.object.metadata.ownerReferences?.some(
      (reference) => reference.uid === object.metadata.uid && reference.blockOwnerDeletion === true,
    ),
  );
  if (blocking.length === 0) return removeFinalizer(context, kind, object, FOREGROUND);
  const left = found.filter((one) => one.object.metadata.deletionTimestamp === undefined);
  await Promise.all(left.map((one) => collect(context, dependents, one.kind, one.object)));
}

const dependentObjects = (
  { client, kinds }: ControllerContext,
  dependents: Dependents,
  owner: KubeObject,
): { readonly kind: Kind; readonly object: KubeObject }[] =>
  dependents.of(owner).flatMap((key) => {
    const { resource, namespace, name } = readObjectKey(key);
    const kind = kinds.ofResource(resource);
    const object = kind === undefined ? undefined : client.get(kind, namespace, name);
    return kind === undefined || object === undefined ? [] : [{ kind, object }];
  });

async function drop(
  { client }: ControllerContext,
  kind: Kind,
  object: KubeObject,
  uids: ReadonlySet<string>,
): Promise<void> {
  const { namespace = '', name = '', uid } = object.metadata;
  await orUndefined(
    client.update(kind, namespace, name, (copy) => (copy.metadata.uid === uid ? dropOwners(copy, uids) : false)),
  );
}

/** Its owners wait for it no more. */
async function unblock({ client }: ControllerContext, kind: Kind, object: KubeObject): Promise<void> {
  const { namespace = '', name = '', uid } = object.metadata;
  await orUndefined(
    client.update(kind, namespace, name, (copy) => {
      if (copy.metadata.uid !== uid) return false;
      for (const reference of copy.metadata.ownerReferences ?? []) reference.blockOwnerDeletion = false;
      return undefined;
    }),
  );
}

async function removeFinalizer(
  { client }: ControllerContext,
  kind: Kind,
  object: KubeObject,
  finalizer: string,
): Promise<void> {
  const { namespace = '', name = '', uid } = object.metadata;
  await orUndefined(
    client.update(kind, namespace, name, (copy) => {
      if (copy.metadata.uid !== uid) return false;
      const left = copy.metadata.finalizers?.filter((one) => one !== finalizer) ?? [];
      if (left.length === 0) delete copy.metadata.finalizers;
      else copy.metadata.finalizers = left;
      return undefined;
    }),
  );
}

const remove = ({ client }: ControllerContext, kind: Kind, { metadata }: KubeObject, policy: string): Promise<void> =>
  client.delete(kind, metadata.namespace ?? '', metadata.name ?? '', {
    propagationPolicy: policy,
    ...(metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } }),
  });
