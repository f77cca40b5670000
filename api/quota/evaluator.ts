import type { KubeObject } from '#api/kind.ts';
import type { ResourceList } from '#api/meta/resource-list.ts';

/** A condition on the objects that a quota counts. */
export interface ScopeRequirement {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** What of a ResourceQuota decides what it counts and how much of it there may be. */
export interface Quota extends KubeObject {
  readonly spec?: {
    readonly hard?: ResourceList;
    readonly scopes?: readonly string[];
    readonly scopeSelector?: { readonly matchExpressions?: readonly ScopeRequirement[] };
  };
  readonly status?: { readonly hard?: ResourceList; readonly used?: ResourceList };
}

/** A write, as far as quotas look at it. */
export interface QuotaWrite {
  readonly operation: string;
  readonly subresource: string;
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
}

/** How the objects of one resource count in quotas (upstream: pkg/quota/v1). */
export interface QuotaEvaluator {
  /** Does such a write change what is used. */
  handles(write: QuotaWrite): boolean;
  /** Those of the names in a quota that these objects count for. */
  matching(names: readonly string[]): string[];
  matchesScope(scope: ScopeRequirement, object: KubeObject): boolean;
  /** What an object must say for itself when a quota names these; a text, or undefined when all is said. */
  unsaid?(names: readonly string[], object: KubeObject): string | undefined;
  /** What an object uses, by the names of quotas; `nowMs` tells whether a pod that is going still counts. */
  usage(object: KubeObject, nowMs: number): ResourceList;
}

/** All conditions of a quota; a scope by itself asks that it exists. */
export const scopesOf = ({ spec }: Quota): ScopeRequirement[] => [
  ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
  ...(spec?.scopeSelector?.matchExpressions ?? []),
];

/** Does an object fulfil all conditions of a quota. */
export const isInScope = (quota: Quota, evaluator: QuotaEvaluator, object: KubeObject): boolean =>
  scopesOf(quota).every((scope) => evaluator.matchesScope(scope, object));

/** Objects that only count by their number: `count/deployments.apps`, and for some an older name. */
export function objectCount(resource: string, alias?: string): QuotaEvaluator {
  const names = [`count/${resource}`, ...(alias === undefined ? [] : [alias])];
  const usage = Object.fromEntries(names.map((name) => [name, '1']));
  return {
    handles: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
    matching: (given) => given.filter((name) => names.includes(name)),
    matchesScope: () => false,
    usage: () => usage,
  };
}
