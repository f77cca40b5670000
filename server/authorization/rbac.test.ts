import { beforeEach, expect, test } from 'bun:test';
import { clusterRoleKind } from '#api/kinds/rbac/clusterrole.ts';
import { clusterRoleBindingKind } from '#api/kinds/rbac/clusterrolebinding.ts';
import { roleKind } from '#api/kinds/rbac/role.ts';
import { roleBindingKind } from '#api/kinds/rbac/rolebinding.ts';
import { systemClock } from '#base/clock.ts';
import type { User } from '#server/store/registry.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import type { Attributes } from './authorizer.ts';
import { clusterRoleBindingOf, clusterRoleOf, roleBindingOf, roleOf } from './defaults/policy-text.ts';
import { Rbac } from './rbac.ts';

let client: MemoryClient;
let rbac: Rbac;
beforeEach(() => {
  client = new MemoryClient(systemClock);
  rbac = new Rbac();
  rbac.start(client);
});

const jane: User = { name: 'jane', groups: ['dev', 'system:authenticated'] };
const asked = (verb: string, resource: string, namespace = '', more: Partial<Attributes> = {}): Attributes => {
  const [name = '', subresource = ''] = resource.split('/');
  return {
    isResourceRequest: true,
    verb,
    path: '',
    group: '',
    namespace,
    resource: name,
    name: '',
    subresource,
    ...more,
  };
};
const path = (verb: string, of: string): Attributes => ({ ...asked(verb, ''), isResourceRequest: false, path: of });
const clusterRole = (name: string, ...rules: string[]) =>
  client.create(clusterRoleKind, clusterRoleOf({ name, rules }));
const give = (name: string, role: string, ...subjects: string[]) =>
  client.create(clusterRoleBindingKind, clusterRoleBindingOf({ name, role, subjects }));
const giveIn = (namespace: string, name: string, role: string, ...subjects: string[]) =>
  client.create(roleBindingKind, roleBindingOf({ namespace, name, role, subjects }));

test('authorize() follows bindings as they come, change and go', async () => {
  await clusterRole('reader', 'get list | core | pods');
  const may = () => rbac.authorize(jane, asked('list', 'pods', 'a')).allowed;
  expect(may()).toBe(false);
  await give('b', 'ClusterRole reader', 'Group dev', 'User joe');
  expect(may()).toBe(true);
  await client.update(clusterRoleBindingKind, '', 'b', (binding) => {
    binding.subjects = binding.subjects?.slice(1) ?? [];
  });
  expect(may()).toBe(false);
  await giveIn('a', 'b', 'ClusterRole reader', 'User jane');
  expect(may()).toBe(true);
  await client.update(clusterRoleKind, '', 'reader', (role) => {
    role.rules = [];
  });
  expect(may()).toBe(false);
  await client.update(clusterRoleKind, '', 'reader', (role) => {
    role.rules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  });
  expect(may()).toBe(true);
  expect(rbac.authorize(jane, asked('list', 'pods', 'other')).allowed).toBe(false);
  await client.delete(roleBindingKind, 'a', 'b');
  expect(may()).toBe(false);
});

test('authorize() tells by which binding it is allowed', async () => {
  await clusterRole('view', 'get | core | pods');
  await client.create(roleKind, roleOf({ namespace: 'a', name: 'local', rules: ['list | core | pods'] }));
  await give('viewers', 'ClusterRole view', 'Group dev');
  await giveIn('a', 'bot', 'Role local', 'ServiceAccount a/bot');
  expect(rbac.authorize(jane, asked('get', 'pods', 'a')).reason).toBe(
    'RBAC: allowed by ClusterRoleBinding "viewers" of ClusterRole "view" to Group "dev"',
  );
  const bot = { name: 'system:serviceaccount:a:bot', groups: [] };
  expect(rbac.authorize(bot, asked('list', 'pods', 'a')).reason).toBe(
    'RBAC: allowed by RoleBinding "bot/a" of Role "local" to ServiceAccount "bot/a"',
  );
});

test('authorize() tells which roles are not there', async () => {
  await give('a', 'ClusterRole none', 'User jane');
  expect(rbac.authorize(jane, asked('get', 'pods', 'n'))).toEqual({
    allowed: false,
    reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "none" not found',
  });
  await giveIn('n', 'b', 'Role gone', 'User jane');
  expect(rbac.authorize(jane, asked('get', 'pods', 'n')).reason).toBe(
    'RBAC: [clusterrole.rbac.authorization.k8s.io "none" not found, role.rbac.authorization.k8s.io "gone" not found]',
  );
});

test('a service account without a namespace is of the RoleBinding’s', async () => {
  await clusterRole('view', 'get | core | pods');
  await client.create(roleBindingKind, {
    ...roleBindingOf({ namespace: 'n', name: 'b', role: 'ClusterRole view', subjects: [] }),
    subjects: [{ kind: 'ServiceAccount', name: 'bot' }],
  });
  const decision = rbac.authorize({ name: 'system:serviceaccount:n:bot', groups: [] }, asked('get', 'pods', 'n'));
  expect(decision.reason).toBe('RBAC: allowed by RoleBinding "b/n" of ClusterRole "view" to ServiceAccount "bot/n"');
});

test.each<[rule: string, of: Attributes, allowed: boolean]>([
  ['get | core | pods', asked('get', 'pods/log', 'n'), false],
  ['get | core | pods/log', asked('get', 'pods/log', 'n'), true],
  ['get | core | pods/log', asked('get', 'pods', 'n'), false],
  ['get | core | */log', asked('get', 'pods/log', 'n'), true],
  ['get | core | */log', asked('get', 'pods', 'n'), false],
  ['get | core | *', asked('get', 'pods/log', 'n'), true],
  ['get | apps | pods', asked('get', 'pods', 'n'), false],
  ['get | * | pods', asked('get', 'pods', 'n', { group: 'metrics.k8s.io' }), true],
  ['get list | core | secrets | one', asked('get', 'secrets', 'n', { name: 'one' }), true],
  ['get list | core | secrets | one', asked('get', 'secrets', 'n', { name: 'two' }), false],
  ['get list | core | secrets | one', asked('list', 'secrets', 'n'), false],
  ['get | core | pods', path('get', '/pods'), false],
  ['get | /healthz /api/*', path('get', '/api/v1'), true],
  ['get | /healthz /api/*', path('get', '/apis'), false],
  ['get | /healthz', path('get', '/healthz/etcd'), false],
  ['* | *', path('post', '/anything'), true],
  ['* | *', asked('get', 'pods', 'n'), false],
  ['* | * | *', path('get', '/api'), false],
])('the rule %s on %o: %p', async (rule, of, allowed) => {
  await clusterRole('r', rule);
  await give('b', 'ClusterRole r', 'User jane');
  expect(rbac.authorize(jane, of).allowed).toBe(allowed);
});
