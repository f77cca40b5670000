import { nodeKind } from '#api/kinds/core/node.ts';
import { orUndefined } from '#server/reconcile/claim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { subnets } from '#server/reconcile/ipv4.ts';
import { type Controller, DONE, keyOf } from '#server/reconcile/reconciler.ts';

/** Each node gets a network of 254 pods. */
const NODE_BITS = 24;

/** Gives each node its part of the pod network (upstream: pkg/controller/nodeipam). One worker, so that no two nodes get the same. */
export function nodeIPAMController(context: ControllerContext): Controller {
  const { client, config, events } = context;
  return {
    workers: 1,
    watch: (queue) =>
      client.watch(nodeKind, {
        added: (node) => queue.add(keyOf(node)),
        modified: (node) => {
          if ((node.spec?.podCIDR ?? '') === '') queue.add(keyOf(node));
        },
        // A part is free again: nodes that got none are tried once more.
        deleted: () => {
          for (const node of client.list(nodeKind)) if ((node.spec?.podCIDR ?? '') === '') queue.add(keyOf(node));
        },
      }),
    async reconcile(name) {
      const node = client.get(nodeKind, '', name);
      if (node === undefined || (node.spec?.podCIDR ?? '') !== '') return DONE;
      const taken = new Set(client.list(nodeKind).map((one) => one.spec?.podCIDR));
      const free = subnets(config.clusterCIDR, NODE_BITS).find((cidr) => !taken.has(cidr));
      if (free === undefined) {
        events.record(node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
        return DONE;
      }
      await orUndefined(
        client.update(nodeKind, '', name, (copy) => {
          if ((copy.spec?.podCIDR ?? '') !== '') return false;
          copy.spec = { ...copy.spec, podCIDR: free, podCIDRs: [free] };
          return undefined;
        }),
      );
      return DONE;
    },
  };
}
