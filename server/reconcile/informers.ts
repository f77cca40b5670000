import type { Kind, KubeObject } from '#api/kind.ts';
import type { Client, StoredObject } from '#server/store/client.ts';
import { controllerOf } from './owner-references.ts';
import { type KeyQueue, keyOf } from './reconciler.ts';

/** Calls `note` for every object there is and with every state it takes on later, its last one included. Returns the end of it. */
export function watchEach<T extends KubeObject>(client: Client, kind: Kind<T>, note: (object: T) => void): () => void {
  return client.watch(kind, {
    added: note,
    modified(object, previous) {
      // A change can move an object from one owner or selector to another: both must hear of it.
      note(previous);
      note(object);
    },
    deleted: note,
  });
}

/** As `watchEach` for a kind that there may be very many of, by the key alone: parses none. */
export function watchEachStored(client: Client, kind: Kind, note: (stored: StoredObject) => void): () => void {
  return client.watchStored(kind, { added: note, modified: note, deleted: note });
}

/** Which owner is to hear of what it owns. */
export interface OwnedOptions<O extends KubeObject, T extends KubeObject> {
  readonly owner: Kind<O>;
  readonly owned: Kind<T>;
  /** Would `owner` adopt `object`, were it an orphan. */
  readonly selects: (owner: O, object: T) => boolean;
  readonly queue: KeyQueue;
}

/** Notes owners when they change, and when what they own or could adopt changes. Returns the end of it. */
export function watchOwned<O extends KubeObject, T extends KubeObject>(
  client: Client,
  { owner, owned, selects, queue }: OwnedOptions<O, T>,
): () => void {
  const ends = [
    watchEach(client, owner, (object) => queue.add(keyOf(object))),
    watchEach(client, owned, (object) => {
      const namespace = object.metadata.namespace ?? '';
      const controller = controllerOf(object);
      if (controller === undefined) {
        for (const one of client.list(owner, namespace)) if (selects(one, object)) queue.add(keyOf(one));
      } else if (controller.kind === owner.kind && controller.apiVersion.split('/')[0] === apiGroupOf(owner)) {
        queue.add(`${namespace}/${controller.name}`);
      }
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** The first part of an apiVersion: the group, or for core the version. */
const apiGroupOf = (kind: Pick<Kind, 'group' | 'version'>): string => (kind.group === '' ? kind.version : kind.group);

/** Makes one end of several. */
export const endAll =
  (...ends: readonly (() => void)[]): (() => void) =>
  () => {
    for (const end of ends) end();
  };
