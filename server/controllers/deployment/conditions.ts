import type { Deployment, DeploymentCondition, DeploymentStatus } from '#api/kinds/apps/deployment.ts';
import type { ReplicaSet } from '#api/kinds/apps/replicaset.ts';
import { formatTime } from '#api/meta/time.ts';
import {
  actualReplicas,
  availableReplicas,
  fenceposts,
  readyReplicas,
  replicasOf,
  wantedReplicas,
} from './arithmetic.ts';

/** From this progressDeadlineSeconds on there is no deadline (math.MaxInt32). */
const NO_DEADLINE = 2_147_483_647;

/** The reasons of the condition Progressing. */
export const REASON = {
  created: 'NewReplicaSetCreated',
  found: 'FoundNewReplicaSet',
  createFailed: 'ReplicaSetCreateError',
  updated: 'ReplicaSetUpdated',
  complete: 'NewReplicaSetAvailable',
  timedOut: 'ProgressDeadlineExceeded',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
} as const;

/** Is a progress deadline set. */
export const hasDeadline = (deployment: Deployment): boolean =>
  (deployment.spec?.progressDeadlineSeconds ?? NO_DEADLINE) < NO_DEADLINE;

/** The condition of a type. */
export const conditionOf = (status: DeploymentStatus | undefined, type: string): DeploymentCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

/** A condition that became so now. */
export function condition(
  type: string,
  status: string,
  reason: string,
  message: string,
  nowMs: number,
): DeploymentCondition {
  const now = formatTime(new Date(nowMs));
  return { type, status, reason, message, lastUpdateTime: now, lastTransitionTime: now };
}

/** `conditions` with `next`: unchanged when status and reason are the same; the time of the transition stays when the status does. */
export function withCondition(
  conditions: readonly DeploymentCondition[],
  next: DeploymentCondition,
): DeploymentCondition[] {
  const old = conditions.find((one) => one.type === next.type);
  if (old !== undefined && old.status === next.status && old.reason === next.reason) return [...conditions];
  const since = old?.status === next.status ? old.lastTransitionTime : next.lastTransitionTime;
  return [
    ...without(conditions, next.type),
    { ...next, ...(since === undefined ? {} : { lastTransitionTime: since }) },
  ];
}

const without = (conditions: readonly DeploymentCondition[], type: string): DeploymentCondition[] =>
  conditions.filter((one) => one.type !== type);

/** What a status is counted from. */
export interface Rollout {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly all: readonly ReplicaSet[];
}

/** The status as counted now, with the condition Available (dc.calculateStatus). Counters that are 0 are left out. */
export function countStatus({ deployment, newSet, all }: Rollout, nowMs: number): DeploymentStatus {
  const available = availableReplicas(all);
  const enough = available >= replicasOf(deployment) - fenceposts(deployment).maxUnavailable;
  const next = enough
    ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', nowMs)
    : condition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        nowMs,
      );
  const conditions = withCondition(deployment.status?.conditions ?? [], next);
  return withoutZeros({
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: actualReplicas(all),
    updatedReplicas: newSet === undefined ? 0 : actualReplicas([newSet]),
    readyReplicas: readyReplicas(all),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wantedReplicas(all) - available),
    collisionCount: deployment.status?.collisionCount ?? 0,
    conditions,
  });
}

function withoutZeros(status: DeploymentStatus): DeploymentStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0));
}

/** Has the rollout ended: every replica is of the new template and available, and no old one is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Has anything moved since the old status: more updated, ready or available pods, or fewer old ones. */
function isProgressing(deployment: Deployment, next: DeploymentStatus): boolean {
  const old = deployment.status ?? {};
  const outdated = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    outdated(next) < outdated(old) ||
    (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

/** Milliseconds until the deadline for progress; 0 = over, undefined = none runs. */
export function deadlineInMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const progressing = conditionOf(status, 'Progressing');
  if (!hasDeadline(deployment) || progressing === undefined) return undefined;
  // A rollout that is complete cannot be late; one that is late already is told so once.
  if (progressing.reason === REASON.complete || progressing.reason === REASON.timedOut) return undefined;
  const since = Date.parse(progressing.lastUpdateTime ?? '') || nowMs;
  return Math.max(0, since + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000 - nowMs);
}

/** The status of a running rollout, with the conditions Progressing and ReplicaFailure (dc.syncRolloutStatus). */
export function rolloutStatus(rollout: Rollout, nowMs: number): DeploymentStatus {
  const { newSet, all } = rollout;
  const status = countStatus(rollout, nowMs);
  const conditions = withProgress(rollout, status, nowMs);
  const failure = (newSet === undefined ? [] : failuresOf([newSet])).concat(failuresOf(all))[0];
  const others = without(conditions, 'ReplicaFailure');
  return { ...status, conditions: failure === undefined ? others : withCondition(conditions, failure) };
}

function withProgress({ deployment, newSet }: Rollout, status: DeploymentStatus, nowMs: number): DeploymentCondition[] {
  const conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) return without(conditions, 'Progressing');
  const current = conditionOf(deployment.status, 'Progressing');
  const settled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === REASON.complete;
  if (settled) return [...conditions];
  const about =
    newSet === undefined
      ? `Deployment "${deployment.metadata.name ?? ''}"`
      : `ReplicaSet "${newSet.metadata.name ?? ''}"`;
  if (isComplete(deployment, status)) {
    const text = `${about} has successfully progressed.`;
    return withCondition(conditions, condition('Progressing', 'True', REASON.complete, text, nowMs));
  }
  if (isProgressing(deployment, status)) {
    // Set anew each time, for lastUpdateTime is what the deadline is counted from.
    const next = condition('Progressing', 'True', REASON.updated, `${about} is progressing.`, nowMs);
    const since = current?.status === 'True' ? current.lastTransitionTime : next.lastTransitionTime;
    return [
      ...without(conditions, 'Progressing'),
      { ...next, ...(since === undefined ? {} : { lastTransitionTime: since }) },
    ];
  }
  if (deadlineInMs(deployment, status, nowMs) === 0) {
    const text = `${about} has timed out progressing.`;
    return withCondition(conditions, condition('Progressing', 'False', REASON.timedOut, text, nowMs));
  }
  return [...conditions];
}

const failuresOf = (sets: readonly ReplicaSet[]): DeploymentCondition[] =>
  sets.flatMap((set) =>
    (set.status?.conditions ?? [])
      .filter((one) => one.type === 'ReplicaFailure')
      .map((one) => ({
        ...one,
        ...(one.lastTransitionTime === undefined ? {} : { lastUpdateTime: one.lastTransitionTime }),
      })),
  );
