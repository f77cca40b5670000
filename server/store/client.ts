import type { Kind, KubeObject } from '#api/kind.ts';
import type { DeleteOptions } from '#api/meta/delete-options.ts';
import type { StoredObject } from './object-store.ts';
import type { StoredSubresource } from './registry.ts';

/**
 * The API for parts in this process (controllers, scheduler, node sessions): typed, same rules as HTTP, no encoding.
 * Reads are of the shared cache: never change what they return. `update` gets a private copy to change. Whatever version a kind is of, reads
 * answer what is stored: parts of the server take the kind that is.
 */
export interface Client {
  get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): T | undefined;
  /** How many there are; looks at none of them. */
  count(kind: Kind, namespace?: string): number;
  /** In key order. */
  list<T extends KubeObject>(kind: Kind<T>, namespace?: string): readonly T[];
  create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  /** `change` edits the copy in place, or returns false to leave the object alone; runs again on a conflict. NotFound rejects. */
  update<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    change: (object: T) => void | false,
  ): Promise<T>;
  /** As `update`, through /status. */
  updateStatus<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    change: (object: T) => void | false,
  ): Promise<T>;
  /** As `update`, through another subresource that stores: `binding` (a pod's spec.nodeName), `finalize` (a namespace's spec.finalizers). */
  updateSubresource<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    subresource: StoredSubresource,
    change: (object: T) => void | false,
  ): Promise<T>;
  /** Resolves also when the object was gone already. */
  delete<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string, options?: DeleteOptions): Promise<void>;
  /** The same client under another user name, which is what history and field managers show, e.g. `system:serviceaccount:kube-system:deployment-controller`. */
  as(userName: string): Client;
  /**
   * An informer on the shared cache: `handler` is called for every object there is (as added, synchronously), then for every change.
   * Returns the end of it.
   */
  watch<T extends KubeObject>(kind: Kind<T>, handler: InformerHandler<T>): () => void;
  /**
   * As `watch`, with the objects as they are stored. Reading `object` parses it, and the parsed form stays as long as the object: a watcher of
   * kinds that there may be many of (ConfigMaps, all kinds) goes by name and text as far as they tell.
   */
  watchStored<T extends KubeObject>(kind: Kind<T>, handler: InformerHandler<T, StoredObject<T>>): () => void;
}

/** What an informer tells. Handlers must be quick and must not throw: they note keys, they do no work. */
export interface InformerHandler<T extends KubeObject, Form = T> {
  added(object: Form): void;
  modified(object: Form, previous: Form): void;
  deleted(object: Form): void;
}

export type { StoredObject };
