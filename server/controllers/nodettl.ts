import { nodeKind } from '#api/kinds/core/node.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, keyOf } from '#server/reconcile/reconciler.ts';

const ANNOTATION = 'node.alpha.kubernetes.io/ttl';

/** So many seconds may a node keep what it has read of Secrets and ConfigMaps, up to so many nodes (upstream: pkg/controller/ttl). */
const STEPS: readonly (readonly [nodes: number, seconds: number])[] = [
  [100, 0],
  [500, 15],
  [1_000, 30],
  [2_000, 60],
];
const MOST_SECONDS = 300;
/** A cluster has to be smaller than the step by so much before the time falls again, so that it does not go to and fro. */
const SLACK = 0.9;

/** The seconds for a cluster of `nodes` that has had `now` until now. */
export function secondsFor(nodes: number, now: number): number {
  const wanted = STEPS.find(([most]) => nodes <= most)?.[1] ?? MOST_SECONDS;
  if (wanted >= now) return wanted;
  const held = STEPS.find(([most]) => nodes <= most * SLACK)?.[1] ?? MOST_SECONDS;
  return Math.min(now, held);
}

/** Notes on each node how long it may go on with what it has read: clients that mount volumes heed it. */
export function nodeTTLController({ client }: ControllerContext): Controller {
  let seconds = 0;
  return {
    workers: 1,
    watch: (queue) =>
      watchEach(client, nodeKind, (node) => {
        const next = secondsFor(client.count(nodeKind), seconds);
        if (next !== seconds) for (const one of client.list(nodeKind)) queue.add(keyOf(one));
        seconds = next;
        queue.add(keyOf(node));
      }),
    async reconcile(name) {
      const node = client.get(nodeKind, '', name);
      if (node === undefined || node.metadata.annotations?.[ANNOTATION] === String(seconds)) return DONE;
      await client.update(nodeKind, '', name, (copy) => {
        copy.metadata.annotations = { ...copy.metadata.annotations, [ANNOTATION]: String(seconds) };
      });
      return DONE;
    },
  };
}
