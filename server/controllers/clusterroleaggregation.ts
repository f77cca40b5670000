import { type ClusterRole, clusterRoleKind } from '#api/kinds/rbac/clusterrole.ts';
import type { PolicyRule } from '#api/kinds/rbac/rules.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE } from '#server/reconcile/reconciler.ts';

/** One key for all: what one role gathers depends on every other. */
const ALL = 'all';

/** Keeps the rules of ClusterRoles with an aggregationRule those of the roles that it selects (upstream: pkg/controller/clusterroleaggregation). */
export function clusterRoleAggregationController({ client }: ControllerContext): Controller {
  return {
    workers: 1,
    // Any role may be one that others gather from, before or after the change; there are few that gather.
    watch: (queue) => watchEach(client, clusterRoleKind, () => queue.add(ALL)),
    async reconcile() {
      const roles = client.list(clusterRoleKind);
      for (const role of roles) {
        if (role.aggregationRule === undefined) continue;
        const rules = gatheredRules(role, roles);
        if (Bun.deepEquals(rules, role.rules ?? [])) continue;
        await client.update(clusterRoleKind, '', role.metadata.name ?? '', (copy) => {
          copy.rules = structuredClone(rules);
        });
      }
      return DONE;
    },
  };
}

/** The rules of all roles that `role` selects, selector by selector and in order of name, without duplicates. */
export function gatheredRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const matches = labelSelectorMatcher(selector);
    for (const other of all) {
      if (other.metadata.name === role.metadata.name || !matches(other.metadata.labels)) continue;
      for (const rule of other.rules ?? []) if (!rules.some((one) => Bun.deepEquals(one, rule))) rules.push(rule);
    }
  }
  return rules;
}
