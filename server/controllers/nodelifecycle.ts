import { isDeepStrictEqual } from 'node:util';
import { type Node, type Taint, nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { formatTime } from '#api/meta/time.ts';
import { orUndefined } from '#server/reconcile/claim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { type Controller, DONE, keyOf } from '#server/reconcile/reconciler.ts';
import { isPodReady } from '#server/reconcile/pod-state.ts';

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
/** Which taint a condition brings, by its status (upstream: nodeConditionToTaintKeyStatusMap). */
const CONDITION_TAINTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: NOT_READY, Unknown: UNREACHABLE },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
};
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const OURS = new Set([
  UNSCHEDULABLE,
  ...Object.values(CONDITION_TAINTS).flatMap((byStatus) => Object.values(byStatus)),
]);

/**
 * Turns what a node's conditions say into taints, so that nothing is scheduled onto a node in trouble, and takes the pods of a node that is
 * not ready out of their Services at once (upstream: pkg/controller/nodelifecycle). Whoever holds the node's link writes its Ready condition.
 */
export function nodeLifecycleController(context: ControllerContext): Controller {
  const { client, events } = context;
  // Once for each time that a node is lost: what its agent says of pods after that is newer than our guess, and is never said twice.
  const marked = new Set<string>();
  return {
    workers: 4,
    watch(queue) {
      let listed = false;
      const end = client.watch(nodeKind, {
        added(node) {
          queue.add(keyOf(node));
          // Nodes that were there before this server are no news.
          const name = node.metadata.name ?? '';
          if (listed)
            events.record(
              asReference(node),
              'Normal',
              'RegisteredNode',
              `Node ${name} event: Registered Node ${name} in Controller`,
            );
        },
        modified(node, previous) {
          queue.add(keyOf(node));
          const name = node.metadata.name ?? '';
          if (readyOf(previous) === 'True' && readyOf(node) !== 'True')
            events.record(asReference(node), 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
        },
        deleted(node) {
          const name = node.metadata.name ?? '';
          events.record(
            asReference(node),
            'Normal',
            'RemovingNode',
            `Node ${name} event: Removing Node ${name} from Controller`,
          );
        },
      });
      listed = true;
      return end;
    },
    async reconcile(name) {
      const node = client.get(nodeKind, '', name);
      if (node === undefined || !isNotReady(node)) marked.delete(name);
      if (node === undefined) return DONE;
      await syncTaints(context, node);
      if (!isNotReady(node) || marked.has(name)) return DONE;
      await markPodsNotReady(context, node);
      marked.add(name);
      return DONE;
    },
  };
}

/** Nodes are known to events by their name in place of a uid, as kubelet has always written them. */
const asReference = (node: Node): Node => ({ ...node, metadata: { ...node.metadata, uid: node.metadata.name ?? '' } });
const readyOf = (node: Node): string | undefined =>
  node.status?.conditions?.find((condition) => condition.type === 'Ready')?.status;
const isNotReady = (node: Node): boolean => readyOf(node) === 'False' || readyOf(node) === 'Unknown';

/** The taints that a node should have for its conditions: NoSchedule for each, and NoExecute when it is not ready or out of reach. */
export function conditionTaints(node: Node): Taint[] {
  const keys = (node.status?.conditions ?? []).flatMap(({ type, status }) => CONDITION_TAINTS[type]?.[status] ?? []);
  if (node.spec?.unschedulable === true) keys.push(UNSCHEDULABLE);
  return keys.flatMap((key) => [
    { key, effect: 'NoSchedule' },
    ...(key === NOT_READY || key === UNREACHABLE ? [{ key, effect: 'NoExecute' }] : []),
  ]);
}

async function syncTaints({ client, clock }: ControllerContext, node: Node): Promise<void> {
  const now = formatTime(new Date(clock.now()));
  const taintsOf = (current: Node): Taint[] => {
    const wanted = conditionTaints(current);
    const is = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
    const had = current.spec?.taints ?? [];
    const kept = had.filter((taint) => !OURS.has(taint.key) || wanted.some((one) => is(one, taint)));
    const fresh = wanted.filter((one) => !had.some((taint) => is(one, taint)));
    return [...kept, ...fresh.map((taint) => ({ ...taint, timeAdded: now }))];
  };
  if (isDeepStrictEqual(taintsOf(node), node.spec?.taints ?? [])) return;
  await orUndefined(
    client.update(nodeKind, '', node.metadata.name ?? '', (copy) => {
      const taints = taintsOf(copy);
      copy.spec = { ...copy.spec, taints };
      if (taints.length === 0) delete copy.spec.taints;
      return undefined;
    }),
  );
}

/** Says Ready=False of every pod on the node. When the node comes back, its agent says what is true again. */
async function markPodsNotReady({ client, clock, events }: ControllerContext, node: Node): Promise<void> {
  const name = node.metadata.name ?? '';
  const pods = client.list(podKind).filter((pod) => pod.spec?.nodeName === name && isPodReady(pod));
  const now = formatTime(new Date(clock.now()));
  await Promise.all(
    pods.map(async (pod) => {
      events.record(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      await orUndefined(
        client.updateStatus(podKind, pod.metadata.namespace ?? '', pod.metadata.name ?? '', (copy) => {
          const ready = copy.status?.conditions?.find((condition) => condition.type === 'Ready');
          if (copy.metadata.uid !== pod.metadata.uid || ready?.status !== 'True') return false;
          ready.status = 'False';
          ready.lastTransitionTime = now;
          return undefined;
        }),
      );
    }),
  );
}
