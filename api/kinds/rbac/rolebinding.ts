import { type Static, described, field, list, object, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { pathSegment } from '#api/meta/names.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { BINDING_COLUMNS } from '#api/kinds/rbac/columns.ts';
import { RBAC_GROUP, RoleRef, Subject } from '#api/kinds/rbac/rules.ts';
import { applyBindingDefaults, validateBinding, validateSameRole } from '#api/kinds/rbac/validation.ts';

/** `rbac.v1.RoleBinding`. */
export const RoleBinding = object(
  'rbac.v1.RoleBinding',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    subjects: field(2, described('Who is given the role.', list(Subject))),
    roleRef: required(3, described('The role: a Role of the same namespace or a ClusterRole. Never changes.', RoleRef)),
  },
  { description: 'Gives a role to users, groups and service accounts, within one namespace.' },
);
/** The JSON form of `rbac.v1.RoleBinding`. */
export type RoleBinding = Static<typeof RoleBinding>;

/** RoleBindings. */
export const roleBindingKind = defineKind<RoleBinding>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'RoleBinding',
  schema: RoleBinding,
  columns: BINDING_COLUMNS,
  validateName: pathSegment,
  applyDefaults: applyBindingDefaults,
  validate: (binding) => validateBinding(binding, true),
  validateUpdate: validateSameRole,
});
