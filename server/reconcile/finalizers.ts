import type { Kind, KubeObject } from '#api/kind.ts';
import type { Client } from '#server/store/client.ts';
import { orUndefined } from './claim.ts';

/** What holds an object, and what tells whether it must be held. */
export interface FinalizerOptions {
  readonly finalizer: string;
  /** Asked only when the object is being deleted. */
  readonly isUsed: () => boolean;
}

/** Gives an object the finalizer, and takes it away when the object is being deleted and nobody uses it any more. Writes only what changes. */
export async function keepFinalizer<T extends KubeObject>(
  client: Client,
  kind: Kind<T>,
  { metadata: seen }: T,
  { finalizer, isUsed }: FinalizerOptions,
): Promise<void> {
  const has = seen.finalizers?.includes(finalizer) === true;
  const goes = seen.deletionTimestamp !== undefined;
  if (goes ? !has || isUsed() : has) return;
  await orUndefined(
    client.update(kind, seen.namespace ?? '', seen.name ?? '', ({ metadata }) => {
      const { finalizers = [] } = metadata;
      const going = metadata.deletionTimestamp !== undefined;
      if (metadata.uid !== seen.uid || going !== goes) return false;
      const others = finalizers.filter((one) => one !== finalizer);
      metadata.finalizers = goes ? others : [...others, finalizer];
      return undefined;
    }),
  );
}
