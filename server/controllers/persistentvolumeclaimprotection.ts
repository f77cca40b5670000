import { type PersistentVolumeClaim, persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { keepFinalizer } from '#server/reconcile/finalizers.ts';
import { endAll } from '#server/reconcile/informers.ts';
import { type Controller, DONE, keyOf, splitKey } from '#server/reconcile/reconciler.ts';
import { claimNamesOf, keepsClaim } from './persistentvolume/users.ts';

/** Keeps a deleted claim until no pod on a node uses it (upstream: pkg/controller/volume/pvcprotection). */
export function persistentVolumeClaimProtectionController({ client }: ControllerContext): Controller {
  const finalizer = 'kubernetes.io/pvc-protection';
  return {
    workers: 5,
    watch(queue) {
      const noteClaim = (claim: PersistentVolumeClaim): void => queue.add(keyOf(claim));
      const notePod = (pod: Pod): void => {
        for (const name of claimNamesOf(pod)) queue.add(`${pod.metadata.namespace ?? ''}/${name}`);
      };
      return endAll(
        client.watch(persistentVolumeClaimKind, { added: noteClaim, modified: noteClaim, deleted() {} }),
        client.watch(podKind, {
          added() {},
          modified(pod, { metadata }) {
            if (pod.metadata.deletionGracePeriodSeconds !== metadata.deletionGracePeriodSeconds) notePod(pod);
          },
          deleted: notePod,
        }),
      );
    },
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const claim = client.get(persistentVolumeClaimKind, namespace, name);
      if (claim === undefined) return DONE;
      const isUsed = (): boolean => client.list(podKind, namespace).some((pod) => keepsClaim(pod, claim));
      await keepFinalizer(client, persistentVolumeClaimKind, claim, { finalizer, isUsed });
      return DONE;
    },
  };
}
