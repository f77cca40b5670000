import { nodeKind } from '#api/kinds/core/node.ts';
import { type PersistentVolume, persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import { type PersistentVolumeClaim, persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import { type StorageClass, storageClassKind } from '#api/kinds/storage/storageclass.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { termMatches } from '#server/reconcile/node-selector.ts';
import { BIND_COMPLETED, BOUND_BY_CONTROLLER, bind, isAnnotated, setClaimPhase } from './binding.ts';
import { bestMatch, classOfClaim, isBoundTo, mismatch, namesClass } from './match.ts';
import { consumersOf } from './users.ts';

const IS_DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
/** Which node the volume is wanted on; whoever makes volumes of a class that waits for a pod starts when it is there. */
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
/** Whose turn it is to make the volume. */
const PROVISIONER = ['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner'];

/** Is the class one whose volumes are chosen when the first pod is on a node. */
export const waitsForConsumer = (one: StorageClass | undefined): boolean =>
  one?.volumeBindingMode === 'WaitForFirstConsumer';

/** Does what is due for a claim (upstream: syncClaim). */
export function syncClaim(context: ControllerContext, claim: PersistentVolumeClaim): Promise<unknown> {
  if (isAnnotated(claim, BIND_COMPLETED)) return syncBound(context, claim);
  return claim.spec?.volumeName ? syncNamed(context, claim, claim.spec.volumeName) : syncFree(context, claim);
}

/** A claim that was bound once: it stays so, or is lost for good. */
async function syncBound({ client, events }: ControllerContext, claim: PersistentVolumeClaim): Promise<void> {
  const lose = async (reason: string, message: string): Promise<void> => {
    if (await setClaimPhase(client, claim, 'Lost')) events.record(claim, 'Warning', reason, message);
  };
  const { volumeName = '' } = claim.spec ?? {};
  if (volumeName === '')
    return lose('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  const volume = client.get(persistentVolumeKind, '', volumeName);
  if (volume === undefined)
    return lose('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const { claimRef } = volume.spec ?? {};
  if (claimRef !== undefined && claimRef.uid !== claim.metadata.uid)
    return lose('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
  return bind(client, volume, claim);
}

/** A claim that asks for one volume by name. */
async function syncNamed({ client, events }: ControllerContext, claim: PersistentVolumeClaim, name: string) {
  const volume = client.get(persistentVolumeKind, '', name);
  const wait = (): Promise<unknown> => setClaimPhase(client, claim, 'Pending');
  if (volume === undefined) return wait();
  if (volume.spec?.claimRef === undefined) {
    const fault = mismatch(volume, claim);
    if (fault === undefined) return bind(client, volume, claim);
    const message = `Cannot bind to requested volume ${JSON.stringify(name)}: ${fault}`;
    events.record(claim, 'Warning', 'VolumeMismatch', message);
    return wait();
  }
  if (isBoundTo(volume, claim)) return bind(client, volume, claim);
  const message = `volume ${JSON.stringify(name)} already bound to a different claim.`;
  events.record(claim, 'Warning', 'FailedBinding', message);
  return isAnnotated(claim, BOUND_BY_CONTROLLER) ? undefined : wait();
}

/** A claim that takes any volume which will do. */
async function syncFree(context: ControllerContext, claim: PersistentVolumeClaim): Promise<unknown> {
  const { client, events } = context;
  const className = classOfClaim(claim);
  const storageClass = className === '' ? undefined : client.get(storageClassKind, '', className);
  const waits = waitsForConsumer(storageClass);
  const { placed, waiting } = waits ? consumersOf(client, claim) : { placed: [], waiting: [] };
  const nodeName = placed[0]?.spec?.nodeName ?? claim.metadata.annotations?.[SELECTED_NODE];
  const delayed = waits && nodeName === undefined;
  const admits = (volume: PersistentVolume): boolean => !waits || isReachable(context, volume, nodeName ?? '');
  const volume = bestMatch(claim, client.list(persistentVolumeKind), { delayed, admits });
  if (volume !== undefined) return bind(client, volume, claim);
  if (await takeDefaultClass(context, claim)) return undefined;
  if (delayed) {
    const pods = waiting.map(({ metadata }) => metadata.name).join(',');
    if (waiting.length === 0)
      events.record(claim, 'Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
    else {
      const message = `waiting for ${waiting.length > 1 ? 'pods' : 'pod'} ${pods} to be scheduled`;
      events.record(claim, 'Normal', 'WaitForPodScheduled', message);
    }
  } else if (className !== '') {
    return provision(context, claim, { className, storageClass, nodeName });
  } else {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    events.record(claim, 'Normal', 'FailedBinding', message);
  }
  return setClaimPhase(client, claim, 'Pending');
}

/** Can a node reach a volume. */
function isReachable({ client }: ControllerContext, { spec }: PersistentVolume, nodeName: string): boolean {
  const required = spec?.nodeAffinity?.required;
  if (required === undefined) return true;
  const node = client.get(nodeKind, '', nodeName);
  return node !== undefined && required.nodeSelectorTerms.some((term) => termMatches(term, node));
}

/** Gives a claim that says nothing of classes the default one, should there be one by now; true = it did. */
async function takeDefaultClass({ client }: ControllerContext, claim: PersistentVolumeClaim): Promise<boolean> {
  if (namesClass(claim)) return false;
  const made = ({ metadata }: StorageClass): string => metadata.creationTimestamp ?? '';
  const [newest] = client
    .list(storageClassKind)
    .filter(({ metadata }) => IS_DEFAULT.some((key) => metadata.annotations?.[key] === 'true'))
    .sort((a, b) => (made(a) === made(b) ? 0 : made(a) > made(b) ? -1 : 1));
  if (newest?.metadata.name === undefined) return false;
  const { namespace = '', name = '', uid } = claim.metadata;
  const storageClassName = newest.metadata.name;
  await client.update(persistentVolumeClaimKind, namespace, name, (copy) => {
    if (copy.metadata.uid !== uid || namesClass(copy)) return false;
    copy.spec = { ...copy.spec, storageClassName };
    return undefined;
  });
  return true;
}

/** What is known of the volume that is to be made. */
interface Wanted {
  readonly className: string;
  readonly storageClass: StorageClass | undefined;
  readonly nodeName: string | undefined;
}

/** Asks a provisioner outside for a volume, by annotations; the server makes none itself, so upstream's own plugins are missing. */
async function provision({ client, events }: ControllerContext, claim: PersistentVolumeClaim, wanted: Wanted) {
  const { className, storageClass, nodeName } = wanted;
  const fail = (message: string): void => events.record(claim, 'Warning', 'ProvisioningFailed', message);
  if (storageClass === undefined) return fail(`storageclass.storage.k8s.io ${JSON.stringify(className)} not found`);
  const { provisioner } = storageClass;
  if (provisioner.startsWith('kubernetes.io/')) return fail(`no volume plugin matched name: ${provisioner}`);
  const entries = PROVISIONER.map((key): readonly [string, string] => [key, provisioner]);
  const annotations = Object.fromEntries(
    nodeName === undefined ? entries : [...entries, [SELECTED_NODE, nodeName] as const],
  );
  const isSaid = ({ metadata }: PersistentVolumeClaim): boolean =>
    Object.entries(annotations).every(([key, value]) => metadata.annotations?.[key] === value);
  const { namespace = '', name = '', uid } = claim.metadata;
  if (!isSaid(claim)) {
    // The change brings the claim back here: the event is recorded then.
    await client.update(persistentVolumeClaimKind, namespace, name, ({ metadata }) => {
      if (metadata.uid !== uid) return false;
      metadata.annotations = { ...metadata.annotations, ...annotations };
      return undefined;
    });
    return undefined;
  }
  const message =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' ` +
    'or manually by the system administrator. If volume creation is delayed, please verify that ' +
    'the provisioner is running and correctly registered.';
  return events.record(claim, 'Normal', 'ExternalProvisioning', message);
}
