import type { CachedObject } from './cached-object.ts';

/** The objects of one namespace in order of name. The array is handed out, so it is copied before the first change after that. */
class Shard {
  readonly byName = new Map<string, CachedObject>();
  #sorted: CachedObject[] = [];
  #shared = false;

  set(object: CachedObject): void {
    const isNew = !this.byName.has(object.name);
    this.byName.set(object.name, object);
    this.#own();
    const at = this.#position(object.name);
    if (isNew) this.#sorted.splice(at, 0, object);
    else this.#sorted[at] = object;
  }

  delete(name: string): void {
    if (!this.byName.delete(name)) return;
    this.#own();
    this.#sorted.splice(this.#position(name), 1);
  }

  list(): readonly CachedObject[] {
    this.#shared = true;
    return this.#sorted;
  }

  #own(): void {
    if (!this.#shared) return;
    this.#sorted = [...this.#sorted];
    this.#shared = false;
  }

  /** The place of the first object whose name is not below `name`. */
  #position(name: string): number {
    const last = this.#sorted.at(-1);
    if (last === undefined || last.name < name) return this.#sorted.length;
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.#sorted[middle];
      if (found !== undefined && found.name < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** All objects of one resource, by namespace and name, in key order. Lists are snapshots: a later change does not alter them. */
export class ResourceIndex {
  readonly #shards = new Map<string, Shard>();
  #all: readonly CachedObject[] | undefined;

  /** How many objects there are. */
  get size(): number {
    let size = 0;
    for (const shard of this.#shards.values()) size += shard.byName.size;
    return size;
  }

  get(namespace: string, name: string): CachedObject | undefined {
    return this.#shards.get(namespace)?.byName.get(name);
  }

  set(object: CachedObject): void {
    let shard = this.#shards.get(object.namespace);
    if (shard === undefined) this.#shards.set(object.namespace, (shard = new Shard()));
    shard.set(object);
    this.#all = undefined;
  }

  delete(namespace: string, name: string): void {
    const shard = this.#shards.get(namespace);
    if (shard === undefined) return;
    shard.delete(name);
    if (shard.byName.size === 0) this.#shards.delete(namespace);
    this.#all = undefined;
  }

  list(namespace?: string): readonly CachedObject[] {
    if (namespace !== undefined) return this.#shards.get(namespace)?.list() ?? [];
    const [first, ...more] = [...this.#shards.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    if (first === undefined) return [];
    if (more.length === 0) return first[1].list();
    this.#all ??= [first, ...more].flatMap(([, shard]) => shard.list());
    return this.#all;
  }
}
