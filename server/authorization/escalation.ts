import { type Kind, type KubeObject } from '#api/kind.ts';
import { type PolicyRule, RBAC_GROUP, type RoleRef } from '#api/kinds/rbac/rules.ts';
import { type StatusError, forbiddenError } from '#api/meta/status.ts';
import type { AdmissionRequest, User } from '#server/store/registry.ts';
import { type Authorizer, MASTERS } from './authorizer.ts';
import type { Rbac } from './rbac.ts';
import { compactRules, quotedList, ruleText, uncoveredRules } from './rule-cover.ts';

/** What of a role or binding is looked at here. */
type RoleOrBinding = KubeObject & {
  readonly rules?: readonly PolicyRule[];
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly unknown[] };
  readonly roleRef?: RoleRef;
};

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];
const ROLES = new Set(['Role', 'ClusterRole']);
const BINDINGS = new Set(['RoleBinding', 'ClusterRoleBinding']);

/**
 * Nobody gives rights that he does not have (upstream: policybased storage). A role may be written by who has all of its rules, or may `escalate`
 * it; a binding by who has all rules of the role, or may `bind` it. It is a plugin that changes nothing, and runs after those that do.
 */
export class EscalationCheck {
  readonly name = 'RBACEscalation';
  readonly #rbac: Rbac;
  readonly #authorizer: Authorizer;

  constructor(rbac: Rbac, authorizer: Authorizer) {
    this.#rbac = rbac;
    this.#authorizer = authorizer;
  }

  mutate(request: AdmissionRequest): void {
    const { operation, kind, object, old, context } = request;
    if (kind.group !== RBAC_GROUP || object === undefined || operation === 'DELETE') return;
    if (context.user.groups.includes(MASTERS)) return;
    if (old !== undefined && onlyLetsGo(object, old)) return;
    if (ROLES.has(kind.kind)) this.#mayWriteRole(request, object, old);
    else if (BINDINGS.has(kind.kind)) this.#mayBind(request, object);
  }

  #mayWriteRole(
    { kind, namespace, name, old: before, context }: AdmissionRequest,
    role: RoleOrBinding,
    old?: RoleOrBinding,
  ) {
    const { user } = context;
    // Upstream looks at the name in the URL, and a create has none there.
    const asked = { group: RBAC_GROUP, resource: kind.plural, namespace, name: before === undefined ? '' : name };
    if (this.#may(user, 'escalate', asked)) return;
    this.#hold(user, namespace, role.rules ?? [], kind, name);
    if (!gathers(role) && !(old !== undefined && gathers(old))) return;
    const { rules } = this.#rbac.rightsOf(user, namespace);
    if (uncoveredRules(rules, EVERYTHING).length > 0)
      throw forbiddenError(kind, name, 'must have cluster-admin privileges to use the aggregationRule');
  }

  #mayBind({ kind, namespace, name, context }: AdmissionRequest, { roleRef }: RoleOrBinding): void {
    if (roleRef === undefined) return;
    const resource = { Role: 'roles', ClusterRole: 'clusterroles' }[roleRef.kind];
    // What is wrong with the reference itself is said by validation, to whom may bind nothing too.
    if (resource === undefined) return;
    const asked = { group: roleRef.apiGroup ?? '', resource, namespace, name: roleRef.name };
    if (this.#may(context.user, 'bind', asked)) return;
    this.#hold(context.user, namespace, this.#rbac.rulesOfRole(roleRef, namespace), kind, name);
  }

  #may(user: User, verb: string, asked: { group: string; resource: string; namespace: string; name: string }): boolean {
    const attributes = { isResourceRequest: true, verb, path: '', subresource: '', ...asked };
    return this.#authorizer.authorize(user, attributes).allowed;
  }

  /** Throws unless the user has all of `rules`. */
  #hold(user: User, namespace: string, rules: readonly PolicyRule[], kind: Kind, name: string): void {
    const { rules: owned, missing } = this.#rbac.rightsOf(user, namespace);
    const lacking = uncoveredRules(owned, rules);
    if (lacking.length > 0) throw escalation(user, lacking, missing, kind, name);
  }
}

function escalation(
  user: User,
  lacking: readonly PolicyRule[],
  missing: readonly string[],
  kind: Kind,
  name: string,
): StatusError {
  const shown = [...new Set(compactRules(lacking).map(ruleText))].sort();
  const who = `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)})`;
  const unresolved = missing.length === 0 ? '' : `; resolution errors: [${missing.join(' ')}]`;
  const what = 'is attempting to grant RBAC permissions not currently held';
  return forbiddenError(kind, name, `${who} ${what}:\n${shown.join('\n')}${unresolved}`);
}

const gathers = ({ aggregationRule }: RoleOrBinding): boolean =>
  (aggregationRule?.clusterRoleSelectors ?? []).length > 0;

/** Does the change only take away finalizers and owners, as the garbage collector does. */
function onlyLetsGo(object: KubeObject, old: KubeObject): boolean {
  const rest = ({
    metadata: { finalizers: _f, ownerReferences: _o, managedFields: _m, ...metadata },
    ...others
  }: KubeObject) => ({
    metadata,
    ...others,
  });
  return Bun.deepEquals(rest(object), rest(old));
}
