import { persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { keepFinalizer } from '#server/reconcile/finalizers.ts';
import { watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, keyOf, splitKey } from '#server/reconcile/reconciler.ts';

/** Keeps a deleted volume as long as it is bound to a claim (upstream: pkg/controller/volume/pvprotection). */
export function persistentVolumeProtectionController({ client }: ControllerContext): Controller {
  const finalizer = 'kubernetes.io/pv-protection';
  return {
    workers: 1,
    watch: (queue) => watchEach(client, persistentVolumeKind, (volume) => queue.add(keyOf(volume))),
    async reconcile(key) {
      const volume = client.get(persistentVolumeKind, '', splitKey(key).name);
      if (volume === undefined) return DONE;
      const isUsed = (): boolean => volume.status?.phase === 'Bound';
      await keepFinalizer(client, persistentVolumeKind, volume, { finalizer, isUsed });
      return DONE;
    },
  };
}
