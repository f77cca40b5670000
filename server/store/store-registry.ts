import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { DeleteOptions } from '#api/meta/delete-options.ts';
import { alreadyExists, notFoundError } from '#api/meta/status.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import { type Allocator, NO_ALLOCATION } from './allocator.ts';
import { createObject } from './create-object.ts';
import { type Deletion, deleteObject } from './delete-object.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import type { RegistryParts } from './registry-parts.ts';
import type { Admission, Registry, StoredSubresource, WriteContext } from './registry.ts';
import { updateObject } from './update-object.ts';

/** What the registry needs. */
export interface RegistryOptions {
  readonly store: ObjectStore;
  readonly admission: Admission;
  readonly clock?: Clock;
  /** By resource, e.g. `services`. */
  readonly allocators?: Readonly<Record<string, Allocator>>;
}

/** The rules of writes over an ObjectStore; each verb is a file beside this one. */
export class StoreRegistry implements Registry {
  readonly #store: ObjectStore;
  readonly #admission: Admission;
  readonly #clock: Clock;
  readonly #allocators: Readonly<Record<string, Allocator>>;

  constructor({ store, admission, clock = systemClock, allocators = {} }: RegistryOptions) {
    this.#store = store;
    this.#admission = admission;
    this.#clock = clock;
    this.#allocators = allocators;
  }

  get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): StoredObject<T> {
    const stored = this.#store.get(resourceOf(kind), namespace, name);
    if (stored === undefined) throw notFoundError(kind, name);
    return stored as StoredObject<T>;
  }

  create<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    object: T,
    context: WriteContext,
  ): Promise<StoredObject<T>> {
    return createObject(this.#parts(kind), kind, namespace, object, context);
  }

  update<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    change: (current: T) => T | Promise<T>,
    context: WriteContext,
    options: { readonly subresource?: StoredSubresource } = {},
  ): Promise<StoredObject<T>> {
    const { subresource = '' } = options;
    return updateObject(this.#parts(kind), { kind, namespace, name, subresource, change, context });
  }

  delete<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<Deletion<T>> {
    return deleteObject(this.#parts(kind), { kind, namespace, name, options, context });
  }

  #parts(kind: Kind): RegistryParts {
    const allocator = this.#allocators[resourceOf(kind)];
    return {
      store: this.#store,
      admission: this.#admission,
      clock: this.#clock,
      mustGet: (wanted, namespace, name) => this.get(wanted, namespace, name),
      alreadyExists: (wanted, name) => alreadyExists(wanted, name),
      allocate: (object, old, dryRun) =>
        allocator === undefined ? Promise.resolve(NO_ALLOCATION) : allocator.allocate(object, old, dryRun),
    };
  }
}
