import type { PersistentVolumeClaim } from '#api/kinds/core/persistentvolumeclaim.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { isControlledBy } from '#server/reconcile/owner-references.ts';
import { isPodTerminal } from '#server/reconcile/pod-state.ts';
import type { Client } from '#server/store/client.ts';

/** The names of the claims that a pod's volumes are of: those that it names, and those made for its ephemeral volumes. */
export const claimNamesOf = ({ metadata, spec }: Pod): string[] =>
  (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim?.claimName !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [ephemeralClaimName(metadata.name, name)];
  });

const ephemeralClaimName = (pod = '', volume = ''): string => `${pod}-${volume}`;

/**
 * Does a pod keep a claim from going (upstream: podUsesPVC): it is on a node and names the claim, even when it has ended; a claim that was
 * made for it alone it keeps only until its containers are known to be gone, or neither could ever go.
 */
export function keepsClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  const { nodeName = '', volumes = [] } = pod.spec ?? {};
  if (nodeName === '' || pod.metadata.namespace !== claim.metadata.namespace) return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const shutDown = deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0;
  return volumes.some(
    ({ name, persistentVolumeClaim, ephemeral }) =>
      persistentVolumeClaim?.claimName === claim.metadata.name ||
      (ephemeral !== undefined &&
        !shutDown &&
        ephemeralClaimName(pod.metadata.name, name) === claim.metadata.name &&
        isControlledBy(claim, pod)),
  );
}

/** The pods that want a claim and have not ended: those on a node, and those that wait for one. */
export function consumersOf(client: Client, { metadata }: PersistentVolumeClaim): { placed: Pod[]; waiting: Pod[] } {
  const { namespace = '', name = '' } = metadata;
  const pods = client.list(podKind, namespace).filter((pod) => !isPodTerminal(pod) && claimNamesOf(pod).includes(name));
  const isPlaced = ({ spec }: Pod): boolean => (spec?.nodeName ?? '') !== '';
  return { placed: pods.filter(isPlaced), waiting: pods.filter((pod) => !isPlaced(pod)) };
}
