import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import type { KubeObject } from '#api/kind.ts';
import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import { formatTime } from '#api/meta/time.ts';
import type { Clock } from '#base/clock.ts';
import { claim } from './claim.ts';
import { selectsAll } from './label-selector.ts';
import { type PodControl, createPod, deletePod, messageOf, namespaceGoes } from './pod-control.ts';
import { inDeletionOrder } from './pod-ranking.ts';
import { availableInMs, isPodActive, isPodReady } from './pod-state.ts';

/** No run creates or deletes more pods than this (upstream: BurstReplicas). */
const BURST_REPLICAS = 500;

/** What ReplicaSets and ReplicationControllers have in common. */
export interface ReplicasWanted {
  readonly owner: KubeObject;
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly template: PodTemplateSpec;
  readonly matches: (pod: Pod) => boolean;
}

/** The counters of a status, as counted just now. */
export interface ReplicaCounts {
  readonly replicas: number;
  readonly fullyLabeledReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
}

/** What a run came to. */
export interface ReplicasOutcome {
  readonly counts: ReplicaCounts;
  /** Why not all pods could be created or deleted. */
  readonly failure?: {
    readonly reason: 'FailedCreate' | 'FailedDelete';
    readonly message: string;
    readonly error: unknown;
  };
  /** When the next ready pod becomes available. */
  readonly againAfterMs?: number;
}

/** Adopts, creates and deletes pods until as many as wanted are there, and counts them. */
export async function syncReplicas(
  control: PodControl & { readonly clock: Clock },
  wanted: ReplicasWanted,
): Promise<ReplicasOutcome> {
  const { client, clock } = control;
  const { owner } = wanted;
  const namespace = owner.metadata.namespace ?? '';
  const candidates = client.list(podKind, namespace).filter(isPodActive);
  const pods = await claim(candidates, { client, owner, kind: podKind, matches: wanted.matches });
  const failure =
    owner.metadata.deletionTimestamp === undefined ? await manage(control, wanted, pods, clock.now()) : undefined;
  const { counts, againAfterMs } = count(pods, wanted, clock.now());
  return {
    counts,
    ...(failure === undefined ? {} : { failure }),
    ...(againAfterMs === undefined ? {} : { againAfterMs }),
  };
}

async function manage(
  control: PodControl,
  wanted: ReplicasWanted,
  pods: readonly Pod[],
  nowMs: number,
): Promise<ReplicasOutcome['failure']> {
  const { owner, replicas, template } = wanted;
  const missing = replicas - pods.length;
  if (missing > 0) {
    const { failure } = await slowStartPods(control, owner, template, Math.min(missing, BURST_REPLICAS));
    if (failure === undefined || namespaceGoes(failure)) return undefined;
    return { reason: 'FailedCreate', message: messageOf(failure), error: failure };
  }
  if (missing < 0) {
    const victims = inDeletionOrder(pods, pods, nowMs).slice(0, Math.min(-missing, BURST_REPLICAS));
    const results = await Promise.allSettled(victims.map((pod) => deletePod(control, owner, pod)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return undefined;
    return { reason: 'FailedDelete', message: messageOf(failed.reason), error: failed.reason };
  }
  return undefined;
}

/** Pods in batches of 1, 2, 4, 8 …, each batch at once, until one is refused: a quota is not asked a thousand times. */
async function slowStartPods(
  control: PodControl,
  owner: KubeObject,
  template: PodTemplateSpec,
  total: number,
): Promise<{ readonly failure?: unknown }> {
  for (let size = 1, left = total; left > 0; left -= size, size *= 2) {
    const batch = Array.from({ length: Math.min(size, left) }, () => createPod(control, owner, template));
    const failed = (await Promise.allSettled(batch)).find((result) => result.status === 'rejected');
    if (failed !== undefined) return { failure: failed.reason };
  }
  return {};
}

function count(
  pods: readonly Pod[],
  { template, minReadySeconds }: ReplicasWanted,
  nowMs: number,
): { readonly counts: ReplicaCounts; readonly againAfterMs?: number } {
  const waits = pods.map((pod) => availableInMs(pod, minReadySeconds, nowMs));
  const pending = waits.filter((wait) => wait !== undefined && wait > 0);
  return {
    counts: {
      replicas: pods.length,
      fullyLabeledReplicas: pods.filter((pod) => selectsAll(template.metadata?.labels, pod.metadata.labels)).length,
      readyReplicas: pods.filter(isPodReady).length,
      availableReplicas: waits.filter((wait) => wait === 0).length,
    },
    ...(pending.length === 0 ? {} : { againAfterMs: Math.min(...pending.map((wait) => wait ?? 0)) }),
  };
}

/** The condition of an owner whose pods could not be made or deleted, else undefined. Its time is kept while it stays. */
export function replicaFailure<
  C extends { type: string; status: string; reason?: string; lastTransitionTime?: string },
>(
  conditions: readonly C[] | undefined,
  failure: ReplicasOutcome['failure'],
  nowMs: number,
): { type: string; status: string; lastTransitionTime: string; reason: string; message: string } | undefined {
  if (failure === undefined) return undefined;
  const old = conditions?.find((condition) => condition.type === 'ReplicaFailure');
  const kept = old?.status === 'True' && old.reason === failure.reason ? old.lastTransitionTime : undefined;
  return {
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: kept ?? formatTime(new Date(nowMs)),
    reason: failure.reason,
    message: failure.message,
  };
}
