import { type Deployment, deploymentKind } from '#api/kinds/apps/deployment.ts';
import { type ReplicaSet, replicaSetKind } from '#api/kinds/apps/replicaset.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';
import { claim } from '#server/reconcile/claim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll, watchOwned } from '#server/reconcile/informers.ts';
import { isEmptySelector } from '#server/reconcile/label-selector.ts';
import { controllerOf } from '#server/reconcile/owner-references.ts';
import {
  type Controller,
  DONE,
  type KeyQueue,
  type Result,
  againAfter,
  splitKey,
} from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';
import { isRolling } from './deployment/arithmetic.ts';
import {
  REASON,
  condition,
  conditionOf,
  countStatus,
  deadlineInMs,
  hasDeadline,
  isComplete,
  rolloutStatus,
  withCondition,
} from './deployment/conditions.ts';
import { type Sets, syncRevision } from './deployment/replica-sets.ts';
import { allSets, cleanUp, oldPodsRun, rollingStep, scale, startNew, stopOld, wasScaled } from './deployment/steps.ts';

/**
 * Rolls out Deployments (upstream: pkg/controller/deployment). Each run takes one step and writes what it sees; the changes that the step
 * brings about start the next run:
 *
 *   scaled or paused → sizes only; RollingUpdate → the new ReplicaSet grows, then old ones shrink; Recreate → old ones to 0, their pods gone, then the new one
 */
export function deploymentController(context: ControllerContext): Controller {
  const { client } = context;
  return {
    workers: 8,
    watch: (queue) =>
      endAll(
        watchOwned(client, { owner: deploymentKind, owned: replicaSetKind, selects, queue }),
        watchPodsGone(context, queue),
      ),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const deployment = client.get(deploymentKind, namespace, name);
      if (deployment === undefined || isEmptySelector(deployment.spec?.selector)) return DONE;
      const matches = labelSelectorMatcher(deployment.spec?.selector);
      const sets = await claim(client.list(replicaSetKind, namespace), {
        client,
        owner: deployment,
        kind: replicaSetKind,
        matches: (set) => matches(set.metadata.labels),
      });
      return sync(context, deployment, sets);
    },
  };
}

const selects = (deployment: Deployment, set: ReplicaSet): boolean =>
  !isEmptySelector(deployment.spec?.selector) && labelSelectorMatcher(deployment.spec?.selector)(set.metadata.labels);

/** Recreate waits for the last old pod, which no ReplicaSet status shows while it terminates. */
function watchPodsGone({ client }: ControllerContext, queue: KeyQueue): () => void {
  const note = (pod: Pod): void => {
    const namespace = pod.metadata.namespace ?? '';
    const owner = controllerOf(pod);
    if (owner?.kind !== 'ReplicaSet') return;
    const set = client.get(replicaSetKind, namespace, owner.name);
    const deployment = set === undefined ? undefined : controllerOf(set);
    if (deployment?.kind !== 'Deployment') return;
    const found = client.get(deploymentKind, namespace, deployment.name);
    if (found !== undefined && !isRolling(found)) queue.add(`${namespace}/${deployment.name}`);
  };
  return client.watch(podKind, { added() {}, modified: note, deleted: note });
}

async function sync(context: ControllerContext, given: Deployment, claimed: readonly ReplicaSet[]): Promise<Result> {
  if (given.metadata.deletionTimestamp !== undefined) {
    return writeCounts(context, await syncRevision(context, given, claimed, false));
  }
  const deployment = await syncPaused(context, given);
  if (deployment.spec?.paused === true || wasScaled(deployment, claimed)) {
    const sets = await scale(context, await syncRevision(context, deployment, claimed, false));
    if (deployment.spec?.paused === true) await cleanUp(context, sets);
    return writeCounts(context, sets);
  }
  return isRolling(deployment) ? roll(context, deployment, claimed) : recreate(context, deployment, claimed);
}

/** Says in the condition Progressing that the Deployment is paused, or no longer; a rollout that was late stays so. */
async function syncPaused({ client, clock }: ControllerContext, deployment: Deployment): Promise<Deployment> {
  const current = conditionOf(deployment.status, 'Progressing');
  const paused = deployment.spec?.paused === true;
  if (!hasDeadline(deployment) || current?.reason === REASON.timedOut) return deployment;
  if (paused === (current?.reason === REASON.paused)) return deployment;
  const next = paused
    ? condition('Progressing', 'Unknown', REASON.paused, 'Deployment is paused', clock.now())
    : condition('Progressing', 'Unknown', REASON.resumed, 'Deployment is resumed', clock.now());
  return client.updateStatus(
    deploymentKind,
    deployment.metadata.namespace ?? '',
    deployment.metadata.name ?? '',
    (copy) => {
      copy.status = { ...copy.status, conditions: withCondition(copy.status?.conditions ?? [], next) };
    },
  );
}

async function roll(
  context: ControllerContext,
  deployment: Deployment,
  claimed: readonly ReplicaSet[],
): Promise<Result> {
  const sets = await rollingStep(context, await syncRevision(context, deployment, claimed, true));
  return finish(context, sets);
}

async function recreate(
  context: ControllerContext,
  deployment: Deployment,
  claimed: readonly ReplicaSet[],
): Promise<Result> {
  const found = await syncRevision(context, deployment, claimed, false);
  const stopped = await stopOld(context, found);
  if (stopped.changed || oldPodsRun(context, stopped.sets)) return writeRollout(context, stopped.sets);
  const sets =
    stopped.sets.newSet === undefined
      ? await syncRevision(context, stopped.sets.deployment, stopped.sets.old, true)
      : stopped.sets;
  return finish(context, await startNew(context, sets));
}

async function finish(context: ControllerContext, sets: Sets): Promise<Result> {
  if (isComplete(sets.deployment, sets.deployment.status ?? {})) await cleanUp(context, sets);
  return writeRollout(context, sets);
}

async function writeCounts({ client, clock }: ControllerContext, sets: Sets): Promise<Result> {
  const { deployment, newSet } = sets;
  await writeStatus(client, deploymentKind, deployment, (current) =>
    countStatus({ deployment: withStatusOf(deployment, current), newSet, all: allSets(sets) }, clock.now()),
  );
  return DONE;
}

async function writeRollout({ client, clock }: ControllerContext, sets: Sets): Promise<Result> {
  const { deployment, newSet } = sets;
  const written = await writeStatus(client, deploymentKind, deployment, (current) =>
    rolloutStatus({ deployment: withStatusOf(deployment, current), newSet, all: allSets(sets) }, clock.now()),
  );
  if (written === undefined) return DONE;
  const deadlineMs = deadlineInMs(written, written.status ?? {}, clock.now());
  // A second more, for times have whole seconds.
  return deadlineMs === undefined ? DONE : againAfter(deadlineMs + 1000);
}

/** The Deployment whose spec this run acted on, with the status that is there now. */
const withStatusOf = (deployment: Deployment, current: Deployment): Deployment => {
  const { status: _old, ...rest } = deployment;
  return current.status === undefined ? rest : { ...rest, status: current.status };
};
