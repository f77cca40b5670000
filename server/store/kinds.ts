import { type Kind, type KubeObject, resourceOf, storedKindOf } from '#api/kind.ts';

/**
 * All kinds that this server serves: the built-in ones, and those that CustomResourceDefinitions add while it runs.
 * `onChange` tells discovery, OpenAPI and the store that the set has changed.
 */
export class Kinds {
  readonly #byPath = new Map<string, Kind>();
  readonly #listeners = new Set<() => void>();

  constructor(builtIn: readonly Kind[]) {
    for (const kind of builtIn) this.#byPath.set(pathOf(kind), kind);
  }

  /** The kind served at `/apis/<group>/<version>/<plural>` (group `''` = core), if there is one. */
  find(group: string, version: string, plural: string): Kind | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  /** The kind of an apiVersion and a Kind name, e.g. (`apps/v1`, `Deployment`). */
  ofObject(apiVersion: string, kindName: string): Kind | undefined {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    return this.all().find((kind) => kind.group === group && kind.version === version && kind.kind === kindName);
  }

  /** A kind by its store name, e.g. `deployments.apps`, in the version that is stored. */
  ofResource(resource: string): Kind | undefined {
    return this.all().find((kind) => resourceOf(kind) === resource && storedKindOf(kind) === kind);
  }

  /** Every kind, built-in first. */
  all(): Kind<KubeObject>[] {
    return [...this.#byPath.values()];
  }

  /** Serves `kind` from now on, in place of one with the same path. */
  add(kind: Kind): void {
    this.#byPath.set(pathOf(kind), kind);
    this.#tell();
  }

  /** Stops serving a kind. */
  remove(kind: Pick<Kind, 'group' | 'version' | 'plural'>): void {
    if (this.#byPath.delete(pathOf(kind))) this.#tell();
  }

  /** Calls `listener` after every change; returns the end of it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

const pathOf = (kind: Pick<Kind, 'group' | 'version' | 'plural'>): string =>
  `${kind.group}/${kind.version}/${kind.plural}`;
