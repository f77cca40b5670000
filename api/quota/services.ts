import type { Service } from '#api/kinds/core/service.ts';
import type { QuotaEvaluator } from './evaluator.ts';

const NAMES = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'];

/** Services count by number, by node ports and by load balancers. */
export const serviceEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource }) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  matching: (names) => names.filter((name) => NAMES.includes(name)),
  matchesScope: () => false,
  usage(object) {
    const { spec } = object as Service;
    const ports = spec?.ports ?? [];
    const isBalanced = spec?.type === 'LoadBalancer';
    const onNodes = spec?.type === 'NodePort' || (isBalanced && spec.allocateLoadBalancerNodePorts !== false);
    const nodePorts = onNodes
      ? ports.length
      : isBalanced
        ? ports.filter(({ nodePort = 0 }) => nodePort !== 0).length
        : 0;
    return {
      'count/services': '1',
      services: '1',
      'services.nodeports': `${nodePorts}`,
      'services.loadbalancers': isBalanced ? '1' : '0',
    };
  },
};
