import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { StoredObject } from '#server/store/client.ts';

/** `resource|namespace|name`: an object of any kind. */
export const objectKey = (kind: Pick<Kind, 'group' | 'plural'>, { metadata }: KubeObject): string =>
  `${resourceOf(kind)}|${metadata.namespace ?? ''}|${metadata.name ?? ''}`;

/** The same of an object as it is stored. */
export const storedKey = ({ resource, namespace, name }: StoredObject): string => `${resource}|${namespace}|${name}`;

/** The parts of an object key. */
export function readObjectKey(key: string): { resource: string; namespace: string; name: string } {
  const [resource = '', namespace = '', name = ''] = key.split('|');
  return { resource, namespace, name };
}

/** Who names whom as owner: the keys of dependents by the uid of their owner, whether or not that owner is there. */
export class Dependents {
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #owners = new Map<string, readonly string[]>();

  /** Takes in the owner references that an object has now. */
  set(key: string, object: KubeObject): void {
    const uids = (object.metadata.ownerReferences ?? []).map((reference) => reference.uid);
    if (uids.length === 0 && !this.#owners.has(key)) return;
    this.#forget(key);
    if (uids.length === 0) return;
    this.#owners.set(key, uids);
    for (const uid of uids) {
      const keys = this.#byOwner.get(uid) ?? new Set();
      this.#byOwner.set(uid, keys.add(key));
    }
  }

  /** Forgets an object that is gone. */
  delete(key: string): void {
    this.#forget(key);
  }

  /** The keys of what names `owner` as its owner. */
  of(owner: KubeObject): readonly string[] {
    return [...(this.#byOwner.get(owner.metadata.uid ?? '') ?? [])];
  }

  #forget(key: string): void {
    for (const uid of this.#owners.get(key) ?? []) {
      const keys = this.#byOwner.get(uid);
      keys?.delete(key);
      if (keys?.size === 0) this.#byOwner.delete(uid);
    }
    this.#owners.delete(key);
  }
}
