import { expect, test } from 'bun:test';
import { clusterRoleKind } from '#api/kinds/rbac/clusterrole.ts';
import { clusterRoleBindingKind } from '#api/kinds/rbac/clusterrolebinding.ts';
import { systemClock } from '#base/clock.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { ensureDefaultRoles } from './ensure-defaults.ts';
import { AUTOUPDATE } from './policy-text.ts';

const role = (client: MemoryClient, name: string) => client.get(clusterRoleKind, '', name);

test('ensureDefaultRoles() makes what is missing, and nothing twice', async () => {
  const client = new MemoryClient(systemClock);
  await ensureDefaultRoles(client);
  expect(role(client, 'cluster-admin')?.rules).toEqual([
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ]);
  expect(role(client, 'view')?.aggregationRule).toEqual({
    clusterRoleSelectors: [{ matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }],
  });
  expect(client.get(clusterRoleBindingKind, '', 'system:controller:job-controller')).toMatchObject({
    roleRef: { kind: 'ClusterRole', name: 'system:controller:job-controller' },
    subjects: [{ kind: 'ServiceAccount', name: 'job-controller', namespace: 'kube-system' }],
  });
  const before = client.list(clusterRoleKind).map(({ metadata }) => metadata.resourceVersion);
  await ensureDefaultRoles(client);
  expect(client.list(clusterRoleKind).map(({ metadata }) => metadata.resourceVersion)).toEqual(before);
});

test('ensureDefaultRoles() gives back what was taken, and leaves what was added', async () => {
  const client = new MemoryClient(systemClock);
  await ensureDefaultRoles(client);
  const added = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
  await client.update(clusterRoleKind, '', 'system:basic-user', (one) => {
    one.metadata.labels = {};
    one.rules = [added];
  });
  await client.update(clusterRoleBindingKind, '', 'system:basic-user', (one) => {
    one.subjects = [{ kind: 'User', name: 'joe' }];
  });
  await client.delete(clusterRoleBindingKind, '', 'cluster-admin');
  await ensureDefaultRoles(client);
  expect(role(client, 'system:basic-user')?.metadata.labels).toEqual({
    'kubernetes.io/bootstrapping': 'rbac-defaults',
  });
  expect(role(client, 'system:basic-user')?.rules?.slice(0, 2)).toEqual([
    added,
    { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews'] },
  ]);
  expect(client.get(clusterRoleBindingKind, '', 'system:basic-user')?.subjects).toEqual([
    { kind: 'User', name: 'joe' },
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' },
  ]);
  expect(client.get(clusterRoleBindingKind, '', 'cluster-admin')).toBeDefined();
});

test('ensureDefaultRoles() leaves alone what says so, and makes a binding to another role anew', async () => {
  const client = new MemoryClient(systemClock);
  await ensureDefaultRoles(client);
  await client.update(clusterRoleKind, '', 'system:discovery', (one) => {
    one.metadata.annotations = { [AUTOUPDATE]: 'false' };
    one.rules = [];
  });
  await client.update(clusterRoleBindingKind, '', 'system:discovery', (one) => {
    one.roleRef.name = 'other';
  });
  await ensureDefaultRoles(client);
  expect(role(client, 'system:discovery')?.rules).toEqual([]);
  expect(client.get(clusterRoleBindingKind, '', 'system:discovery')?.roleRef.name).toBe('system:discovery');
});
