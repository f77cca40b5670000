import type { LabelSelector } from '#api/meta/label-selector.ts';
import { labelValue } from '#api/meta/names.ts';
import type { NodeSelectorTerm } from '#api/podspec/affinity.ts';

/** Node labels of old, with what upstream says of them (pkg/api/node). */
const DEPRECATED: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

/** What a client is told of a deprecated node label; undefined = the label is in order. */
export const deprecatedNodeLabel = (key: string): string | undefined => DEPRECATED.get(key);

const expressionWarnings = (expressions: readonly { readonly key: string }[], path: string): string[] =>
  expressions.flatMap(({ key }, index) => {
    const text = deprecatedNodeLabel(key);
    return text === undefined ? [] : [`${path}.matchExpressions[${index}].key: ${key} is ${text}`];
  });

/** Warnings about a term that selects nodes; with `checkValues` also about values that no label can have. */
export function nodeTermWarnings(term: NodeSelectorTerm, path: string, checkValues = false): string[] {
  const { matchExpressions = [] } = term;
  const warnings = expressionWarnings(matchExpressions, path);
  if (!checkValues) return warnings;
  for (const [index, { values = [] }] of matchExpressions.entries())
    for (const [at, value] of values.entries())
      for (const text of labelValue(value))
        warnings.push(`${path}.matchExpressions[${index}].values[${at}]: ${value} is invalid, ${text}`);
  return warnings;
}

/** Warnings about a label selector that selects nodes. */
export function nodeLabelSelectorWarnings(selector: LabelSelector | undefined, path: string): string[] {
  const warnings = expressionWarnings(selector?.matchExpressions ?? [], path);
  for (const key of Object.keys(selector?.matchLabels ?? {})) {
    const text = deprecatedNodeLabel(key);
    if (text !== undefined) warnings.push(`${path}.matchLabels.${key}: ${text}`);
  }
  return warnings;
}
