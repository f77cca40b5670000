import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm } from '#api/podspec/affinity.ts';
import { selectsAll } from './label-selector.ts';

/** Does a term match a node; an empty term matches none. */
export function termMatches(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  return (
    matchExpressions.every((requirement) => meets(requirement, labels[requirement.key])) &&
    matchFields.every((requirement) =>
      meets(requirement, requirement.key === 'metadata.name' ? node.metadata.name : undefined),
    )
  );
}

function meets({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const [left, right] = [Number(value ?? Number.NaN), Number(values[0] ?? Number.NaN)];
      return operator === 'Gt' ? left > right : left < right;
    }
    default:
      return false;
  }
}

/** May the pod be on this node, by its nodeSelector and its required node affinity. */
export function nodeAffinityMatches(pod: Pod, node: Node): boolean {
  if (!selectsAll(pod.spec?.nodeSelector, node.metadata.labels)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => termMatches(term, node));
}
