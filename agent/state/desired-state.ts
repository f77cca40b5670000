import { join } from 'node:path';
import type { KubeObject } from '#api/kind.ts';
import type { HelloFrame, ObjectKey, SyncedResource } from '#api/wire/frames.ts';
import type { Logger } from '#base/logger.ts';
import { type ObjectFileOptions, objectPath, readObjects, removeObject, writeObject } from './object-file.ts';

/** Told of every change: the object as it is now, or undefined when it is gone. */
export type DesiredListener = (key: ObjectKey, object: KubeObject | undefined) => void;

/** What a DesiredState needs. */
export interface DesiredStateOptions {
  /** The agent's data directory; objects lie below `state/`. */
  readonly dataDir: string;
  readonly log: Logger;
}

/** Every resource of which the hub keeps a node informed. */
export const SYNCED_RESOURCES: readonly SyncedResource[] = [
  'pods',
  'configmaps',
  'secrets',
  'services',
  'endpointslices.discovery.k8s.io',
  'nodes',
  'namespaces',
];

/**
 * What this node should be, as the hub last said it: kept in memory for the readers, and on disk so that a reboot with no server in reach
 * brings the same pods back.
 *
 * Memory is changed at once and listeners are told at once; the disk follows, one write at a time for an object and only its newest form.
 * What differs only in its status is not written again (a node's own status comes back to it with every change, and flash wears out), but for
 * a pod's phase and start time: a job that has run must not run again after a reboot.
 *
 * A link that begins calls `known` for its hello. The hub answers with differences: what it sends, or what was in that `known` and not removed
 * since, is confirmed. At `synced` everything else is dropped.
 */
export class DesiredState {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #objects = new Map<SyncedResource, Map<ObjectKey, KubeObject>>();
  readonly #unconfirmed = new Map<SyncedResource, Set<ObjectKey>>();
  readonly #listeners = new Map<SyncedResource, Set<DesiredListener>>();
  readonly #syncedListeners = new Set<() => void>();
  readonly #writes = new Map<string, Promise<void>>();
  readonly #newest = new Map<string, KubeObject | undefined>();
  #synced = false;

  constructor(options: DesiredStateOptions) {
    this.#directory = join(options.dataDir, 'state');
    this.#log = options.log;
    for (const resource of SYNCED_RESOURCES) {
      this.#objects.set(resource, new Map());
      this.#listeners.set(resource, new Set());
    }
  }

  /** Reads what an earlier run left. Listeners added before are told of every object. */
  async load(): Promise<void> {
    for (const resource of SYNCED_RESOURCES) {
      const broken = (path: string) => this.#log.warn({ path }, 'dropped a file that holds no object');
      for (const object of await readObjects(join(this.#directory, resource), broken)) {
        const key = keyOf(object);
        this.#of(resource).set(key, object);
        const unconfirmed = this.#unconfirmed.get(resource) ?? new Set();
        this.#unconfirmed.set(resource, unconfirmed.add(key));
        this.#tell(resource, key, object);
      }
    }
  }

  /** The object is so now. */
  upsert(resource: SyncedResource, object: KubeObject): void {
    const objects = this.#objects.get(resource);
    if (objects === undefined) return;
    const key = keyOf(object);
    const old = objects.get(key);
    this.#unconfirmed.get(resource)?.delete(key);
    objects.set(key, object);
    if (old === undefined || worthWriting(resource, old, object)) this.#persist(resource, key, object);
    this.#tell(resource, key, object);
  }

  /** The object is gone. */
  remove(resource: SyncedResource, key: ObjectKey): void {
    this.#unconfirmed.get(resource)?.delete(key);
    if (this.#objects.get(resource)?.delete(key) !== true) return;
    this.#persist(resource, key, undefined);
    this.#tell(resource, key, undefined);
  }

  /** The hub has sent everything: what it neither sent nor let stand is dropped. */
  synced(): void {
    for (const [resource, keys] of this.#unconfirmed) for (const key of keys) this.remove(resource, key);
    this.#unconfirmed.clear();
    this.#synced = true;
    for (const listener of this.#syncedListeners) listener();
  }

  /** Has a hub confirmed this state since the agent started. */
  get isSynced(): boolean {
    return this.#synced;
  }

  /** What is held, for a hello: resource → key → resourceVersion. All of it counts as confirmed unless the hub removes it. */
  known(): HelloFrame['known'] {
    const known: Partial<Record<SyncedResource, Record<ObjectKey, string>>> = {};
    for (const [resource, objects] of this.#objects) {
      const versions: Record<ObjectKey, string> = {};
      for (const [key, object] of objects) versions[key] = object.metadata.resourceVersion ?? '';
      known[resource] = versions;
    }
    this.#unconfirmed.clear();
    return known;
  }

  /** One object; the caller says its type. Treat it as frozen. */
  get<T extends KubeObject>(resource: SyncedResource, key: ObjectKey): T | undefined {
    return this.#of(resource).get(key) as T | undefined;
  }

  /** All objects of a resource; the caller says their type. Treat them as frozen. */
  list<T extends KubeObject>(resource: SyncedResource): T[] {
    return [...this.#of(resource).values()] as T[];
  }

  /** Calls `listener` at every change of a resource; returns the end of it. */
  onChange(resource: SyncedResource, listener: DesiredListener): () => void {
    this.#listeners.get(resource)?.add(listener);
    return () => this.#listeners.get(resource)?.delete(listener);
  }

  /** Calls `listener` each time a hub has sent everything; returns the end of it. */
  onSynced(listener: () => void): () => void {
    this.#syncedListeners.add(listener);
    return () => this.#syncedListeners.delete(listener);
  }

  /** Resolves when all that was told is on disk. */
  async flush(): Promise<void> {
    while (this.#writes.size > 0) await Promise.all(this.#writes.values());
  }

  #of(resource: SyncedResource): Map<ObjectKey, KubeObject> {
    return this.#objects.get(resource) ?? new Map();
  }

  #tell(resource: SyncedResource, key: ObjectKey, object: KubeObject | undefined): void {
    for (const listener of this.#listeners.get(resource) ?? []) listener(key, object);
  }

  #persist(resource: SyncedResource, key: ObjectKey, object: KubeObject | undefined): void {
    const path = objectPath(join(this.#directory, resource), key);
    this.#newest.set(path, object);
    if (this.#writes.has(path)) return;
    const write = this.#write(path, fileOptions(resource)).finally(() => this.#writes.delete(path));
    this.#writes.set(path, write);
  }

  async #write(path: string, options: ObjectFileOptions): Promise<void> {
    while (this.#newest.has(path)) {
      const object = this.#newest.get(path);
      this.#newest.delete(path);
      try {
        await (object === undefined ? removeObject(path) : writeObject(path, object, options));
      } catch (error) {
        // A full disk must not stop the node: memory holds the truth until the next change.
        this.#log.error({ err: error, path }, 'cannot keep desired state on disk');
      }
    }
  }
}

/** `namespace/name`, or `name` for a cluster-scoped object. */
export function keyOf(object: KubeObject): ObjectKey {
  const { namespace, name = '' } = object.metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** Secrets are the owner's only, and only pods are worth a flush of the medium: the rest comes again with the next link. */
const fileOptions = (resource: SyncedResource): ObjectFileOptions =>
  resource === 'secrets'
    ? { mode: 0o600, directoryMode: 0o700, durable: false }
    : { mode: 0o600, directoryMode: 0o755, durable: resource === 'pods' };

function worthWriting(resource: SyncedResource, old: KubeObject, object: KubeObject): boolean {
  if (resource !== 'pods' && resource !== 'nodes') return true;
  return JSON.stringify(essence(old)) !== JSON.stringify(essence(object));
}

/** What of an object must survive a reboot: all but its status, its version and who wrote which field. */
function essence(object: KubeObject): unknown {
  const { status, ...rest } = object as KubeObject & { status?: { phase?: string; startTime?: string } };
  const { resourceVersion: _version, managedFields: _fields, ...metadata } = object.metadata;
  return { ...rest, metadata, phase: status?.phase, startTime: status?.startTime };
}
