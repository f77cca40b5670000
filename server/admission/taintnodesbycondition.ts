import type { Node } from '#api/kinds/core/node.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const;

/** Keeps pods off a node from its first moment until the node lifecycle controller has seen it ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate({ kind, operation, subresource, object }: AdmissionRequest): void {
    const isNode = kind.group === '' && kind.plural === 'nodes' && subresource === '';
    if (!isNode || operation !== 'CREATE' || object === undefined) return;
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) return;
    node.spec = { ...node.spec, taints: [...taints, { ...NOT_READY }] };
  },
};
