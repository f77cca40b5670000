import { type Static, described, field, list, object, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { pathSegment } from '#api/meta/names.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { BINDING_COLUMNS } from '#api/kinds/rbac/columns.ts';
import { RBAC_GROUP, RoleRef, Subject } from '#api/kinds/rbac/rules.ts';
import { applyBindingDefaults, validateBinding, validateSameRole } from '#api/kinds/rbac/validation.ts';

/** `rbac.v1.ClusterRoleBinding`. */
export const ClusterRoleBinding = object(
  'rbac.v1.ClusterRoleBinding',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    subjects: field(2, described('Who is given the role.', list(Subject))),
    roleRef: required(3, described('The ClusterRole. Never changes.', RoleRef)),
  },
  { description: 'Gives a ClusterRole to users, groups and service accounts, in the whole cluster.' },
);
/** The JSON form of `rbac.v1.ClusterRoleBinding`. */
export type ClusterRoleBinding = Static<typeof ClusterRoleBinding>;

/** ClusterRoleBindings. */
export const clusterRoleBindingKind = defineKind<ClusterRoleBinding>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'ClusterRoleBinding',
  schema: ClusterRoleBinding,
  scope: 'Cluster',
  columns: BINDING_COLUMNS,
  validateName: pathSegment,
  applyDefaults: applyBindingDefaults,
  validate: (binding) => validateBinding(binding, false),
  validateUpdate: validateSameRole,
});
