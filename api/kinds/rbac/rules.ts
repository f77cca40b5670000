import { type Static, described, field, list, object, required, string } from '#api/schema/builders.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';

/** `rbac.v1.PolicyRule`. */
export const PolicyRule = object(
  'rbac.v1.PolicyRule',
  {
    verbs: required(1, described('What may be done: get, list, create, … or * for all.', list(string()))),
    apiGroups: field(2, described('The API groups of the resources; "" is the core group, * is all.', list(string()))),
    resources: field(
      3,
      described('The resources: pods, pods/log, */scale for a subresource of all, or * for all.', list(string())),
    ),
    resourceNames: field(4, described('Only objects of these names; empty means all.', list(string()))),
    nonResourceURLs: field(
      5,
      described(
        'Paths that name no resource, such as /metrics; a * stands for the rest. Only in ClusterRoles.',
        list(string()),
      ),
    ),
  },
  { description: 'What may be done with which resources, or with which other paths.' },
);
/** The JSON form of `rbac.v1.PolicyRule`. */
export type PolicyRule = Static<typeof PolicyRule>;

/** `rbac.v1.AggregationRule`. */
export const AggregationRule = object(
  'rbac.v1.AggregationRule',
  {
    clusterRoleSelectors: field(
      1,
      described('ClusterRoles that any of these selectors matches give their rules.', list(LabelSelector)),
    ),
  },
  { description: 'Which other ClusterRoles the rules are gathered from.' },
);
/** The JSON form of `rbac.v1.AggregationRule`. */
export type AggregationRule = Static<typeof AggregationRule>;

/** `rbac.v1.RoleRef`. */
export const RoleRef = object(
  'rbac.v1.RoleRef',
  {
    kind: required(2, described('Role or ClusterRole.', string())),
    apiGroup: field(1, described('The API group of the role: rbac.authorization.k8s.io.', string())),
    name: required(3, described('The name of the role.', string())),
  },
  { mapType: 'atomic', description: 'The role that is given.' },
);
/** The JSON form of `rbac.v1.RoleRef`. */
export type RoleRef = Static<typeof RoleRef>;

/** `rbac.v1.Subject`. */
export const Subject = object(
  'rbac.v1.Subject',
  {
    kind: required(1, described('User, Group or ServiceAccount.', string())),
    apiGroup: field(
      2,
      described('rbac.authorization.k8s.io for users and groups (default), "" for service accounts.', string()),
    ),
    name: required(3, described('The name of the user, the group or the service account.', string())),
    namespace: field(4, described('The namespace of the service account.', string())),
  },
  { mapType: 'atomic', description: 'Who is given a role.' },
);
/** The JSON form of `rbac.v1.Subject`. */
export type Subject = Static<typeof Subject>;

/** The API group of roles and bindings. */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';
