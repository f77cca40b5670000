import { beforeAll, expect, test } from 'bun:test';
import { persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { systemClock } from '#base/clock.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import type { Attributes } from './authorizer.ts';
import { NodeAuthorizer } from './node-authorizer.ts';

const nodes = new NodeAuthorizer();
beforeAll(async () => {
  const client = new MemoryClient(systemClock);
  nodes.start(client);
  for (const on of ['n1', 'n2']) {
    await client.create(persistentVolumeKind, {
      kind: 'PersistentVolume',
      apiVersion: 'v1',
      metadata: { name: `volume-${on}` },
      spec: { claimRef: { namespace: 'a', name: `claim-${on}` } },
    });
    await client.create(podKind, {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: `on-${on}`, namespace: 'a' },
      spec: {
        nodeName: on,
        serviceAccountName: `sa-${on}`,
        containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name: `secret-${on}` } }] }],
        volumes: [
          { name: 'v', configMap: { name: `config-${on}` } },
          { name: 'w', persistentVolumeClaim: { claimName: `claim-${on}` } },
        ],
      },
    });
  }
});

const may = (verb: string, resource: string, namespace: string, name: string, more: Partial<Attributes> = {}) => {
  const [plural = '', subresource = ''] = resource.split('/');
  const base = { isResourceRequest: true, path: '', group: '', verb, resource: plural, subresource, namespace, name };
  return nodes.authorize({ name: 'system:node:n1', groups: ['system:nodes'] }, { ...base, ...more });
};

test.each([
  ['get', 'secrets', 'a', 'secret-n1', true],
  ['get', 'secrets', 'a', 'secret-n2', false],
  ['get', 'secrets', 'b', 'secret-n1', false],
  ['list', 'secrets', 'a', '', false],
  ['delete', 'secrets', 'a', 'secret-n1', false],
  ['watch', 'configmaps', 'a', 'config-n1', true],
  ['get', 'configmaps', 'a', 'config-n2', false],
  ['get', 'persistentvolumeclaims', 'a', 'claim-n1', true],
  ['get', 'persistentvolumeclaims', 'a', 'claim-n2', false],
  ['get', 'persistentvolumes', '', 'volume-n1', true],
  ['get', 'persistentvolumes', '', 'volume-n2', false],
  ['list', 'persistentvolumes', '', '', false],
  ['get', 'pods', 'a', 'on-n1', true],
  ['get', 'pods', 'a', 'on-n2', false],
  ['list', 'pods', 'a', '', false],
  ['patch', 'pods/status', 'a', 'on-n1', true],
  ['create', 'pods/exec', 'a', 'on-n1', false],
  ['create', 'serviceaccounts/token', 'a', 'sa-n1', true],
  ['create', 'serviceaccounts/token', 'a', 'sa-n2', false],
  ['get', 'nodes', '', 'n1', true],
  ['get', 'nodes', '', 'n2', false],
  ['list', 'nodes', '', '', false],
  ['list', 'services', '', '', true],
  ['delete', 'services', 'a', 's', false],
])('node n1: %s %s %s/%s is allowed: %p', (verb, resource, namespace, name, allowed) => {
  expect(may(verb, resource, namespace, name).allowed).toBe(allowed);
});

test('a node lists the pods that are on it', () => {
  const fields = (value: string) => ({ fields: [{ field: 'spec.nodeName', operator: '=', value } as const] });
  expect(may('list', 'pods', '', '', fields('n1')).allowed).toBe(true);
  expect(may('list', 'pods', '', '', fields('n2')).reason).toBe(
    'can only list/watch pods with spec.nodeName field selector',
  );
});

test('a node keeps its own lease', () => {
  const group = { group: 'coordination.k8s.io' };
  expect(may('update', 'leases', 'kube-node-lease', 'n1', group).allowed).toBe(true);
  expect(may('update', 'leases', 'kube-node-lease', 'n2', group).allowed).toBe(false);
  expect(may('update', 'leases', 'default', 'n1', group).allowed).toBe(false);
});

test('who only bears a node’s name is no node', () => {
  const asked = {
    isResourceRequest: true,
    path: '',
    group: '',
    verb: 'get',
    resource: 'nodes',
    subresource: '',
    namespace: '',
  };
  expect(nodes.authorize({ name: 'system:node:n1', groups: [] }, { ...asked, name: 'n1' }).allowed).toBe(false);
});
