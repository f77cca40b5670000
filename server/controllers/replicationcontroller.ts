import { podKind } from '#api/kinds/core/pod.ts';
import {
  type ReplicationController,
  type ReplicationControllerStatus,
  replicationControllerKind,
} from '#api/kinds/core/replicationcontroller.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { watchOwned } from '#server/reconcile/informers.ts';
import { selectsAll } from '#server/reconcile/label-selector.ts';
import { type Controller, DONE, type Result, againAfter, splitKey } from '#server/reconcile/reconciler.ts';
import { type ReplicasOutcome, replicaFailure, syncReplicas } from '#server/reconcile/replicas.ts';
import { writeStatus } from '#server/reconcile/status.ts';

/** Keeps as many pods alive as each ReplicationController says (upstream: pkg/controller/replication). */
export function replicationControllerController(context: ControllerContext): Controller {
  const { client, clock } = context;
  return {
    workers: 4,
    watch: (queue) => watchOwned(client, { owner: replicationControllerKind, owned: podKind, selects, queue }),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const controller = client.get(replicationControllerKind, namespace, name);
      if (controller === undefined) return DONE;
      const outcome = await syncReplicas(context, {
        owner: controller,
        replicas: controller.spec?.replicas ?? 1,
        minReadySeconds: controller.spec?.minReadySeconds ?? 0,
        template: controller.spec?.template ?? {},
        matches: (pod) => selects(controller, pod),
      });
      await writeStatus(client, replicationControllerKind, controller, (current) =>
        statusOf(current, controller, outcome, clock.now()),
      );
      return resultOf(outcome);
    },
  };
}

/** An empty selector selects nothing: the API sets it from the template's labels. */
function selects(controller: ReplicationController, pod: Pod): boolean {
  const selector = controller.spec?.selector ?? {};
  return Object.keys(selector).length > 0 && selectsAll(selector, pod.metadata.labels);
}

function statusOf(
  current: ReplicationController,
  seen: ReplicationController,
  outcome: ReplicasOutcome,
  nowMs: number,
): ReplicationControllerStatus {
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

function resultOf({ failure, againAfterMs }: ReplicasOutcome): Result {
  if (failure !== undefined) throw failure.error;
  return againAfterMs === undefined ? DONE : againAfter(againAfterMs);
}
