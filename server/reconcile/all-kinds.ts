import { type Kind, type KubeObject, resourceOf, storedKindOf } from '#api/kind.ts';
import type { Client, InformerHandler, StoredObject } from '#server/store/client.ts';
import type { Kinds } from '#server/store/kinds.ts';

/** What happens to an object of any kind. There are very many: only where `object` is read is one parsed. */
export type AnyKindHandler = InformerHandler<KubeObject, StoredObject>;

/** The kinds whose objects are stored, one for each resource, in the version that is stored; those that are only bodies of requests are left out. */
export function storedKinds(kinds: Kinds): Kind[] {
  const byResource = new Map<string, Kind>();
  for (const kind of kinds.all()) {
    const resource = resourceOf(kind);
    if (kind.verbs.includes('delete') && storedKindOf(kind) === kind) byResource.set(resource, kind);
  }
  return [...byResource.values()];
}

/** Watches every kind that is stored, those included that CustomResourceDefinitions add later. Returns the end of it. */
export function watchAllKinds(client: Client, kinds: Kinds, handler: AnyKindHandler): () => void {
  const ends = new Map<string, () => void>();
  const follow = (): void => {
    const current = new Map(storedKinds(kinds).map((kind) => [resourceOf(kind), kind]));
    for (const [resource, end] of ends) {
      if (current.has(resource)) continue;
      ends.delete(resource);
      end();
    }
    for (const [resource, kind] of current) {
      if (!ends.has(resource)) ends.set(resource, client.watchStored(kind, handler));
    }
  };
  follow();
  const unfollow = kinds.onChange(follow);
  return () => {
    unfollow();
    for (const end of ends.values()) end();
  };
}
