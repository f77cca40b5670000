import type { ClusterRole } from '#api/kinds/rbac/clusterrole.ts';
import type { ClusterRoleBinding } from '#api/kinds/rbac/clusterrolebinding.ts';
import type { Role } from '#api/kinds/rbac/role.ts';
import type { RoleBinding } from '#api/kinds/rbac/rolebinding.ts';
import { type PolicyRule, RBAC_GROUP, type Subject } from '#api/kinds/rbac/rules.ts';

/**
 * A role in short. A rule is `verbs | groups | resources`, with `| names` where it is about some objects only, or `verbs | paths`;
 * words are parted by spaces, and `core` is the group without a name.
 */
export interface RoleText {
  readonly name: string;
  /** Present for a Role. */
  readonly namespace?: string;
  /** `view`: its rules become part of the role of that name. */
  readonly aggregatesTo?: string;
  /** `view`: its rules are those of all roles that aggregate to that name. */
  readonly gathers?: string;
  readonly rules: readonly string[];
}

/** A binding in short: `ClusterRole view`; `Group a`, `User b`, `ServiceAccount namespace/name`. */
export interface BindingText {
  readonly name: string;
  /** Present for a RoleBinding. */
  readonly namespace?: string;
  readonly role: string;
  readonly subjects: readonly string[];
}

const API_VERSION = `${RBAC_GROUP}/v1`;
/** A role with this annotation `false` is left as it is. */
export const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const BOOTSTRAPPING = 'kubernetes.io/bootstrapping';

const words = (text = ''): string[] => text.split(' ').filter((word) => word !== '');
const aggregationLabel = (name: string): string => `rbac.authorization.k8s.io/aggregate-to-${name}`;

/** The rule of a line of RoleText. */
export function ruleOf(text: string): PolicyRule {
  const [verbs, second, resources, names] = text.split('|');
  if (resources === undefined) return { verbs: words(verbs), nonResourceURLs: words(second) };
  return {
    verbs: words(verbs),
    apiGroups: words(second).map((group) => (group === 'core' ? '' : group)),
    resources: words(resources),
    ...(names === undefined ? {} : { resourceNames: words(names) }),
  };
}

const metadata = ({ name, namespace }: RoleText | BindingText, labels: Record<string, string> = {}) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  annotations: { [AUTOUPDATE]: 'true' },
  labels: { [BOOTSTRAPPING]: 'rbac-defaults', ...labels },
});

/** The ClusterRole of a text. */
export const clusterRoleOf = (text: RoleText): ClusterRole => ({
  kind: 'ClusterRole',
  apiVersion: API_VERSION,
  metadata: metadata(text, text.aggregatesTo === undefined ? {} : { [aggregationLabel(text.aggregatesTo)]: 'true' }),
  rules: text.rules.map(ruleOf),
  ...(text.gathers === undefined
    ? {}
    : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregationLabel(text.gathers)]: 'true' } }] } }),
});

/** The Role of a text. */
export const roleOf = (text: RoleText): Role => ({
  kind: 'Role',
  apiVersion: API_VERSION,
  metadata: metadata(text),
  rules: text.rules.map(ruleOf),
});

/** The ClusterRoleBinding of a text. */
export const clusterRoleBindingOf = (text: BindingText): ClusterRoleBinding => ({
  kind: 'ClusterRoleBinding',
  ...bindingOf(text),
});

/** The RoleBinding of a text. */
export const roleBindingOf = (text: BindingText): RoleBinding => ({ kind: 'RoleBinding', ...bindingOf(text) });

function bindingOf(text: BindingText) {
  const [kind = '', name = ''] = words(text.role);
  return {
    apiVersion: API_VERSION,
    metadata: metadata(text),
    roleRef: { apiGroup: RBAC_GROUP, kind, name },
    subjects: text.subjects.map(subjectOf),
  };
}

function subjectOf(text: string): Subject {
  const [kind = '', who = ''] = words(text);
  if (kind !== 'ServiceAccount') return { apiGroup: RBAC_GROUP, kind, name: who };
  const [namespace = '', name = ''] = who.split('/');
  return { kind, name, namespace };
}
