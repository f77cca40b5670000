import { type Static, described, field, list, object, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { pathSegment } from '#api/meta/names.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ROLE_COLUMNS } from '#api/kinds/rbac/columns.ts';
import { PolicyRule, RBAC_GROUP } from '#api/kinds/rbac/rules.ts';
import { validateRules } from '#api/kinds/rbac/validation.ts';

/** `rbac.v1.Role`. */
export const Role = object(
  'rbac.v1.Role',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    rules: field(2, described('What it allows.', list(PolicyRule))),
  },
  { description: 'Rights within one namespace, to be given by RoleBindings.' },
);
/** The JSON form of `rbac.v1.Role`. */
export type Role = Static<typeof Role>;

/** Roles. */
export const roleKind = defineKind<Role>({
  group: RBAC_GROUP,
  version: 'v1',
  kind: 'Role',
  schema: Role,
  columns: ROLE_COLUMNS,
  validateName: pathSegment,
  validate: ({ rules }) => validateRules(rules, true),
});
