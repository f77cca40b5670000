import { isDeepStrictEqual } from 'node:util';
import { type Deployment, deploymentKind } from '#api/kinds/apps/deployment.ts';
import { type ReplicaSet, replicaSetKind } from '#api/kinds/apps/replicaset.ts';
import { StatusError } from '#api/meta/status.ts';
import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import { templateHash } from '#api/podspec/template-hash.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { controllerOf, controllerReference } from '#server/reconcile/owner-references.ts';
import { messageOf, namespaceGoes } from '#server/reconcile/pod-control.ts';
import { REVISION, TEMPLATE_HASH, maxRevision, newSetAnnotations, revisionOf, sizeAnnotations } from './annotations.ts';
import { fenceposts, newSetReplicas, oldestFirst, replicasOf } from './arithmetic.ts';
import { REASON, condition, conditionOf, hasDeadline, withCondition } from './conditions.ts';

/** A template without the hash label that this controller adds. */
function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const { [TEMPLATE_HASH]: _hash, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** The ReplicaSet with the Deployment's template, if there is one; of several the oldest. */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = withoutHash(deployment.spec?.template);
  return oldestFirst(sets).find((set) => isDeepStrictEqual(withoutHash(set.spec?.template), wanted));
}

/** What a step needs: the Deployment as last read or written, its ReplicaSets, and which of them is the new one. */
export interface Sets {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/**
 * Finds the new ReplicaSet, gives it its revision and annotations, and creates it when `create` says so; keeps the Deployment's
 * revision in step (dc.getAllReplicaSetsAndSyncRevision). Throws when the new ReplicaSet cannot be made.
 */
export async function syncRevision(
  context: ControllerContext,
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  create: boolean,
): Promise<Sets> {
  const found = findNewSet(deployment, sets);
  const old = sets.filter((set) => set.metadata.uid !== found?.metadata.uid);
  const revision = maxRevision(old) + 1;
  if (found === undefined) {
    if (!create) return { deployment, newSet: undefined, old };
    const newSet = await createNewSet(context, deployment, old, revision);
    const reason = { reason: REASON.created, message: `Created new replica set "${newSet.metadata.name ?? ''}"` };
    return { deployment: await recordRevision(context, deployment, revisionOf(newSet), reason), newSet, old };
  }
  const newSet = await updateNewSet(context, deployment, found, revision);
  const known = conditionOf(deployment.status, 'Progressing') !== undefined;
  const reason = { reason: REASON.found, message: `Found new replica set "${newSet.metadata.name ?? ''}"` };
  const recorded = await recordRevision(context, deployment, revisionOf(newSet), known ? undefined : reason);
  return { deployment: recorded, newSet, old };
}

async function updateNewSet(
  { client }: ControllerContext,
  deployment: Deployment,
  set: ReplicaSet,
  revision: number,
): Promise<ReplicaSet> {
  const annotations = newSetAnnotations(deployment, set, revision);
  const minReadySeconds = deployment.spec?.minReadySeconds;
  const same = isDeepStrictEqual(annotations, set.metadata.annotations ?? {});
  if (same && (set.spec?.minReadySeconds ?? 0) === (minReadySeconds ?? 0)) return set;
  return client.update(replicaSetKind, set.metadata.namespace ?? '', set.metadata.name ?? '', (copy) => {
    if (copy.spec === undefined) return false;
    copy.metadata.annotations = newSetAnnotations(deployment, copy, revision);
    if (minReadySeconds === undefined) delete copy.spec.minReadySeconds;
    else copy.spec.minReadySeconds = minReadySeconds;
    return undefined;
  });
}

/** Writes the Deployment's revision, and why it makes progress; through /status, which leaves the generation alone. */
async function recordRevision(
  { client, clock }: ControllerContext,
  deployment: Deployment,
  revision: number,
  progress: { readonly reason: string; readonly message: string } | undefined,
): Promise<Deployment> {
  const tell = progress !== undefined && hasDeadline(deployment);
  if (!tell && deployment.metadata.annotations?.[REVISION] === String(revision)) return deployment;
  return client.updateStatus(
    deploymentKind,
    deployment.metadata.namespace ?? '',
    deployment.metadata.name ?? '',
    (copy) => {
      copy.metadata.annotations = { ...copy.metadata.annotations, [REVISION]: String(revision) };
      if (!tell) return;
      const next = condition('Progressing', 'True', progress.reason, progress.message, clock.now());
      copy.status = { ...copy.status, conditions: withCondition(copy.status?.conditions ?? [], next) };
    },
  );
}

async function createNewSet(
  context: ControllerContext,
  deployment: Deployment,
  old: readonly ReplicaSet[],
  revision: number,
): Promise<ReplicaSet> {
  const { client, events } = context;
  const wanted = makeNewSet(deployment, old, revision);
  try {
    const created = await client.create(replicaSetKind, wanted);
    const replicas = replicasOf(created);
    const name = created.metadata.name ?? '';
    if (replicas > 0)
      events.record(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${name} to ${replicas}`);
    return created;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'AlreadyExists')
      return resolveCollision(context, deployment, wanted, error);
    if (!namespaceGoes(error)) await tellFailure(context, deployment, wanted.metadata.name ?? '', error);
    throw error;
  }
}

function makeNewSet(deployment: Deployment, old: readonly ReplicaSet[], revision: number): ReplicaSet {
  const { namespace = '', name = '' } = deployment.metadata;
  const template = structuredClone(deployment.spec?.template ?? {});
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH]: hash };
  const selector = structuredClone(deployment.spec?.selector ?? {});
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const set: ReplicaSet = {
    kind: 'ReplicaSet',
    apiVersion: 'apps/v1',
    metadata: { namespace, name: `${name}-${hash}`, labels, ownerReferences: [controllerReference(deployment)] },
    spec: {
      replicas: newSetReplicas(deployment, old, 0),
      ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  const annotations = newSetAnnotations(deployment, set, revision);
  set.metadata.annotations = {
    ...annotations,
    ...sizeAnnotations(replicasOf(deployment), fenceposts(deployment).maxSurge),
  };
  return set;
}

/** The name is taken: by our own earlier try, or by another template with the same hash, which the next try must avoid. */
async function resolveCollision(
  { client }: ControllerContext,
  deployment: Deployment,
  wanted: ReplicaSet,
  error: StatusError,
): Promise<ReplicaSet> {
  const { namespace = '', name = '', uid } = deployment.metadata;
  const taken = client.get(replicaSetKind, namespace, wanted.metadata.name ?? '');
  const ours = taken !== undefined && controllerOf(taken)?.uid === uid;
  if (ours && isDeepStrictEqual(withoutHash(taken.spec?.template), withoutHash(deployment.spec?.template)))
    return taken;
  await client.updateStatus(deploymentKind, namespace, name, (copy) => {
    copy.status = { ...copy.status, collisionCount: (copy.status?.collisionCount ?? 0) + 1 };
  });
  throw error;
}

async function tellFailure(
  { client, clock, events }: ControllerContext,
  deployment: Deployment,
  setName: string,
  error: unknown,
): Promise<void> {
  const text = `Failed to create new replica set "${setName}": ${messageOf(error)}`;
  events.record(deployment, 'Warning', REASON.createFailed, text);
  if (!hasDeadline(deployment)) return;
  await client.updateStatus(
    deploymentKind,
    deployment.metadata.namespace ?? '',
    deployment.metadata.name ?? '',
    (copy) => {
      const next = condition('Progressing', 'False', REASON.createFailed, text, clock.now());
      copy.status = { ...copy.status, conditions: withCondition(copy.status?.conditions ?? [], next) };
    },
  );
}

/** Sets the size of a ReplicaSet and tells about it; keeps the annotations that say out of how many (dc.scaleReplicaSet). */
export async function scaleSet(
  { client, events }: ControllerContext,
  deployment: Deployment,
  set: ReplicaSet,
  replicas: number,
): Promise<ReplicaSet> {
  const wanted = sizeAnnotations(replicasOf(deployment), fenceposts(deployment).maxSurge);
  const before = replicasOf(set);
  const annotated = Object.entries(wanted).every(([key, value]) => set.metadata.annotations?.[key] === value);
  if (before === replicas && annotated) return set;
  const scaled = await client.update(replicaSetKind, set.metadata.namespace ?? '', set.metadata.name ?? '', (copy) => {
    if (copy.spec === undefined) return false;
    copy.spec.replicas = replicas;
    copy.metadata.annotations = { ...copy.metadata.annotations, ...wanted };
    return undefined;
  });
  if (before !== replicas) {
    const direction = replicas > before ? 'up' : 'down';
    const text = `Scaled ${direction} replica set ${set.metadata.name ?? ''} to ${replicas} from ${before}`;
    events.record(deployment, 'Normal', 'ScalingReplicaSet', text);
  }
  return scaled;
}
