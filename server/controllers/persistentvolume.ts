import { type PersistentVolume, persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import { type PersistentVolumeClaim, persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { type StorageClass, storageClassKind } from '#api/kinds/storage/storageclass.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, type KeyQueue, keyOf, splitKey } from '#server/reconcile/reconciler.ts';
import { BIND_COMPLETED, isAnnotated } from './persistentvolume/binding.ts';
import { syncClaim, waitsForConsumer } from './persistentvolume/claims.ts';
import { classOfClaim, mayTake, namesClass } from './persistentvolume/match.ts';
import { claimNamesOf } from './persistentvolume/users.ts';
import { syncVolume } from './persistentvolume/volumes.ts';

/**
 * Brings claims and volumes together (upstream: pkg/controller/volume/persistentvolume). A key with a namespace is a claim's, one without is
 * a volume's.
 *
 *     volume  Pending → Available → Bound → Released (→ Failed, when it cannot be deleted as its policy says)
 *     claim   Pending → Bound → Lost (its volume is gone, or belongs to another)
 *
 * Claims of a class with volumeBindingMode WaitForFirstConsumer get theirs when a pod that uses them is on a node: a volume that this node
 * reaches. Upstream looks again every 15 s; here a claim is looked at again when something changes that it may have waited for.
 */
export function persistentVolumeController(context: ControllerContext): Controller {
  const { client } = context;
  return {
    // One at a time, as upstream: two claims must not choose the same volume.
    workers: 1,
    watch: (queue) =>
      endAll(
        watchEach(client, persistentVolumeClaimKind, (claim) => noteClaim(context, queue, claim)),
        watchEach(client, persistentVolumeKind, (volume) => noteVolume(context, queue, volume)),
        watchEach(client, storageClassKind, (one) => noteClass(context, queue, one)),
        client.watch(podKind, {
          added: (pod) => notePod(context, queue, pod),
          modified(pod, previous) {
            if (pod.spec?.nodeName !== previous.spec?.nodeName) notePod(context, queue, pod);
          },
          deleted() {},
        }),
      ),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      if (namespace === '') {
        const volume = client.get(persistentVolumeKind, '', name);
        if (volume !== undefined) await syncVolume(context, volume);
      } else {
        const claim = client.get(persistentVolumeClaimKind, namespace, name);
        if (claim !== undefined) await syncClaim(context, claim);
      }
      return DONE;
    },
  };
}

/** Has a claim no volume yet, and names none. */
const isFree = (claim: PersistentVolumeClaim): boolean =>
  !isAnnotated(claim, BIND_COMPLETED) && !claim.spec?.volumeName;

function noteClaim({ client }: ControllerContext, queue: KeyQueue, claim: PersistentVolumeClaim): void {
  const { namespace, name } = claim.metadata;
  queue.add(keyOf(claim));
  if (claim.spec?.volumeName) queue.add(claim.spec.volumeName);
  for (const volume of client.list(persistentVolumeKind)) {
    const { claimRef } = volume.spec ?? {};
    if (claimRef?.name === name && claimRef?.namespace === namespace) queue.add(keyOf(volume));
  }
}

function noteVolume({ client }: ControllerContext, queue: KeyQueue, volume: PersistentVolume): void {
  const { namespace = '', name = '' } = volume.spec?.claimRef ?? {};
  queue.add(keyOf(volume));
  if (name !== '') queue.add(`${namespace}/${name}`);
  for (const claim of client.list(persistentVolumeClaimKind)) {
    const named = claim.spec?.volumeName === volume.metadata.name;
    if (named || (isFree(claim) && mayTake(claim, volume))) queue.add(keyOf(claim));
  }
}

function noteClass({ client }: ControllerContext, queue: KeyQueue, { metadata }: StorageClass): void {
  for (const claim of client.list(persistentVolumeClaimKind))
    if (isFree(claim) && (classOfClaim(claim) === metadata.name || !namesClass(claim))) queue.add(keyOf(claim));
}

function notePod({ client }: ControllerContext, queue: KeyQueue, pod: Pod): void {
  const { namespace = '' } = pod.metadata;
  for (const name of claimNamesOf(pod)) {
    const claim = client.get(persistentVolumeClaimKind, namespace, name);
    if (claim === undefined || !isFree(claim)) continue;
    if (waitsForConsumer(client.get(storageClassKind, '', classOfClaim(claim)))) queue.add(keyOf(claim));
  }
}
