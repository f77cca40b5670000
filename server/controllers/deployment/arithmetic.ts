import type { Deployment } from '#api/kinds/apps/deployment.ts';
import type { ReplicaSet } from '#api/kinds/apps/replicaset.ts';
import { annotatedNumber, MAX_REPLICAS } from './annotations.ts';

/** `replicas` of a Deployment or ReplicaSet; the API's default is 1. */
export const replicasOf = (object: { readonly spec?: { readonly replicas?: number } } | undefined): number =>
  object === undefined ? 0 : (object.spec?.replicas ?? 1);
/** The sum of what the ReplicaSets are to have. */
export const wantedReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, replicasOf);
/** The sum of the pods that the ReplicaSets have. */
export const actualReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, (set) => set.status?.replicas ?? 0);
/** The sum of the pods that are available. */
export const availableReplicas = (sets: readonly ReplicaSet[]): number =>
  sum(sets, (set) => set.status?.availableReplicas ?? 0);
/** The sum of the pods that are ready. */
export const readyReplicas = (sets: readonly ReplicaSet[]): number =>
  sum(sets, (set) => set.status?.readyReplicas ?? 0);

const sum = (sets: readonly ReplicaSet[], value: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + value(set), 0);

/** Is the strategy RollingUpdate (the default). */
export const isRolling = (deployment: Deployment): boolean => deployment.spec?.strategy?.type !== 'Recreate';

/**
 * How many pods may be there beyond `replicas`, and how many may be missing. Percentages of surge round up, of unavailable down; both 0 would
 * stand still, so then one may be missing (deploymentutil.ResolveFenceposts). Recreate has neither.
 */
export function fenceposts(deployment: Deployment): { readonly maxSurge: number; readonly maxUnavailable: number } {
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const replicas = replicasOf(deployment);
  const update = deployment.spec?.strategy?.rollingUpdate;
  const maxSurge = scaled(update?.maxSurge ?? '25%', replicas, Math.ceil);
  const missing = scaled(update?.maxUnavailable ?? '25%', replicas, Math.floor);
  const maxUnavailable = maxSurge === 0 && missing === 0 ? 1 : missing;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

function scaled(value: number | string, total: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  return percent === undefined ? 0 : round((Number(percent) * total) / 100);
}

/** How many pods the new ReplicaSet may have at this step (deploymentutil.NewRSNewReplicas). */
export function newSetReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const wanted = replicasOf(deployment);
  if (!isRolling(deployment)) return wanted;
  const room = wanted + fenceposts(deployment).maxSurge - wantedReplicas(all);
  return room <= 0 ? current : current + Math.min(room, wanted - current);
}

/** A size for each of several ReplicaSets. */
export type Sizes = ReadonlyMap<ReplicaSet, number>;

/**
 * The sizes that ReplicaSets get when a Deployment is scaled in the middle of a rollout: what is added or taken away is shared in proportion
 * to their size, by what the Deployment was when they were last scaled; what rounding leaves over goes to the largest (dc.scale).
 */
export function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const wanted = replicasOf(deployment);
  const allowed = wanted > 0 ? wanted + fenceposts(deployment).maxSurge : 0;
  const toAdd = allowed - wantedReplicas(active);
  const order = [...active].sort(toAdd >= 0 ? largestThenNewest : largestThenOldest);
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of order) {
    const share = toAdd === 0 ? 0 : proportion(deployment, set, toAdd, added);
    sizes.set(set, replicasOf(set) + share);
    added += share;
  }
  const [largest] = order;
  if (largest !== undefined && toAdd !== 0) {
    sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  }
  return sizes;
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(set) === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function fraction(deployment: Deployment, set: ReplicaSet): number {
  const size = replicasOf(set);
  const wanted = replicasOf(deployment);
  if (wanted === 0) return -size;
  const before = annotatedNumber(set, MAX_REPLICAS) ?? deployment.status?.replicas ?? 0;
  if (before <= 0) return 0;
  return Math.round((size * (wanted + fenceposts(deployment).maxSurge)) / before) - size;
}

const createdOf = (set: ReplicaSet): string => set.metadata.creationTimestamp ?? '';
const byCreation = (a: ReplicaSet, b: ReplicaSet): number => {
  const [left, right] = [createdOf(a), createdOf(b)];
  if (left !== right) return left < right ? -1 : 1;
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
};
/** Oldest first; of the same second, by name. */
export const oldestFirst = (sets: readonly ReplicaSet[]): ReplicaSet[] => [...sets].sort(byCreation);
const largestThenNewest = (a: ReplicaSet, b: ReplicaSet): number => replicasOf(b) - replicasOf(a) || byCreation(b, a);
const largestThenOldest = (a: ReplicaSet, b: ReplicaSet): number => replicasOf(b) - replicasOf(a) || byCreation(a, b);

/** A ReplicaSet and how many pods to take from it. */
export interface Reduction {
  readonly set: ReplicaSet;
  readonly to: number;
}

/**
 * What to take from old ReplicaSets at this step of a rolling update (dc.reconcileOldReplicaSets): first pods that are not available, as far
 * as the new ReplicaSet's own unavailable pods leave room; then available ones, as long as `replicas - maxUnavailable` stay.
 */
export function reductions(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): Reduction[] {
  const all = newSet === undefined ? old : [...old, newSet];
  const minAvailable = replicasOf(deployment) - fenceposts(deployment).maxUnavailable;
  const newUnavailable = replicasOf(newSet) - (newSet?.status?.availableReplicas ?? 0);
  const maxTaken = wantedReplicas(all) - minAvailable - newUnavailable;
  if (wantedReplicas(old) === 0 || maxTaken <= 0) return [];
  const sizes = new Map<ReplicaSet, number>(oldestFirst(old).map((set) => [set, replicasOf(set)]));
  let unhealthy = maxTaken;
  for (const [set, size] of sizes) {
    const take = Math.min(Math.max(0, unhealthy), Math.max(0, size - (set.status?.availableReplicas ?? 0)));
    sizes.set(set, size - take);
    unhealthy -= take;
  }
  let healthy = availableReplicas(all) - minAvailable;
  for (const [set, size] of sizes) {
    const take = Math.min(Math.max(0, healthy), size);
    sizes.set(set, size - take);
    healthy -= take;
  }
  return [...sizes].filter(([set, size]) => size !== replicasOf(set)).map(([set, to]) => ({ set, to }));
}
