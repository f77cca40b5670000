import { beforeEach, expect, test } from 'bun:test';
import type { Kind, KubeObject } from '#api/kind.ts';
import { clusterRoleKind } from '#api/kinds/rbac/clusterrole.ts';
import { clusterRoleBindingKind } from '#api/kinds/rbac/clusterrolebinding.ts';
import { roleKind } from '#api/kinds/rbac/role.ts';
import { roleBindingKind } from '#api/kinds/rbac/rolebinding.ts';
import { systemClock } from '#base/clock.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { Authorization } from './authorization.ts';
import { EscalationCheck } from './escalation.ts';
import { clusterRoleBindingOf, clusterRoleOf, roleBindingOf, roleOf } from './defaults/policy-text.ts';

let authorization: Authorization;
let client: MemoryClient;
beforeEach(async () => {
  client = new MemoryClient(systemClock);
  authorization = new Authorization();
  authorization.start(client);
  await client.create(
    clusterRoleKind,
    clusterRoleOf({ name: 'held', rules: ['get list | core | pods', 'get | /x/*'] }),
  );
  await client.create(
    clusterRoleBindingKind,
    clusterRoleBindingOf({ name: 'b', role: 'ClusterRole held', subjects: ['User jane'] }),
  );
});

/** What is said of a write by jane. */
function outcome<T extends KubeObject>(kind: Kind<T>, object: T, old?: T, groups: readonly string[] = ['dev']): string {
  const { name = '', namespace = '' } = object.metadata;
  const context = { user: { name: 'jane', groups }, dryRun: false, fieldManager: 'x', warnings: [] };
  const operation = old === undefined ? 'CREATE' : 'UPDATE';
  try {
    const request = {
      operation,
      kind: kind as unknown as Kind,
      subresource: '',
      namespace,
      name,
      object,
      old,
      context,
    } as const;
    new EscalationCheck(authorization.rbac, authorization.authorizer).mutate(request);
    return 'allowed';
  } catch (error) {
    return error instanceof Error ? error.message : 'not an error';
  }
}
const allow = async (name: string, rule: string): Promise<void> => {
  await client.create(clusterRoleKind, clusterRoleOf({ name, rules: [rule] }));
  await client.create(
    clusterRoleBindingKind,
    clusterRoleBindingOf({ name, role: `ClusterRole ${name}`, subjects: ['Group dev'] }),
  );
};
const role = (...rules: string[]) => roleOf({ namespace: 'n', name: 'r', rules });

test('a role may hold what its writer holds, and no more', () => {
  expect(outcome(roleKind, role('get | core | pods'))).toBe('allowed');
  expect(outcome(roleKind, role('get list watch delete | core | pods', 'get | core apps | pods/log | a'))).toBe(
    `roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["pods"], Verbs:["watch" "delete"]}
{APIGroups:[""], Resources:["pods/log"], ResourceNames:["a"], Verbs:["get"]}
{APIGroups:["apps"], Resources:["pods/log"], ResourceNames:["a"], Verbs:["get"]}`,
  );
  expect(outcome(clusterRoleKind, clusterRoleOf({ name: 'c', rules: ['get | /x/y', 'put | /x/y'] }))).toBe(
    `clusterroles.rbac.authorization.k8s.io "c" is forbidden: user "jane" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:
{NonResourceURLs:["/x/y"], Verbs:["put"]}`,
  );
});

test('masters, and who may escalate, write any role', async () => {
  const all = role('* | * | *');
  expect(outcome(roleKind, all)).toStartWith('roles.rbac');
  expect(outcome(roleKind, all, undefined, ['system:masters'])).toBe('allowed');
  await allow('escalator', 'escalate | rbac.authorization.k8s.io | roles');
  expect(outcome(roleKind, all)).toBe('allowed');
});

test('an aggregationRule takes the rights of a cluster-admin', () => {
  expect(outcome(clusterRoleKind, clusterRoleOf({ name: 'c', gathers: 'x', rules: [] }))).toBe(
    'clusterroles.rbac.authorization.k8s.io "c" is forbidden: must have cluster-admin privileges to use the aggregationRule',
  );
});

test('a binding takes all rights of its role, or the right to bind it', async () => {
  const binding = (kind: string, namespace?: string) => ({
    name: 'x',
    role: kind,
    subjects: ['User joe'],
    ...(namespace === undefined ? {} : { namespace }),
  });
  expect(outcome(roleBindingKind, roleBindingOf(binding('ClusterRole held', 'n')))).toBe('allowed');
  await client.create(clusterRoleKind, clusterRoleOf({ name: 'big', rules: ['* | * | *'] }));
  const toBig = clusterRoleBindingOf(binding('ClusterRole big'));
  expect(outcome(clusterRoleBindingKind, toBig)).toStartWith(
    'clusterrolebindings.rbac.authorization.k8s.io "x" is forbidden: user "jane"',
  );
  expect(outcome(roleBindingKind, roleBindingOf(binding('Role none', 'n')))).toBe(
    'roles.rbac.authorization.k8s.io "none" not found',
  );
  await allow('binder', 'bind | rbac.authorization.k8s.io | clusterroles | big');
  expect(outcome(clusterRoleBindingKind, toBig)).toBe('allowed');
});

test('taking a finalizer away is no grant', () => {
  const held = { ...role('* | * | *'), metadata: { name: 'r', namespace: 'n', finalizers: ['x/y'] } };
  const free = { ...held, metadata: { name: 'r', namespace: 'n' } };
  expect(outcome(roleKind, free, held)).toBe('allowed');
  expect(outcome(roleKind, { ...free, rules: [{ verbs: ['get'], nonResourceURLs: ['/y'] }] }, held)).toStartWith(
    'roles',
  );
});
