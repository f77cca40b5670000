import { type Node, nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { setCondition } from '#api/meta/conditions.ts';
import { orUndefined } from '#server/reconcile/claim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll } from '#server/reconcile/informers.ts';
import { isPodTerminal } from '#server/reconcile/pod-state.ts';
import { type Controller, DONE, type Result, againAfter, keyOf, splitKey } from '#server/reconcile/reconciler.ts';

/** A node may be about to appear: its pods are left alone for so long (upstream: quarantineTime). */
const QUARANTINE_MS = 40_000;
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

/**
 * Removes pods that no node will ever report on again (upstream: pkg/controller/podgc): those bound to a node that is no more, those that terminate without
 * ever having had one, and those that terminate on a node that its owner has declared out of service. On a node that is merely out of reach a
 * terminating pod stays until the node comes back and says that its containers are gone: its replacement runs meanwhile, and no two are ever one.
 */
export function podGCController(context: ControllerContext): Controller {
  const { client, clock } = context;
  const missingSince = new Map<string, number>();
  return {
    workers: 4,
    watch(queue) {
      const notePod = (pod: Pod): void => {
        const name = pod.spec?.nodeName ?? '';
        if (pod.metadata.deletionTimestamp !== undefined || client.get(nodeKind, '', name) === undefined) {
          if (name !== '' || pod.metadata.deletionTimestamp !== undefined) queue.add(keyOf(pod));
        }
      };
      const noteNode = (node: Node): void => {
        for (const pod of client.list(podKind)) if (pod.spec?.nodeName === node.metadata.name) queue.add(keyOf(pod));
      };
      return endAll(
        client.watch(nodeKind, {
          added: (node) => missingSince.delete(node.metadata.name ?? ''),
          modified(node, previous) {
            if (isOutOfService(node) && !isOutOfService(previous)) noteNode(node);
          },
          deleted: noteNode,
        }),
        client.watch(podKind, { added: notePod, modified: notePod, deleted() {} }),
      );
    },
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const pod = client.get(podKind, namespace, name);
      if (pod === undefined) return DONE;
      const nodeName = pod.spec?.nodeName ?? '';
      const terminating = pod.metadata.deletionTimestamp !== undefined;
      if (nodeName === '') return terminating ? remove(context, pod) : DONE;
      const node = client.get(nodeKind, '', nodeName);
      if (node !== undefined) return terminating && isOutOfService(node) ? remove(context, pod) : DONE;
      const since = missingSince.get(nodeName) ?? clock.now();
      missingSince.set(nodeName, since);
      const leftMs = since + QUARANTINE_MS - clock.now();
      return leftMs > 0 ? againAfter(leftMs) : remove(context, pod);
    },
  };
}

/** Not ready, and declared dead by a person: nothing on it runs. */
function isOutOfService(node: Node): boolean {
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
  return ready !== 'True' && (node.spec?.taints ?? []).some((taint) => taint.key === OUT_OF_SERVICE);
}

async function remove({ client, clock }: ControllerContext, pod: Pod): Promise<Result> {
  const { namespace = '', name = '', uid } = pod.metadata;
  await orUndefined(
    client.updateStatus(podKind, namespace, name, (copy) => {
      if (copy.metadata.uid !== uid || isPodTerminal(copy)) return false;
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: 'PodGC: node no longer exists',
      };
      const conditions = setCondition(copy.status?.conditions, condition, new Date(clock.now()));
      copy.status = { ...copy.status, phase: 'Failed', conditions };
      return undefined;
    }),
  );
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  await client.delete(podKind, namespace, name, { gracePeriodSeconds: 0, ...preconditions });
  return DONE;
}
