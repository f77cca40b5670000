import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { DeleteOptions } from '#api/meta/delete-options.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Client, InformerHandler } from './client.ts';
import type { ObjectEvent, ObjectStore, StoredObject } from './object-store.ts';
import type { Registry, StoredSubresource, User, WriteContext } from './registry.ts';

/** The typed client of parts in this process, writing as `userName` (default `system:apiserver`, in system:masters). */
export const createClient = (registry: Registry, store: ObjectStore, userName = 'system:apiserver'): Client =>
  new StoreClient(registry, store, userName);

/** The names by which parts of a Kubernetes own fields; tools look for them. All others are controllers. */
const FIELD_MANAGERS: Readonly<Record<string, string>> = {
  'system:apiserver': 'kube-apiserver',
  'system:kube-scheduler': 'kube-scheduler',
  'system:nodes': 'kubelet',
};
const managerOf = (user: string): string => FIELD_MANAGERS[user] ?? 'kube-controller-manager';

/** Thrown through the registry when a change leaves the object alone; never seen outside. */
const LEFT_ALONE = new Error('the change leaves the object alone');

class StoreClient implements Client {
  readonly #registry: Registry;
  readonly #store: ObjectStore;
  readonly #user: User;

  constructor(registry: Registry, store: ObjectStore, userName: string) {
    this.#registry = registry;
    this.#store = store;
    this.#user = { name: userName, groups: ['system:masters', 'system:authenticated'] };
  }

  get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): T | undefined {
    return this.#store.get(resourceOf(kind), namespace, name)?.object as T | undefined;
  }

  count(kind: Kind, namespace?: string): number {
    return this.#store.list(resourceOf(kind), namespace).length;
  }

  list<T extends KubeObject>(kind: Kind<T>, namespace?: string): readonly T[] {
    return this.#store.list(resourceOf(kind), namespace).map((stored) => stored.object as T);
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    const copy = structuredClone(object);
    const stored = await this.#registry.create(kind, object.metadata.namespace ?? '', copy, this.#context());
    return stored.object;
  }

  update<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    change: (object: T) => void | false,
  ): Promise<T> {
    return this.updateSubresource(kind, namespace, name, '', change);
  }

  updateStatus<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    change: (object: T) => void | false,
  ): Promise<T> {
    return this.updateSubresource(kind, namespace, name, 'status', change);
  }

  async updateSubresource<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    subresource: StoredSubresource,
    change: (object: T) => void | false,
  ): Promise<T> {
    const apply = (current: T): T => {
      if (change(current) === false) throw LEFT_ALONE;
      return current;
    };
    try {
      const stored = await this.#registry.update(kind, namespace, name, apply, this.#context(), { subresource });
      return stored.object;
    } catch (error) {
      if (error !== LEFT_ALONE) throw error;
      return this.#registry.get(kind, namespace, name).object;
    }
  }

  async delete<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    try {
      await this.#registry.delete(kind, namespace, name, options, this.#context());
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
    }
  }

  as(userName: string): Client {
    return new StoreClient(this.#registry, this.#store, userName);
  }

  watch<T extends KubeObject>(kind: Kind<T>, handler: InformerHandler<T>): () => void {
    return this.watchStored(kind, {
      added: (stored) => handler.added(stored.object),
      modified: (stored, previous) => handler.modified(stored.object, previous.object),
      deleted: (stored) => handler.deleted(stored.object),
    });
  }

  watchStored<T extends KubeObject>(kind: Kind<T>, handler: InformerHandler<T, StoredObject<T>>): () => void {
    const resource = resourceOf(kind);
    const known = this.#store.list(resource);
    for (const stored of known) handler.added(stored as StoredObject<T>);
    return this.#store.subscribe(resource, this.#store.revision(), { event: (event) => tell(handler, event) });
  }

  #context(): WriteContext {
    return { user: this.#user, dryRun: false, fieldManager: managerOf(this.#user.name), warnings: [] };
  }
}

function tell<T extends KubeObject>(handler: InformerHandler<T, StoredObject<T>>, event: ObjectEvent): void {
  const { type, stored, previous } = event as ObjectEvent<T>;
  if (type === 'DELETED') handler.deleted(stored);
  else if (previous === undefined) handler.added(stored);
  else handler.modified(stored, previous);
}
