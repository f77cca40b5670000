import { type Kind, type KubeObject, apiVersionOf } from '#api/kind.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { CachedObject } from './cached-object.ts';
import { encode, withRevision } from './encoding.ts';
import type { StoredObject } from './object-store.ts';

/**
 * Between the version that a request speaks and the one that is stored. For a kind without `storedAs` nothing here costs anything, and nothing
 * is a promise.
 */

/** A stored object in the version of `kind`: itself when it is of that already. Rejects when a conversion fails. */
export function inVersion<T extends KubeObject>(
  kind: Kind<T>,
  stored: StoredObject,
): StoredObject<T> | Promise<StoredObject<T>> {
  if (kind.storedAs === undefined) return stored as StoredObject<T>;
  const all = allInVersion(kind, [stored]);
  return all instanceof Promise ? all.then((objects) => only(objects)) : only(all);
}

/** As `inVersion`, for a list, which is converted in one go. */
export function allInVersion<T extends KubeObject>(
  kind: Kind<T>,
  stored: readonly StoredObject[],
): readonly StoredObject<T>[] | Promise<readonly StoredObject<T>[]> {
  const { storedAs } = kind;
  if (storedAs === undefined) return stored as readonly StoredObject<T>[];
  const head = `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(apiVersionOf(kind))},`;
  const others = stored.filter(({ text }) => !text.startsWith(head));
  if (others.length === 0) return stored as readonly StoredObject<T>[];
  const merge = (converted: readonly T[]): readonly StoredObject<T>[] => {
    let next = 0;
    return stored.map((one) =>
      one.text.startsWith(head) ? (one as StoredObject<T>) : served(one, converted[next++] as T),
    );
  };
  const converted = storedAs.fromStored(others.map(({ object }) => object));
  return converted instanceof Promise ? converted.then(merge) : merge(converted);
}

/** What is answered for a dry run has no revision. */
function served<T extends KubeObject>(stored: StoredObject, object: T): StoredObject<T> {
  const { revision } = stored;
  const text = revision === 0 ? JSON.stringify(object) : withRevision(encode(object), revision);
  return new CachedObject(stored, revision, text, object) as unknown as StoredObject<T>;
}

/** An object of a request in the form that is stored, with the defaults of its own version. The object given is used up. */
export function toStored<T extends KubeObject>(kind: Kind<T>, object: T): KubeObject | Promise<KubeObject> {
  const { storedAs } = kind;
  if (storedAs?.kind === undefined) return object;
  applySchemaDefaults(kind.schema, object);
  kind.applyDefaults?.(object);
  const converted = storedAs.toStored([object]);
  return converted instanceof Promise ? converted.then((objects) => only(objects)) : only(converted);
}

/** A change of an object of `kind` as one of what is stored. */
export function changeOfStored<T extends KubeObject>(
  kind: Kind<T>,
  change: (current: T) => T | Promise<T>,
): (current: KubeObject) => KubeObject | Promise<KubeObject> {
  const { storedAs } = kind;
  if (storedAs === undefined) return change as unknown as (current: KubeObject) => KubeObject | Promise<KubeObject>;
  return async (current) => {
    const isServed = current.apiVersion === apiVersionOf(kind) && current.kind === kind.kind;
    const own = isServed ? (current as T) : only(await storedAs.fromStored([current]));
    return toStored(kind, await change(own));
  };
}

function only<T>(objects: readonly T[]): T {
  const [object] = objects;
  if (object === undefined || objects.length !== 1)
    throw new Error(`Cannot convert an object: ${objects.length} came back for 1`);
  return object;
}
