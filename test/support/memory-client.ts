import { isDeepStrictEqual } from 'node:util';
import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { DeleteOptions } from '#api/meta/delete-options.ts';
import { alreadyExists, notFoundError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { Clock } from '#base/clock.ts';
import type { Client, InformerHandler, StoredObject } from '#server/store/client.ts';
import type { StoredSubresource } from '#server/store/registry.ts';

interface Bucket {
  readonly objects: Map<string, KubeObject>;
  readonly handlers: Set<InformerHandler<KubeObject>>;
}

/**
 * A Client over maps, for tests of what stands on it: uid, resourceVersion, generation, finalizers, propagation and the grace of bound pods
 * are as in the registry; there are no defaults, no validation and no admission.
 */
export class MemoryClient implements Client {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  #revision = 0;
  /** Refuses creates with what it returns, when it returns something. */
  refuse: (kind: Kind, object: KubeObject) => Error | undefined = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): T | undefined {
    return this.#bucket(kind).objects.get(`${namespace}/${name}`) as T | undefined;
  }

  count(kind: Kind, namespace?: string): number {
    return this.list(kind, namespace).length;
  }

  list<T extends KubeObject>(kind: Kind<T>, namespace?: string): readonly T[] {
    const all = [...this.#bucket(kind).objects].sort(([a], [b]) => (a < b ? -1 : 1));
    return all
      .filter(([, object]) => namespace === undefined || (object.metadata.namespace ?? '') === namespace)
      .map(([, object]) => object as T);
  }

  async create<T extends KubeObject>(kind: Kind<T>, given: T): Promise<T> {
    await Promise.resolve();
    const object = structuredClone(given);
    const refusal = this.refuse(kind as unknown as Kind, object);
    if (refusal !== undefined) throw refusal;
    const { metadata } = object;
    metadata.name ??= `${metadata.generateName ?? ''}${randomName()}`;
    const key = `${metadata.namespace ?? ''}/${metadata.name}`;
    if (this.#bucket(kind).objects.has(key)) throw alreadyExists(kind, metadata.name);
    metadata.uid = crypto.randomUUID();
    metadata.creationTimestamp = formatTime(new Date(this.#clock.now()));
    if (kind.hasGeneration) metadata.generation = 1;
    this.#put(kind, key, object);
    return object;
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
    _subresource: StoredSubresource,
    change: (object: T) => void | false,
  ): Promise<T> {
    await Promise.resolve();
    const current = this.get(kind, namespace, name);
    if (current === undefined) throw notFoundError(kind, name);
    const copy = structuredClone(current);
    if (change(copy) === false || isDeepStrictEqual(copy, current)) return current;
    if (kind.hasGeneration && !isDeepStrictEqual(specOf(copy), specOf(current))) {
      copy.metadata.generation = (copy.metadata.generation ?? 0) + 1;
    }
    const goes = copy.metadata.deletionTimestamp !== undefined && !isHeld(copy);
    if (goes && copy.kind !== 'Pod') this.#remove(kind, `${namespace}/${name}`, copy);
    else this.#put(kind, `${namespace}/${name}`, copy);
    return copy;
  }

  async delete<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await Promise.resolve();
    const current = this.get(kind, namespace, name);
    if (current === undefined) return;
    const copy = structuredClone(current);
    const finalizers = new Set(copy.metadata.finalizers);
    if (options.propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
    if (options.propagationPolicy === 'Orphan') finalizers.add('orphan');
    if (finalizers.size > 0) copy.metadata.finalizers = [...finalizers];
    const bound = copy.kind === 'Pod' && (specOf(copy) as { nodeName?: string } | undefined)?.nodeName !== undefined;
    if (!isHeld(copy) && !(bound && options.gracePeriodSeconds !== 0))
      return this.#remove(kind, `${namespace}/${name}`, copy);
    copy.metadata.deletionTimestamp ??= formatTime(new Date(this.#clock.now()));
    this.#put(kind, `${namespace}/${name}`, copy);
  }

  as(): Client {
    return this;
  }

  watch<T extends KubeObject>(kind: Kind<T>, handler: InformerHandler<T>): () => void {
    const { handlers } = this.#bucket(kind);
    const erased = handler as unknown as InformerHandler<KubeObject>;
    handlers.add(erased);
    for (const object of this.list(kind)) handler.added(object);
    return () => handlers.delete(erased);
  }

  watchStored<T extends KubeObject>(kind: Kind<T>, handler: InformerHandler<T, StoredObject<T>>): () => void {
    const stored = (object: T): StoredObject<T> => storedForm(resourceOf(kind), object);
    return this.watch(kind, {
      added: (object) => handler.added(stored(object)),
      modified: (object, previous) => handler.modified(stored(object), stored(previous)),
      deleted: (object) => handler.deleted(stored(object)),
    });
  }

  #bucket(kind: Pick<Kind, 'group' | 'plural'>): Bucket {
    const resource = resourceOf(kind);
    const bucket = this.#buckets.get(resource) ?? { objects: new Map(), handlers: new Set() };
    this.#buckets.set(resource, bucket);
    return bucket;
  }

  #put(kind: Pick<Kind, 'group' | 'plural'>, key: string, object: KubeObject): void {
    const { objects, handlers } = this.#bucket(kind);
    const previous = objects.get(key);
    this.#revision += 1;
    object.metadata.resourceVersion = String(this.#revision);
    objects.set(key, object);
    for (const handler of handlers) {
      if (previous === undefined) handler.added(object);
      else handler.modified(object, previous);
    }
  }

  #remove(kind: Pick<Kind, 'group' | 'plural'>, key: string, last: KubeObject): void {
    const { objects, handlers } = this.#bucket(kind);
    objects.delete(key);
    this.#revision += 1;
    last.metadata.resourceVersion = String(this.#revision);
    for (const handler of handlers) handler.deleted(last);
  }
}

const storedForm = <T extends KubeObject>(resource: string, object: T): StoredObject<T> => ({
  resource,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name ?? '',
  revision: Number(object.metadata.resourceVersion),
  object,
  text: JSON.stringify(object),
});
const specOf = (object: KubeObject): unknown => (object as { spec?: unknown }).spec;
const isHeld = (object: KubeObject): boolean =>
  (object.metadata.finalizers ?? []).length > 0 ||
  (object.kind === 'Namespace' &&
    ((specOf(object) as { finalizers?: string[] } | undefined)?.finalizers ?? []).length > 0);
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const randomName = (): string =>
  Array.from({ length: 5 }, () => LETTERS[Math.floor(Math.random() * LETTERS.length)]).join('');
