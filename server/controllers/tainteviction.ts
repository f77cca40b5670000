import { type Node, type Taint, nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { setCondition } from '#api/meta/conditions.ts';
import { orUndefined } from '#server/reconcile/claim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll } from '#server/reconcile/informers.ts';
import { type Controller, DONE, againAfter, keyOf, splitKey } from '#server/reconcile/reconciler.ts';
import { isTolerated, tolerates } from '#server/reconcile/tolerations.ts';

/** Deletes pods from nodes with NoExecute taints that they do not tolerate, or no longer (upstream: pkg/controller/tainteviction). */
export function taintEvictionController(context: ControllerContext): Controller {
  const { client, events, clock } = context;
  return {
    workers: 8,
    watch: (queue) => {
      const notePods = (node: Node): void => {
        for (const pod of client.list(podKind)) if (pod.spec?.nodeName === node.metadata.name) queue.add(keyOf(pod));
      };
      const notePod = (pod: Pod): void => {
        const node = client.get(nodeKind, '', pod.spec?.nodeName ?? '');
        if (node !== undefined && executing(node).length > 0) queue.add(keyOf(pod));
      };
      return endAll(
        client.watch(nodeKind, {
          added(node) {
            if (executing(node).length > 0) notePods(node);
          },
          modified(node, previous) {
            const taints = (one: Node): string => JSON.stringify(executing(one).map(({ key, value }) => [key, value]));
            if (taints(node) !== taints(previous)) notePods(node);
          },
          deleted() {},
        }),
        client.watch(podKind, { added: notePod, modified: notePod, deleted() {} }),
      );
    },
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const pod = client.get(podKind, namespace, name);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return DONE;
      const node = client.get(nodeKind, '', pod.spec?.nodeName ?? '');
      const deadlineMs = node === undefined ? undefined : evictionMs(pod, executing(node));
      if (deadlineMs === undefined) return DONE;
      if (deadlineMs > clock.now()) return againAfter(deadlineMs - clock.now());
      events.record(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
      await evict(context, pod);
      return DONE;
    },
  };
}

const executing = (node: Node): Taint[] => (node.spec?.taints ?? []).filter((taint) => taint.effect === 'NoExecute');

/** When the pod must leave, in milliseconds since the epoch; 0 = at once, undefined = it may stay. Of several tolerations the shortest counts. */
export function evictionMs(pod: Pod, taints: readonly Taint[]): number | undefined {
  const tolerations = pod.spec?.tolerations ?? [];
  if (taints.some((taint) => !isTolerated(tolerations, taint))) return 0;
  const deadlines = taints.flatMap((taint) =>
    tolerations
      .filter((toleration) => tolerates(toleration, taint) && toleration.tolerationSeconds !== undefined)
      .map(
        ({ tolerationSeconds = 0 }) => (Date.parse(taint.timeAdded ?? '') || 0) + Math.max(0, tolerationSeconds) * 1000,
      ),
  );
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}

async function evict({ client, clock }: ControllerContext, pod: Pod): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata;
  await orUndefined(
    client.updateStatus(podKind, namespace, name, (copy) => {
      if (copy.metadata.uid !== uid) return false;
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
      };
      copy.status = {
        ...copy.status,
        conditions: setCondition(copy.status?.conditions, condition, new Date(clock.now())),
      };
      return undefined;
    }),
  );
  await client.delete(podKind, namespace, name, uid === undefined ? {} : { preconditions: { uid } });
}
