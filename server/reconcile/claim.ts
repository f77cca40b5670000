import type { Kind, KubeObject } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Client } from '#server/store/client.ts';
import { controllerOf, controllerReference, dropOwners, isControlledBy } from './owner-references.ts';

/** What a claim is about: the owner, the kind of what it claims, and which of them it wants. */
export interface ClaimOptions<T extends KubeObject> {
  readonly client: Client;
  readonly owner: KubeObject;
  readonly kind: Kind<T>;
  readonly matches: (object: T) => boolean;
}

/**
 * The objects among `candidates` that `owner` controls, after adopting and releasing (upstream: ControllerRefManager):
 * its own that no longer match are released; orphans that match are adopted, unless they or the owner are being deleted;
 * what another controller owns is left alone.
 */
export async function claim<T extends KubeObject>(candidates: readonly T[], options: ClaimOptions<T>): Promise<T[]> {
  const claimed = await Promise.all(candidates.map((candidate) => claimOne(candidate, options)));
  return claimed.filter((object) => object !== undefined);
}

async function claimOne<T extends KubeObject>(object: T, options: ClaimOptions<T>): Promise<T | undefined> {
  const { owner, matches } = options;
  const ownerGoes = owner.metadata.deletionTimestamp !== undefined;
  if (controllerOf(object) !== undefined) {
    if (!isControlledBy(object, owner)) return undefined;
    if (matches(object)) return object;
    if (!ownerGoes) await release(object, options);
    return undefined;
  }
  if (ownerGoes || !matches(object) || object.metadata.deletionTimestamp !== undefined) return undefined;
  return adopt(object, options);
}

/** Makes the owner the controller of an orphan; undefined when it is gone, or when another one was first. */
async function adopt<T extends KubeObject>(
  object: T,
  { client, owner, kind }: ClaimOptions<T>,
): Promise<T | undefined> {
  const { namespace = '', name = '', uid } = object.metadata;
  const adopted = await orUndefined(
    client.update(kind, namespace, name, (copy) => {
      if (copy.metadata.uid !== uid || controllerOf(copy) !== undefined) return false;
      copy.metadata.ownerReferences = [...(copy.metadata.ownerReferences ?? []), controllerReference(owner)];
      return undefined;
    }),
  );
  return adopted !== undefined && isControlledBy(adopted, owner) ? adopted : undefined;
}

async function release<T extends KubeObject>(object: T, { client, owner, kind }: ClaimOptions<T>): Promise<void> {
  const { namespace = '', name = '', uid } = object.metadata;
  await orUndefined(
    client.update(kind, namespace, name, (copy) => {
      if (copy.metadata.uid !== uid) return false;
      return dropOwners(copy, new Set([owner.metadata.uid ?? '']));
    }),
  );
}

/** The result, or undefined when the object is gone meanwhile. */
export async function orUndefined<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
