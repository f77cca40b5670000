import type { Kind, KubeObject } from '#api/kind.ts';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { secretKind } from '#api/kinds/core/secret.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import type { ObjectKey, SyncedResource } from '#api/wire/frames.ts';
import type { Client, StoredObject } from '#server/store/client.ts';
import { podReferences } from './pod-references.ts';

/** Where a change goes: the session of a node notes the key and sends what the object is by then. */
export interface FeedListener {
  changed(resource: SyncedResource, key: ObjectKey): void;
}

/** What every node gets of: all objects of these kinds. */
const SHARED_KINDS: readonly (readonly [SyncedResource, Kind])[] = [
  ['namespaces', namespaceKind as unknown as Kind],
  ['nodes', nodeKind as unknown as Kind],
  ['services', serviceKind as unknown as Kind],
  ['endpointslices.discovery.k8s.io', endpointSliceKind as unknown as Kind],
];

/** What one node's pods need. */
interface NodeShare {
  readonly pods: Map<ObjectKey, Pod>;
  /** How many of the pods name it. */
  readonly references: Map<string, number>;
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export const objectKey = ({ metadata: { namespace = '', name = '' } }: KubeObject): ObjectKey =>
  namespace === '' ? name : `${namespace}/${name}`;

const referenceId = (resource: 'configmaps' | 'secrets', key: ObjectKey): string => `${resource} ${key}`;

/**
 * Which object is which node's business. One watch per kind serves all sessions, whatever their number: a pod goes to the node it is bound to,
 * a ConfigMap or Secret to the nodes with a pod that names it, the rest to all. Only keys are passed on; a session reads the object when it sends.
 */
export class NodeFeeds {
  readonly #client: Client;
  readonly #shares = new Map<string, NodeShare>();
  readonly #listeners = new Map<string, Set<FeedListener>>();
  /** ConfigMaps and Secrets → the nodes that need them. */
  readonly #nodesOf = new Map<string, Set<string>>();
  readonly #ends: (() => void)[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  /** Begins to watch. */
  start(): void {
    for (const [resource, kind] of SHARED_KINDS) {
      const tell = (object: KubeObject) => this.#tellAll(resource, objectKey(object));
      this.#ends.push(this.#client.watch(kind, { added: tell, modified: tell, deleted: tell }));
    }
    for (const [resource, kind] of [
      ['configmaps', configMapKind as unknown as Kind],
      ['secrets', secretKind as unknown as Kind],
    ] as const) {
      const tell = ({ namespace, name }: StoredObject) => this.#tellReferring(resource, `${namespace}/${name}`);
      this.#ends.push(this.#client.watchStored(kind, { added: tell, modified: tell, deleted: tell }));
    }
    this.#ends.push(
      this.#client.watch(podKind, {
        added: (pod) => this.#podIs(pod),
        modified: (pod, previous) => {
          if (previous.spec?.nodeName !== pod.spec?.nodeName) this.#podGone(previous);
          this.#podIs(pod);
        },
        deleted: (pod) => this.#podGone(pod),
      }),
    );
  }

  /** Ends all watches. */
  stop(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  /** Tells `listener` of what concerns `nodeName` from now on; returns the end of it. */
  listen(nodeName: string, listener: FeedListener): () => void {
    const listeners = this.#listeners.get(nodeName) ?? new Set();
    this.#listeners.set(nodeName, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(nodeName) === listeners) this.#listeners.delete(nodeName);
    };
  }

  /** Everything that concerns a node now, what pods need before the pods. */
  *concerning(nodeName: string): Generator<readonly [SyncedResource, ObjectKey, KubeObject]> {
    for (const [resource, kind] of SHARED_KINDS)
      for (const object of this.#client.list(kind)) yield [resource, objectKey(object), object];
    const share = this.#shares.get(nodeName);
    for (const reference of share?.references.keys() ?? []) {
      const [resource, key] = reference.split(' ') as ['configmaps' | 'secrets', string];
      const object = this.find(nodeName, resource, key);
      if (object !== undefined) yield [resource, key, object];
    }
    for (const [key, pod] of share?.pods ?? []) yield ['pods', key, pod];
  }

  /** The object as it is now, if it is there and the node's business. */
  find(nodeName: string, resource: SyncedResource, key: ObjectKey): KubeObject | undefined {
    if (resource === 'pods') return this.#shares.get(nodeName)?.pods.get(key);
    const [namespace, name] = key.includes('/') ? key.split('/') : ['', key];
    if (resource === 'configmaps' || resource === 'secrets') {
      if (this.#shares.get(nodeName)?.references.has(referenceId(resource, key)) !== true) return undefined;
      const kind = (resource === 'configmaps' ? configMapKind : secretKind) as unknown as Kind;
      return this.#client.get(kind, namespace ?? '', name ?? '');
    }
    const kind = SHARED_KINDS.find(([shared]) => shared === resource)?.[1];
    return kind === undefined ? undefined : this.#client.get(kind, namespace ?? '', name ?? '');
  }

  #podIs(pod: Pod): void {
    const nodeName = pod.spec?.nodeName ?? '';
    if (nodeName === '') return;
    const share = this.#shares.get(nodeName) ?? { pods: new Map(), references: new Map() };
    this.#shares.set(nodeName, share);
    const key = objectKey(pod);
    const previous = share.pods.get(key);
    share.pods.set(key, pod);
    this.#refer(nodeName, share, pod, 1);
    if (previous !== undefined) this.#refer(nodeName, share, previous, -1);
    this.#tell(nodeName, 'pods', key);
  }

  #podGone(pod: Pod): void {
    const nodeName = pod.spec?.nodeName ?? '';
    const share = this.#shares.get(nodeName);
    const key = objectKey(pod);
    const held = share?.pods.get(key);
    if (share === undefined || held === undefined) return;
    share.pods.delete(key);
    this.#tell(nodeName, 'pods', key);
    this.#refer(nodeName, share, held, -1);
    if (share.pods.size === 0) this.#shares.delete(nodeName);
  }

  /** Counts a pod's references in or out; what begins or ceases to be needed is told, so that it is sent or withdrawn. */
  #refer(nodeName: string, share: NodeShare, pod: Pod, by: 1 | -1): void {
    const references = podReferences(pod);
    const namespace = pod.metadata.namespace ?? '';
    for (const resource of ['configmaps', 'secrets'] as const) {
      for (const name of references[resource]) {
        const key = `${namespace}/${name}`;
        const id = referenceId(resource, key);
        const before = share.references.get(id) ?? 0;
        const after = before + by;
        const nodes = this.#nodesOf.get(id) ?? new Set();
        if (after > 0) {
          share.references.set(id, after);
          this.#nodesOf.set(id, nodes.add(nodeName));
        } else {
          share.references.delete(id);
          nodes.delete(nodeName);
          if (nodes.size === 0) this.#nodesOf.delete(id);
        }
        if (before === 0 || after === 0) this.#tell(nodeName, resource, key);
      }
    }
  }

  #tellReferring(resource: 'configmaps' | 'secrets', key: ObjectKey): void {
    for (const nodeName of this.#nodesOf.get(referenceId(resource, key)) ?? []) this.#tell(nodeName, resource, key);
  }

  #tellAll(resource: SyncedResource, key: ObjectKey): void {
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.changed(resource, key);
  }

  #tell(nodeName: string, resource: SyncedResource, key: ObjectKey): void {
    for (const listener of this.#listeners.get(nodeName) ?? []) listener.changed(resource, key);
  }
}
