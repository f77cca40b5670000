import type { KubeObject } from '#api/kind.ts';
import type { ObjectStore, ObjectWrite } from '#server/store/object-store.ts';
import { ChurnObjects, randomNumbers } from './objects.ts';

const NAMESPACE = 'churn';

/** Of a hundred writes, which: most are status updates, as in a cluster at work; Events come and expire by themselves. */
const MIX = { pods: 38, leases: 20, deployments: 12, nodes: 5, configmaps: 5, events: 12, recurring: 4, replaced: 4 };
type Act = keyof typeof MIX;
const ACTS = Object.entries(MIX).flatMap(([act, share]) => Array.from({ length: share }, () => act as Act));

/** How many there are of each kind at all times, Events aside. */
const SIZES = {
  pods: 500,
  'leases.coordination.k8s.io': 60,
  'deployments.apps': 150,
  nodes: 12,
  configmaps: 200,
} as const;
type Resource = keyof typeof SIZES;

/** Writes to a store what a busy cluster would. Each object is written by one at a time, so no write is in vain. */
export class ChurnWorkload {
  readonly #store: ObjectStore;
  readonly #random: () => number;
  readonly #objects: ChurnObjects;
  readonly #busy = new Set<string>();
  #serial = 0;
  #recent: string[] = [];

  constructor(store: ObjectStore, seed: number) {
    this.#store = store;
    this.#random = randomNumbers(seed);
    this.#objects = new ChurnObjects(this.#random);
  }

  /** Makes what there is before the first hour. */
  async fill(): Promise<void> {
    for (const [resource, count] of Object.entries(SIZES)) {
      const names = Array.from({ length: count }, (_, index) => `${resource}-${index}`);
      await Promise.all(names.map((name, index) => this.#create(resource, name, this.#make(resource, name, index))));
    }
  }

  /** One write, or two where a pod is replaced by another. Resolves with how many. */
  async next(): Promise<number> {
    const act = ACTS[Math.floor(this.#random() * ACTS.length)] ?? 'pods';
    if (act === 'events') return this.#newEvent();
    if (act === 'recurring') return this.#recur();
    if (act === 'replaced') return this.#replacePod();
    if (act === 'leases') return this.#update('leases.coordination.k8s.io');
    return this.#update(act === 'deployments' ? 'deployments.apps' : act);
  }

  async #newEvent(): Promise<number> {
    const name = `event-${(this.#serial += 1)}`;
    await this.#create('events', name, this.#objects.event(name));
    this.#recent.push(name);
    if (this.#recent.length > 200) this.#recent = this.#recent.slice(100);
    return 1;
  }

  /** An Event that happens again is written again, and lives on. */
  #recur(): Promise<number> {
    const name = this.#recent[Math.floor(this.#random() * this.#recent.length)];
    return name === undefined ? this.#newEvent() : this.#write('update', 'events', name, this.#objects.event(name));
  }

  async #replacePod(): Promise<number> {
    const pods = this.#store.list('pods', NAMESPACE);
    const old = pods[Math.floor(this.#random() * pods.length)];
    if (old === undefined || (await this.#write('delete', 'pods', old.name, old.object)) === 0) return 0;
    const name = `pods-${(this.#serial += 1)}-replaced`;
    await this.#create('pods', name, this.#objects.pod(name));
    return 2;
  }

  #update(resource: Resource): Promise<number> {
    const all = this.#store.list(resource, NAMESPACE);
    const index = Math.floor(this.#random() * all.length);
    const name = all[index]?.name;
    return name === undefined
      ? Promise.resolve(0)
      : this.#write('update', resource, name, this.#make(resource, name, Number(/\d+$/.exec(name)?.[0] ?? 1)));
  }

  #make(resource: string, name: string, index: number): KubeObject {
    if (resource === 'pods') return this.#objects.pod(name);
    if (resource === 'nodes') return this.#objects.node(name);
    if (resource === 'deployments.apps') return this.#objects.deployment(name);
    if (resource === 'configmaps') return this.#objects.configMap(name, index);
    return this.#objects.lease(name);
  }

  async #create(resource: string, name: string, object: KubeObject): Promise<void> {
    await this.#store.write({ ...this.#key('create', resource, name), expectedRevision: 0, object });
  }

  async #write(operation: 'update' | 'delete', resource: string, name: string, object: KubeObject): Promise<number> {
    const key = `${resource}/${name}`;
    const current = this.#store.get(resource, NAMESPACE, name);
    if (current === undefined || this.#busy.has(key)) return 0;
    this.#busy.add(key);
    try {
      await this.#store.write({
        ...this.#key(operation, resource, name),
        expectedRevision: current.revision,
        object,
      });
      return 1;
    } catch (error) {
      // The sweeper has taken it meanwhile.
      if (resource === 'events') return 0;
      throw error;
    } finally {
      this.#busy.delete(key);
    }
  }

  #key(operation: ObjectWrite['operation'], resource: string, name: string) {
    return { operation, resource, namespace: NAMESPACE, name } as const;
  }
}
