import type { KubeObject } from '#api/kind.ts';
import type { ObjectStore } from '#server/store/object-store.ts';

/**
 * The class that is marked as the default by one of the annotations; of several the newest, of the same age the first by name
 * (upstream: GetDefaultClass).
 */
export function defaultClassOf(
  store: Pick<ObjectStore, 'list'>,
  resource: string,
  annotations: readonly string[],
): KubeObject | undefined {
  return store
    .list(resource)
    .map(({ object }) => object)
    .filter(({ metadata }) => annotations.some((one) => metadata.annotations?.[one] === 'true'))
    .sort((a, b) => {
      const [then = '', now = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
      return then === now ? 0 : then > now ? -1 : 1; // the store lists by name, and sorting keeps that order
    })[0];
}
