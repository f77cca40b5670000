/** Requests by operation and resource: of webhooks and, with names of objects, of policies. */
export interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  /** `pods`, `pods/log`, `*`, `pods/*`, `*` with `/scale`. */
  readonly resources?: readonly string[];
  readonly scope?: string;
  readonly resourceNames?: readonly string[];
}

/** What a rule looks at of a request, in one version of its resource. */
export interface Target {
  readonly operation: string;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly subresource: string;
  readonly name: string;
  readonly isNamespaced: boolean;
}

const holds = (items: readonly string[] | undefined, wanted: string): boolean =>
  (items ?? []).some((item) => item === '*' || item === wanted);

/** Is the request one that the rule means (upstream: predicates/rules). */
export function matchesRule(rule: Rule, target: Target): boolean {
  const { scope = '*', resourceNames = [], resources = [] } = rule;
  if (scope !== '*' && (scope === 'Namespaced') !== target.isNamespaced) return false;
  if (!holds(rule.operations, target.operation)) return false;
  if (!holds(rule.apiGroups, target.group) || !holds(rule.apiVersions, target.version)) return false;
  if (resourceNames.length > 0 && !resourceNames.includes(target.name)) return false;
  return resources.some((one) => {
    const [resource = '', subresource = ''] = one.split('/');
    return (
      (resource === '*' || resource === target.plural) && (subresource === '*' || subresource === target.subresource)
    );
  });
}
