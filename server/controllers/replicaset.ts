import { type ReplicaSet, type ReplicaSetStatus, replicaSetKind } from '#api/kinds/apps/replicaset.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { watchOwned } from '#server/reconcile/informers.ts';
import { type Controller, DONE, type Result, againAfter, splitKey } from '#server/reconcile/reconciler.ts';
import { type ReplicasOutcome, replicaFailure, syncReplicas } from '#server/reconcile/replicas.ts';
import { writeStatus } from '#server/reconcile/status.ts';

/** Keeps as many pods alive as each ReplicaSet says (upstream: pkg/controller/replicaset). */
export function replicaSetController(context: ControllerContext): Controller {
  const { client, clock } = context;
  return {
    workers: 8,
    watch: (queue) =>
      watchOwned(client, {
        owner: replicaSetKind,
        owned: podKind,
        selects: (set, pod) => labelSelectorMatcher(set.spec?.selector)(pod.metadata.labels),
        queue,
      }),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const set = client.get(replicaSetKind, namespace, name);
      if (set === undefined) return DONE;
      const matches = labelSelectorMatcher(set.spec?.selector);
      const outcome = await syncReplicas(context, {
        owner: set,
        replicas: set.spec?.replicas ?? 1,
        minReadySeconds: set.spec?.minReadySeconds ?? 0,
        template: set.spec?.template ?? {},
        matches: (pod) => matches(pod.metadata.labels),
      });
      await writeStatus(client, replicaSetKind, set, (current) => statusOf(current, set, outcome, clock.now()));
      return resultOf(outcome);
    },
  };
}

function statusOf(current: ReplicaSet, seen: ReplicaSet, outcome: ReplicasOutcome, nowMs: number): ReplicaSetStatus {
  const { counts, failure } = outcome;
  const others = current.status?.conditions?.filter((condition) => condition.type !== 'ReplicaFailure') ?? [];
  const failed = replicaFailure(current.status?.conditions, failure, nowMs);
  const conditions = failed === undefined ? others : [...others, failed];
  return {
    replicas: counts.replicas,
    ...(counts.fullyLabeledReplicas === 0 ? {} : { fullyLabeledReplicas: counts.fullyLabeledReplicas }),
    ...(counts.readyReplicas === 0 ? {} : { readyReplicas: counts.readyReplicas }),
    ...(counts.availableReplicas === 0 ? {} : { availableReplicas: counts.availableReplicas }),
    ...(seen.metadata.generation === undefined ? {} : { observedGeneration: seen.metadata.generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** A refusal is retried with back-off, after the status has told of it. */
function resultOf({ failure, againAfterMs }: ReplicasOutcome): Result {
  if (failure !== undefined) throw failure.error;
  return againAfterMs === undefined ? DONE : againAfter(againAfterMs);
}
