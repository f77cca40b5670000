import { type Kind, type KubeObject, resourceOf, storedKindOf } from '#api/kind.ts';
import type { DeleteOptions } from '#api/meta/delete-options.ts';
import { alreadyExists, notFoundError } from '#api/meta/status.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import { type Allocator, NO_ALLOCATION } from './allocator.ts';
import { applyObject } from './apply-object.ts';
import { createObject } from './create-object.ts';
import { type Deletion, deleteObject } from './delete-object.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';
import type { RegistryParts } from './registry-parts.ts';
import type {
  Admission,
  AdmissionRequest,
  Configuration,
  Registry,
  StoredSubresource,
  UpdateOptions,
  WriteContext,
} from './registry.ts';
import { changeOfStored, inVersion, toStored } from './served-version.ts';
import { updateObject } from './update-object.ts';

/** What the registry needs. */
export interface RegistryOptions {
  readonly store: ObjectStore;
  readonly admission: Admission;
  readonly clock?: Clock;
  /** By resource, e.g. `services`. */
  readonly allocators?: Readonly<Record<string, Allocator>>;
  /** A served version of a kind, by apiVersion and Kind name: owners of fields may speak of another than the request. Default: none but that. */
  readonly kindOf?: (apiVersion: string, kindName: string) => Kind | undefined;
}

/** The rules of writes over an ObjectStore; each verb is a file beside this one. */
export class StoreRegistry implements Registry {
  readonly #store: ObjectStore;
  readonly #admission: Admission;
  readonly #clock: Clock;
  readonly #allocators: Readonly<Record<string, Allocator>>;
  readonly #kindOf: RegistryParts['kindOf'];

  constructor({ store, admission, clock = systemClock, allocators = {}, kindOf = () => undefined }: RegistryOptions) {
    this.#store = store;
    this.#admission = admission;
    this.#clock = clock;
    this.#allocators = allocators;
    this.#kindOf = kindOf;
  }

  async admit(request: AdmissionRequest): Promise<void> {
    await this.#admission.mutate(request);
    await this.#admission.validate(request);
  }

  get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): StoredObject<T> {
    return this.#found(kind, kind, namespace, name);
  }

  async create<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    object: T,
    context: WriteContext,
  ): Promise<StoredObject<T>> {
    const stored = storedKindOf(kind);
    const given = kind.storedAs === undefined ? object : await toStored(kind, object);
    const request = { kind: stored, namespace, object: given, context };
    return inVersion(kind, await createObject(this.#parts(kind), request));
  }

  async update<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    change: (current: T) => T | Promise<T>,
    context: WriteContext,
    { subresource = '', ...options }: UpdateOptions = {},
  ): Promise<StoredObject<T>> {
    const request = {
      kind: storedKindOf(kind),
      namespace,
      name,
      subresource,
      change: changeOfStored(kind, change),
      context,
      ...options,
    };
    return inVersion(kind, await updateObject(this.#parts(kind), request));
  }

  async apply<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    configuration: Configuration<T>,
    context: WriteContext,
    { subresource = '' }: { readonly subresource?: StoredSubresource } = {},
  ): Promise<{ readonly stored: StoredObject<T>; readonly isNew: boolean }> {
    const request = { kind, namespace, name, subresource, configuration, context };
    const { stored, isNew } = await applyObject(this.#parts(kind), request);
    return { stored: await inVersion(kind, stored), isNew };
  }

  async delete<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<Deletion<T>> {
    const request = { kind: storedKindOf(kind), namespace, name, options, context };
    const { stored, status } = await deleteObject(this.#parts(kind), request);
    return {
      ...(stored === undefined ? {} : { stored: await inVersion(kind, stored) }),
      ...(status === undefined ? {} : { status }),
    };
  }

  /** `about` is the kind that the request named: an error speaks of it, not of the version that is stored. */
  #found<T extends KubeObject>(kind: Kind<T>, about: Kind, namespace: string, name: string): StoredObject<T> {
    const stored = this.#store.get(resourceOf(kind), namespace, name);
    if (stored === undefined) throw notFoundError(about, name);
    return stored as StoredObject<T>;
  }

  #parts(kind: Kind): RegistryParts {
    const allocator = this.#allocators[resourceOf(kind)];
    return {
      requestKind: kind,
      store: this.#store,
      admission: this.#admission,
      clock: this.#clock,
      kindOf: this.#kindOf,
      mustGet: (wanted, namespace, name) => this.#found(wanted, kind, namespace, name),
      alreadyExists: (_, name) => alreadyExists(kind, name),
      allocate: (object, old, dryRun) =>
        allocator === undefined ? Promise.resolve(NO_ALLOCATION) : allocator.allocate(object, old, dryRun),
    };
  }
}
