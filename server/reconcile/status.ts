import { isDeepStrictEqual } from 'node:util';
import type { Kind, KubeObject } from '#api/kind.ts';
import type { Client } from '#server/store/client.ts';
import { orUndefined } from './claim.ts';

/** An object with a status of its own shape. */
type WithStatus<S> = KubeObject & { status?: S };

/**
 * Writes the status that `statusOf` makes of the current object, unless it is the same already. The object may be gone, or another one
 * may bear its name by now: then nothing is written, and undefined is returned.
 */
export async function writeStatus<S, T extends WithStatus<S>>(
  client: Client,
  kind: Kind<T>,
  object: T,
  statusOf: (current: T) => NonNullable<T['status']>,
): Promise<T | undefined> {
  const { namespace = '', name = '', uid } = object.metadata;
  const cached = client.get(kind, namespace, name);
  if (cached === undefined || cached.metadata.uid !== uid) return undefined;
  if (isDeepStrictEqual(cached.status, statusOf(cached))) return cached;
  return orUndefined(
    client.updateStatus(kind, namespace, name, (copy) => {
      if (copy.metadata.uid !== uid) return false;
      copy.status = statusOf(copy);
      return undefined;
    }),
  );
}
