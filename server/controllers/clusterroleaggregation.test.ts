import { expect, test } from 'bun:test';
import type { ClusterRole } from '#api/kinds/rbac/clusterrole.ts';
import { gatheredRules } from './clusterroleaggregation.ts';

const role = (name: string, labels: Record<string, string>, ...verbs: string[]): ClusterRole => ({
  kind: 'ClusterRole',
  apiVersion: 'rbac.authorization.k8s.io/v1',
  metadata: { name, labels },
  rules: verbs.map((verb) => ({ verbs: [verb], apiGroups: [''], resources: ['pods'] })),
});

test('gatheredRules() takes the rules of all that is selected but of itself, each once', () => {
  const all: ClusterRole = {
    ...role('all', { to: 'all' }, 'delete'),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'all' } }, { matchLabels: { also: 'all' } }] },
  };
  const others = [
    all,
    role('a', { to: 'all' }, 'get', 'list'),
    role('b', { also: 'all' }, 'list', 'watch'),
    role('c', { to: 'none' }, 'create'),
  ];
  expect(gatheredRules(all, others).map(({ verbs }) => verbs)).toEqual([['get'], ['list'], ['watch']]);
  expect(gatheredRules(role('x', {}), others)).toEqual([]);
});
