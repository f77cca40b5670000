import { type Static, described, field, list, object, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { type FieldError, requiredValue } from '#api/meta/field-error.ts';
import { pathSegment } from '#api/meta/names.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import { ROLE_COLUMNS } from '#api/kinds/rbac/columns.ts';
import { AggregationRule, PolicyRule, RBAC_GROUP } from '#api/kinds/rbac/rules.ts';
import { validateRules } from '#api/kinds/rbac/validation.ts';

/** `rbac.v1.ClusterRole`. */
export const ClusterRole = object(
  'rbac.v1.ClusterRole',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    rules: field(
      2,
      described('What it allows; kept by the server when there is an aggregationRule.', list(PolicyRule)),
    ),
    aggregationRule: field(3, described('Gathers the rules of other ClusterRoles.', AggregationRule)),
  },
  { description: 'Rights in all namespaces and beyond them, to be given by bindings of either kind.' },
);
/** The JSON form of `rbac.v1.ClusterRole`. */
export type ClusterRole = Static<typeof ClusterRole>;

function validateAggregation({ aggregationRule }: ClusterRole): FieldError[] {
  if (aggregationRule === undefined) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  const { clusterRoleSelectors = [] } = aggregationRule;
  if (clusterRoleSelectors.length === 0)
    return [requiredValue(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  return clusterRoleSelectors.flatMap((selector, index) => validateLabelSelector(selector, `${path}[${index}]`));
}

/** ClusterRoles. */
export const clusterRoleKind = defineKind<ClusterRole>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'ClusterRole',
  schema: ClusterRole,
  scope: 'Cluster',
  columns: ROLE_COLUMNS,
  validateName: pathSegment,
  validate: (role) => [...validateRules(role.rules, false), ...validateAggregation(role)],
});
