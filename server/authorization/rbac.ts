import { clusterRoleKind } from '#api/kinds/rbac/clusterrole.ts';
import { type ClusterRoleBinding, clusterRoleBindingKind } from '#api/kinds/rbac/clusterrolebinding.ts';
import { roleKind } from '#api/kinds/rbac/role.ts';
import { type RoleBinding, roleBindingKind } from '#api/kinds/rbac/rolebinding.ts';
import type { PolicyRule, RoleRef, Subject } from '#api/kinds/rbac/rules.ts';
import { StatusError, notFoundError } from '#api/meta/status.ts';
import type { Client } from '#server/store/client.ts';
import type { User } from '#server/store/registry.ts';
import type { Attributes, Authorizer, Decision } from './authorizer.ts';
import { ruleAllows } from './rule-match.ts';

/** A binding of either kind as far as it matters here, and one of its subjects. */
interface Grant {
  readonly binding: Binding;
  readonly subject: Subject;
}

interface Binding {
  /** `RoleBinding`, `ClusterRoleBinding`. */
  readonly kind: string;
  readonly name: string;
  /** `''` for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly roleRef: RoleRef;
}

/** What bindings of one namespace, or those of the cluster, give to whom: by `User/name` and `Group/name`, then by the binding's name. */
type Grants = Map<string, Map<string, Grant>>;

/** What somebody may do, and which roles of bindings could not be found. */
export interface Rights {
  readonly rules: readonly PolicyRule[];
  /** Texts, without duplicates. */
  readonly missing: readonly string[];
}

/**
 * Role-based access control out of the store's memory. Bindings are kept by subject, so that a request costs as much as its user has roles, however
 * many bindings there are; roles are read where they lie. A change counts as soon as it is acknowledged.
 */
export class Rbac implements Authorizer {
  #client: Pick<Client, 'get' | 'watch'> | undefined;
  /** By namespace; `''` holds the ClusterRoleBindings. */
  readonly #grants = new Map<string, Grants>();
  #ends: readonly (() => void)[] = [];

  /** Begins to follow the bindings that `client` shows. Nobody has a right before. */
  start(client: Pick<Client, 'get' | 'watch'>): void {
    this.#client = client;
    const handler = (namespaced: boolean) => ({
      added: (one: BindingObject) => this.#add(bindingOf(one, namespaced), one.subjects ?? []),
      modified: (one: BindingObject, before: BindingObject) => {
        this.#remove(bindingOf(before, namespaced), before.subjects ?? []);
        this.#add(bindingOf(one, namespaced), one.subjects ?? []);
      },
      deleted: (one: BindingObject) => this.#remove(bindingOf(one, namespaced), one.subjects ?? []),
    });
    this.#ends = [
      client.watch<ClusterRoleBinding>(clusterRoleBindingKind, handler(false)),
      client.watch<RoleBinding>(roleBindingKind, handler(true)),
    ];
  }

  /** Ends it. */
  stop(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  authorize(user: User, attributes: Attributes): Decision {
    let missing: Set<string> | undefined;
    for (const grant of this.#grantsTo(user, attributes.namespace)) {
      const rules = this.#rulesOf(grant.binding.roleRef, grant.binding.namespace);
      if (rules === undefined) (missing ??= new Set()).add(missingText(grant.binding));
      else if (rules.some((rule) => ruleAllows(rule, attributes)))
        return { allowed: true, reason: `RBAC: allowed by ${grantText(grant)}` };
    }
    return missing === undefined ? { allowed: false } : { allowed: false, reason: `RBAC: ${joined([...missing])}` };
  }

  /** Every rule that holds for the user in the namespace (`''`: those of the cluster alone). */
  rightsOf(user: User, namespace: string): Rights {
    const rules: PolicyRule[] = [];
    const missing = new Set<string>();
    for (const { binding } of this.#grantsTo(user, namespace)) {
      const found = this.#rulesOf(binding.roleRef, binding.namespace);
      if (found === undefined) missing.add(missingText(binding));
      else rules.push(...found);
    }
    return { rules, missing: [...missing] };
  }

  /** The rules of the role that a binding in `namespace` names. Throws NotFound when there is no such role. */
  rulesOfRole(roleRef: RoleRef, namespace: string): readonly PolicyRule[] {
    const rules = this.#rulesOf(roleRef, namespace);
    if (rules !== undefined) return rules;
    const isRole = roleRef.kind === 'Role';
    if (!isRole && roleRef.kind !== 'ClusterRole')
      throw new StatusError('InternalError', `unsupported role reference kind: ${JSON.stringify(roleRef.kind ?? '')}`);
    throw notFoundError(isRole ? roleKind : clusterRoleKind, roleRef.name);
  }

  #rulesOf({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    if (kind === 'ClusterRole') {
      const role = this.#client?.get(clusterRoleKind, '', name);
      return role === undefined ? undefined : (role.rules ?? []);
    }
    const role = kind === 'Role' ? this.#client?.get(roleKind, namespace, name) : undefined;
    return role === undefined ? undefined : (role.rules ?? []);
  }

  *#grantsTo(user: User, namespace: string): Iterable<Grant> {
    yield* grantsIn(this.#grants.get(''), user);
    if (namespace !== '') yield* grantsIn(this.#grants.get(namespace), user);
  }

  #add(binding: Binding, subjects: readonly Subject[]): void {
    let grants = this.#grants.get(binding.namespace);
    if (grants === undefined) this.#grants.set(binding.namespace, (grants = new Map()));
    for (const subject of subjects) {
      const key = subjectKey(subject, binding.namespace);
      let ofSubject = grants.get(key);
      if (ofSubject === undefined) grants.set(key, (ofSubject = new Map()));
      ofSubject.set(binding.name, { binding, subject });
    }
  }

  #remove(binding: Binding, subjects: readonly Subject[]): void {
    const grants = this.#grants.get(binding.namespace);
    if (grants === undefined) return;
    for (const subject of subjects) {
      const key = subjectKey(subject, binding.namespace);
      const ofSubject = grants.get(key);
      ofSubject?.delete(binding.name);
      if (ofSubject?.size === 0) grants.delete(key);
    }
    if (grants.size === 0) this.#grants.delete(binding.namespace);
  }
}

/** What a RoleBinding and a ClusterRoleBinding have in common. */
interface BindingObject {
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string };
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

const bindingOf = ({ metadata, roleRef }: BindingObject, namespaced: boolean): Binding => ({
  kind: namespaced ? 'RoleBinding' : 'ClusterRoleBinding',
  name: metadata.name ?? '',
  namespace: namespaced ? (metadata.namespace ?? '') : '',
  roleRef,
});

function* grantsIn(grants: Grants | undefined, { name, groups }: User): Iterable<Grant> {
  if (grants === undefined) return;
  yield* grants.get(`User/${name}`)?.values() ?? [];
  for (const group of groups) yield* grants.get(`Group/${group}`)?.values() ?? [];
}

/** A service account is the user of its name; one that names no namespace is of the binding's. */
const subjectKey = ({ kind, name, namespace = '' }: Subject, ofBinding: string): string =>
  kind === 'ServiceAccount'
    ? `User/system:serviceaccount:${namespace === '' ? ofBinding : namespace}:${name}`
    : `${kind}/${name}`;

function grantText({ binding, subject }: Grant): string {
  const { kind, name, namespace, roleRef } = binding;
  const shown = namespace === '' ? name : `${name}/${namespace}`;
  return `${kind} ${JSON.stringify(shown)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subjectText(subject, namespace)}`;
}

function subjectText({ kind, name, namespace = '' }: Subject, ofBinding: string): string {
  if (kind !== 'ServiceAccount') return `${kind} ${JSON.stringify(name)}`;
  return `${kind} ${JSON.stringify(`${name}/${namespace === '' ? ofBinding : namespace}`)}`;
}

const missingText = ({ roleRef }: Binding): string =>
  `${roleRef.kind.toLowerCase()}.${clusterRoleKind.group} ${JSON.stringify(roleRef.name)} not found`;

/** Several faults as Go's aggregate shows them. */
const joined = (texts: readonly string[]): string => (texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`);
