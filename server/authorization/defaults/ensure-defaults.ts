import type { Kind, KubeObject } from '#api/kind.ts';
import { type ClusterRole, clusterRoleKind } from '#api/kinds/rbac/clusterrole.ts';
import { type ClusterRoleBinding, clusterRoleBindingKind } from '#api/kinds/rbac/clusterrolebinding.ts';
import { roleKind } from '#api/kinds/rbac/role.ts';
import { roleBindingKind } from '#api/kinds/rbac/rolebinding.ts';
import type { PolicyRule, RoleRef, Subject } from '#api/kinds/rbac/rules.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Client } from '#server/store/client.ts';
import { uncoveredRules } from '../rule-cover.ts';
import { CLUSTER_ROLE_BINDINGS } from './cluster-role-bindings.ts';
import { CLUSTER_ROLES } from './cluster-roles.ts';
import { CONTROLLER_ROLES } from './controller-roles.ts';
import { ROLES, ROLE_BINDINGS } from './namespaced-roles.ts';
import {
  AUTOUPDATE,
  type BindingText,
  clusterRoleBindingOf,
  clusterRoleOf,
  roleBindingOf,
  roleOf,
} from './policy-text.ts';

const CONTROLLER_PREFIX = 'system:controller:';

/** Each controller's role is given to the service account of its name. */
const CONTROLLER_BINDINGS: readonly BindingText[] = CONTROLLER_ROLES.map(({ name }) => ({
  name,
  role: `ClusterRole ${name}`,
  subjects: [`ServiceAccount kube-system/${name.slice(CONTROLLER_PREFIX.length)}`],
}));

/**
 * Makes upstream's default roles and bindings where they are missing, and gives back what was taken from them: rules, subjects, labels. What
 * somebody added stays, and so does a role whose annotation `autoupdate` is false. The writes go out together, so that they share few batches.
 */
export async function ensureDefaultRoles(client: Client): Promise<void> {
  const clusterRoles = [...CLUSTER_ROLES, ...CONTROLLER_ROLES].map(clusterRoleOf);
  const clusterBindings = [...CLUSTER_ROLE_BINDINGS, ...CONTROLLER_BINDINGS].map(clusterRoleBindingOf);
  await Promise.all([
    ...clusterRoles.map((role) => ensure(client, clusterRoleKind, role, repairRole)),
    ...ROLES.map((text) => ensure(client, roleKind, roleOf(text), repairRole)),
    ...clusterBindings.map((one) => ensure(client, clusterRoleBindingKind, one, repairBinding)),
    ...ROLE_BINDINGS.map((text) => ensure(client, roleBindingKind, roleBindingOf(text), repairBinding)),
  ]);
}

/** `again`: it is another thing now and has to be made anew. */
type Repair<T> = (found: T, wanted: T) => void | 'again';

async function ensure<T extends KubeObject>(
  client: Client,
  kind: Kind<T>,
  wanted: T,
  repair: Repair<T>,
): Promise<void> {
  const { namespace = '', name = '' } = wanted.metadata;
  const found = client.get(kind, namespace, name);
  if (found === undefined) return create(client, kind, wanted);
  if (found.metadata.annotations?.[AUTOUPDATE] === 'false') return;
  const tried = structuredClone(found);
  const outcome = mend(tried, wanted, repair);
  if (outcome === 'again') {
    await client.delete(kind, namespace, name, { preconditions: { uid: found.metadata.uid ?? '' } });
    return create(client, kind, wanted);
  }
  if (Bun.deepEquals(tried, found)) return;
  await client.update(kind, namespace, name, (copy) => {
    mend(copy, wanted, repair);
  });
}

/** Another server may be at the same work. */
async function create<T extends KubeObject>(client: Client, kind: Kind<T>, wanted: T): Promise<void> {
  try {
    await client.create(kind, wanted);
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
  }
}

function mend<T extends KubeObject>(found: T, wanted: T, repair: Repair<T>): void | 'again' {
  const { metadata } = found;
  metadata.labels = { ...wanted.metadata.labels, ...metadata.labels };
  metadata.annotations = { ...wanted.metadata.annotations, ...metadata.annotations };
  return repair(found, wanted);
}

function repairRole(
  found: Pick<ClusterRole, 'rules' | 'aggregationRule'>,
  wanted: Pick<ClusterRole, 'rules' | 'aggregationRule'>,
): void {
  const selectors = wanted.aggregationRule?.clusterRoleSelectors;
  if (selectors !== undefined) {
    const there = found.aggregationRule?.clusterRoleSelectors ?? [];
    const lacking = selectors.filter((one) => !there.some((other) => Bun.deepEquals(one, other)));
    if (lacking.length > 0) found.aggregationRule = { clusterRoleSelectors: [...there, ...lacking] };
  }
  const rules: readonly PolicyRule[] = wanted.rules ?? [];
  if (found.aggregationRule !== undefined || Bun.deepEquals(found.rules, rules)) return;
  const missing = uncoveredRules(found.rules ?? [], rules);
  if (missing.length > 0) found.rules = [...(found.rules ?? []), ...missing];
}

type Binding = Pick<ClusterRoleBinding, 'subjects'> & { roleRef: RoleRef };

function repairBinding(found: Binding, wanted: Binding): void | 'again' {
  if (!Bun.deepEquals(found.roleRef, wanted.roleRef)) return 'again';
  const there: readonly Subject[] = found.subjects ?? [];
  const missing = (wanted.subjects ?? []).filter((one) => !there.some((other) => Bun.deepEquals(one, other)));
  if (missing.length > 0) found.subjects = [...there, ...missing];
}
