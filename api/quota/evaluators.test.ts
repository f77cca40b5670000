import { expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import type { Quota } from './evaluator.ts';
import { recount } from './evaluators.ts';

const object = (fields: object): KubeObject => ({ kind: '', apiVersion: '', metadata: { name: 'x' }, ...fields });
const quota = (hard: readonly string[], spec: object = {}): Quota =>
  object({ spec: { hard: Object.fromEntries(hard.map((name) => [name, '9'])), ...spec } });
const pod = (cpu: string, phase: string): KubeObject =>
  object({ spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] }, status: { phase } });

const objects = {
  pods: [pod('250m', 'Running'), pod('1', 'Succeeded'), pod('500m', 'Pending')],
  persistentvolumeclaims: [
    object({ spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } } }),
    object({ spec: { resources: { requests: { storage: '512Mi' } } } }),
  ],
};
const countable = (given: Record<string, readonly KubeObject[]>) => ({
  count: (resource: string) => (given[resource] ?? []).length,
  list: (resource: string) => given[resource] ?? [],
});

test('recount() adds up what runs, what is claimed, and what only counts by number', () => {
  const hard = [
    'pods',
    'count/pods',
    'requests.cpu',
    'requests.storage',
    'gold.storageclass.storage.k8s.io/requests.storage',
    'count/jobs.batch',
    'secrets',
    'limits.cpu',
  ];
  expect(recount(quota(hard), countable({ ...objects, secrets: [object({})] }), 0)).toEqual({
    pods: '2',
    'count/pods': '3',
    'requests.cpu': '750m',
    'requests.storage': '1536Mi',
    'gold.storageclass.storage.k8s.io/requests.storage': '1Gi',
    'count/jobs.batch': '0',
    secrets: '1',
    'limits.cpu': '0',
  });
});

test('recount() counts only pods that fulfil the scopes', () => {
  const given = { pods: [pod('1', 'Running'), object({ spec: { containers: [{ name: 'c' }] } })] };
  expect(recount(quota(['pods'], { scopes: ['BestEffort'] }), countable(given), 0)).toEqual({ pods: '1' });
});

test('recount() looks at no object of a kind that only counts by number', () => {
  const list = (): never => {
    throw new Error('listed');
  };
  expect(recount(quota(['count/configmaps', 'configmaps']), { count: () => 4, list }, 0)).toEqual({
    'count/configmaps': '4',
    configmaps: '4',
  });
});
