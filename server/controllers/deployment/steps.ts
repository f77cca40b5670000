import type { Deployment } from '#api/kinds/apps/deployment.ts';
import { type ReplicaSet, replicaSetKind } from '#api/kinds/apps/replicaset.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { controllerOf } from '#server/reconcile/owner-references.ts';
import { isPodTerminal } from '#server/reconcile/pod-state.ts';
import { DESIRED_REPLICAS, annotatedNumber, revisionOf } from './annotations.ts';
import {
  actualReplicas,
  isRolling,
  newSetReplicas,
  oldestFirst,
  proportionalSizes,
  reductions,
  replicasOf,
} from './arithmetic.ts';
import { type Sets, scaleSet } from './replica-sets.ts';

/** From this revisionHistoryLimit on nothing is cleaned up (math.MaxInt32). */
const NO_LIMIT = 2_147_483_647;

/** ReplicaSets that are to have pods. */
export const activeSets = (sets: readonly ReplicaSet[]): ReplicaSet[] => sets.filter((set) => replicasOf(set) > 0);

/** The new ReplicaSet and the old ones, the new one last. */
export const allSets = ({ newSet, old }: Sets): ReplicaSet[] => (newSet === undefined ? [...old] : [...old, newSet]);

/** Was the Deployment scaled since its ReplicaSets were: then they are scaled before any rollout goes on. */
export const wasScaled = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  activeSets(sets).some((set) => {
    const desired = annotatedNumber(set, DESIRED_REPLICAS);
    return desired !== undefined && desired !== replicasOf(deployment);
  });

/** Brings the ReplicaSets to the Deployment's size without rolling out anything (dc.scale). */
export async function scale(context: ControllerContext, sets: Sets): Promise<Sets> {
  const { deployment, newSet, old } = sets;
  const wanted = replicasOf(deployment);
  const only = activeOrLatest(sets);
  if (only !== undefined) {
    return replicasOf(only) === wanted ? sets : resize(context, sets, new Map([[only, wanted]]));
  }
  if (newSet !== undefined && isSaturated(deployment, newSet)) {
    return resize(context, sets, new Map(activeSets(old).map((set) => [set, 0])));
  }
  if (!isRolling(deployment)) return sets;
  return resize(context, sets, proportionalSizes(deployment, activeSets(allSets(sets))));
}

/** The one ReplicaSet that has pods; when none has, the new one or else the latest. Undefined when several have. */
function activeOrLatest(sets: Sets): ReplicaSet | undefined {
  const active = activeSets(allSets(sets));
  if (active.length > 1) return undefined;
  return active[0] ?? sets.newSet ?? oldestFirst(sets.old).at(-1);
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const wanted = replicasOf(deployment);
  return (
    replicasOf(set) === wanted &&
    annotatedNumber(set, DESIRED_REPLICAS) === wanted &&
    (set.status?.availableReplicas ?? 0) === wanted
  );
}

async function resize(context: ControllerContext, sets: Sets, sizes: ReadonlyMap<ReplicaSet, number>): Promise<Sets> {
  const { deployment } = sets;
  const resized = new Map<ReplicaSet, ReplicaSet>();
  for (const [set, size] of sizes) resized.set(set, await scaleSet(context, deployment, set, size));
  const current = (set: ReplicaSet): ReplicaSet => resized.get(set) ?? set;
  return {
    deployment,
    newSet: sets.newSet === undefined ? undefined : current(sets.newSet),
    old: sets.old.map(current),
  };
}

/** One step of a rolling update: first the new ReplicaSet grows; when it cannot, the old ones shrink. */
export async function rollingStep(context: ControllerContext, sets: Sets): Promise<Sets> {
  const { deployment, newSet, old } = sets;
  if (newSet === undefined) return sets;
  const wanted = replicasOf(deployment);
  const now = replicasOf(newSet);
  const size = now > wanted ? wanted : newSetReplicas(deployment, allSets(sets), now);
  if (now !== wanted && size !== now) return resize(context, sets, new Map([[newSet, size]]));
  const steps = reductions(deployment, activeSets(old), newSet);
  return resize(context, sets, new Map(steps.map(({ set, to }) => [set, to])));
}

/** All old ReplicaSets to 0; whether there was anything to do. */
export async function stopOld(context: ControllerContext, sets: Sets): Promise<{ sets: Sets; changed: boolean }> {
  const active = activeSets(sets.old);
  return { sets: await resize(context, sets, new Map(active.map((set) => [set, 0]))), changed: active.length > 0 };
}

/** The new ReplicaSet to its full size. */
export const startNew = (context: ControllerContext, sets: Sets): Promise<Sets> =>
  sets.newSet === undefined
    ? Promise.resolve(sets)
    : resize(context, sets, new Map([[sets.newSet, replicasOf(sets.deployment)]]));

/** Is any pod of an old ReplicaSet still there, be it terminating. */
export function oldPodsRun({ client }: ControllerContext, { deployment, old }: Sets): boolean {
  if (actualReplicas(old) > 0) return true;
  const uids = new Set(old.map((set) => set.metadata.uid));
  return client
    .list(podKind, deployment.metadata.namespace ?? '')
    .some((pod) => uids.has(controllerOf(pod)?.uid) && !isPodTerminal(pod));
}

/** Deletes the oldest ReplicaSets beyond revisionHistoryLimit that have no pods. */
export async function cleanUp({ client }: ControllerContext, { deployment, old }: Sets): Promise<void> {
  const limit = deployment.spec?.revisionHistoryLimit ?? NO_LIMIT;
  if (limit >= NO_LIMIT) return;
  const kept = old.filter((set) => set.metadata.deletionTimestamp === undefined);
  const surplus = [...kept].sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, kept.length - limit));
  for (const set of surplus) {
    const settled = (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0);
    if (!settled || replicasOf(set) !== 0 || (set.status?.replicas ?? 0) !== 0) continue;
    const { namespace = '', name = '', uid } = set.metadata;
    await client.delete(replicaSetKind, namespace, name, uid === undefined ? {} : { preconditions: { uid } });
  }
}
