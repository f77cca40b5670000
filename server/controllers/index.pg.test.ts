import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { customResourceDefinitionKind } from '#api/kinds/apiextensions/customresourcedefinition.ts';
import { type Deployment, deploymentKind } from '#api/kinds/apps/deployment.ts';
import { replicaSetKind } from '#api/kinds/apps/replicaset.ts';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { endpointsKind } from '#api/kinds/core/endpoints.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import { type ControlPlane, joinNode, startControlPlane } from '#test/support/control-plane.ts';
import { playKubelet } from '#test/support/controllers.ts';
import { eventually } from '#test/support/eventually.ts';

let plane: ControlPlane;
let endKubelet: () => void;
beforeAll(async () => {
  plane = await startControlPlane();
  endKubelet = playKubelet(plane.client, (pod) => pod.metadata.labels?.['sick'] === undefined);
  await joinNode(plane.client, 'one');
});
afterAll(async () => {
  endKubelet();
  await plane.stop();
});

const deployment = (namespace: string, replicas: number, image = 'one'): Deployment => ({
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name: 'w', namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'w' } },
    template: { metadata: { labels: { app: 'w' } }, spec: { containers: [{ name: 'c', image }] } },
  },
});
const available = (namespace: string, replicas: number): Promise<void> =>
  eventually(() => {
    const { status, metadata } = plane.client.get(deploymentKind, namespace, 'w') ?? {};
    expect([status?.availableReplicas, status?.updatedReplicas, status?.replicas, status?.observedGeneration]).toEqual([
      replicas,
      replicas,
      replicas,
      metadata?.generation,
    ]);
  }, 10_000);
const pods = (namespace: string): readonly Pod[] => plane.client.list(podKind, namespace);
const pod = (namespace: string, name: string, labels: Record<string, string>): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: 8080 }] }] },
});

test('a Deployment comes up, rolls, scales and is collected with all that it owns', async () => {
  const { client } = plane;
  await plane.namespace('roll');
  await client.create(deploymentKind, deployment('roll', 3));
  await available('roll', 3);
  await client.update(deploymentKind, 'roll', 'w', (copy) => {
    const [container] = copy.spec?.template.spec?.containers ?? [];
    if (container !== undefined) container.image = 'two';
  });
  await available('roll', 3);
  await client.update(deploymentKind, 'roll', 'w', (copy) => void (copy.spec && (copy.spec.replicas = 5)));
  await available('roll', 5);
  expect(
    client
      .list(replicaSetKind, 'roll')
      .map((set) => set.spec?.replicas)
      .sort(),
  ).toEqual([0, 5]);
  expect(client.get(deploymentKind, 'roll', 'w')?.metadata.annotations).toEqual({
    'deployment.kubernetes.io/revision': '2',
  });
  await client.delete(deploymentKind, 'roll', 'w');
  await eventually(() => expect([client.list(replicaSetKind, 'roll').length, pods('roll').length]).toEqual([0, 0]));
});

test('foreground deletion keeps the owner until its dependents are gone; orphaning leaves them', async () => {
  const { client } = plane;
  await plane.namespace('fore');
  await client.create(deploymentKind, deployment('fore', 1));
  await available('fore', 1);
  let ownerGoneFirst = false;
  const end = client.watch(deploymentKind, {
    added() {},
    modified() {},
    deleted: ({ metadata }) => {
      if (metadata.namespace === 'fore')
        ownerGoneFirst ||= pods('fore').length > 0 || client.list(replicaSetKind, 'fore').length > 0;
    },
  });
  await client.delete(deploymentKind, 'fore', 'w', { propagationPolicy: 'Foreground' });
  expect(client.get(deploymentKind, 'fore', 'w')?.metadata.finalizers).toEqual(['foregroundDeletion']);
  await eventually(() => expect(client.get(deploymentKind, 'fore', 'w')).toBeUndefined());
  end();
  expect(ownerGoneFirst).toBe(false);
  await client.create(deploymentKind, deployment('fore', 1));
  await available('fore', 1);
  await client.delete(deploymentKind, 'fore', 'w', { propagationPolicy: 'Orphan' });
  await eventually(() => expect(client.get(deploymentKind, 'fore', 'w')).toBeUndefined());
  expect(client.list(replicaSetKind, 'fore').map((set) => set.metadata.ownerReferences)).toEqual([undefined]);
  expect(pods('fore').length).toBe(1);
});

test('a namespace gets its account and CA, and goes with all its content', async () => {
  const { client } = plane;
  await plane.namespace('gone');
  await eventually(() =>
    expect(client.get(configMapKind, 'gone', 'kube-root-ca.crt')?.data).toEqual({ 'ca.crt': 'PEM' }),
  );
  await client.create(deploymentKind, deployment('gone', 2));
  await available('gone', 2);
  await client.delete(namespaceKind, '', 'gone');
  expect(client.get(namespaceKind, '', 'gone')?.status?.phase).toBe('Terminating');
  await eventually(() => expect(client.get(namespaceKind, '', 'gone')).toBeUndefined());
  expect(pods('gone').length).toBe(0);
});

test('a Service has Endpoints and slices of its ready pods, which leave as soon as they terminate', async () => {
  const { client } = plane;
  await plane.namespace('svc');
  await client.create(serviceKind, {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: 's', namespace: 'svc', labels: { a: 'b' } },
    spec: { selector: { app: 'w' }, ports: [{ name: 'web', port: 80, targetPort: 'web' }] },
  });
  await client.create(podKind, pod('svc', 'p', { app: 'w' }));
  await client.create(podKind, pod('svc', 'q', { app: 'w', sick: 'yes' }));
  const ipOf = (name: string): string => client.get(podKind, 'svc', name)?.status?.podIP ?? '';
  await eventually(() => {
    const [subset] = client.get(endpointsKind, 'svc', 's')?.subsets ?? [];
    expect(subset?.addresses?.map(({ ip, nodeName, targetRef }) => [ip, nodeName, targetRef?.name])).toEqual([
      [ipOf('p'), 'one', 'p'],
    ]);
    expect(subset?.notReadyAddresses?.map(({ ip }) => ip)).toEqual([ipOf('q')]);
    expect(subset?.ports).toEqual([{ name: 'web', port: 8080, protocol: 'TCP' }]);
    const [slice, ...more] = client.list(endpointSliceKind, 'svc');
    expect(more).toEqual([]);
    expect(slice?.metadata.labels).toEqual({
      a: 'b',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      'kubernetes.io/service-name': 's',
    });
    expect(slice?.endpoints?.map(({ targetRef, conditions }) => [targetRef?.name, conditions])).toEqual([
      ['p', { ready: true, serving: true, terminating: false }],
      ['q', { ready: false, serving: false, terminating: false }],
    ]);
  });
  await client.delete(podKind, 'svc', 'p');
  await eventually(() => expect(client.get(endpointsKind, 'svc', 's')?.subsets?.[0]?.addresses).toBeUndefined());
  await client.delete(serviceKind, 'svc', 's');
  await eventually(() =>
    expect([client.list(endpointsKind, 'svc').length, client.list(endpointSliceKind, 'svc').length]).toEqual([0, 0]),
  );
});

test('Endpoints of a Service without a selector are mirrored', async () => {
  const { client } = plane;
  await plane.namespace('mirror');
  const metadata = { name: 's', namespace: 'mirror' };
  await client.create(serviceKind, {
    kind: 'Service',
    apiVersion: 'v1',
    metadata,
    spec: { ports: [{ name: 'web', port: 80 }] },
  });
  const subsets = [{ addresses: [{ ip: '9.9.9.9' }], ports: [{ name: 'web', port: 80 }] }];
  await client.create(endpointsKind, { kind: 'Endpoints', apiVersion: 'v1', metadata, subsets });
  await eventually(() => {
    const [slice] = client.list(endpointSliceKind, 'mirror');
    expect(slice?.endpoints).toEqual([{ addresses: ['9.9.9.9'], conditions: { ready: true } }]);
    expect(slice?.ports).toEqual([{ name: 'web', port: 80, protocol: 'TCP' }]);
    expect(slice?.metadata.ownerReferences?.map(({ kind, name }) => [kind, name])).toEqual([['Endpoints', 's']]);
  });
});

test('kubernetes.default leads to the API server', async () => {
  const { client } = plane;
  await eventually(() => {
    expect(client.get(serviceKind, 'default', 'kubernetes')?.spec?.clusterIP).toBe('10.43.0.1');
    expect(client.get(endpointsKind, 'default', 'kubernetes')?.subsets?.[0]?.addresses).toEqual([{ ip: '192.0.2.1' }]);
    const slices = client
      .list(endpointSliceKind, 'default')
      .map((slice) => [slice.metadata.name, slice.endpoints?.[0]?.addresses]);
    expect(slices).toEqual([['kubernetes', ['192.0.2.1']]]);
  });
});

test('a node gets a network; when it is lost its pods leave their Services and are replaced elsewhere', async () => {
  const { client } = plane;
  await plane.namespace('lost');
  await joinNode(client, 'two');
  const cidrs = (): (string | undefined)[] =>
    client
      .list(nodeKind)
      .map((node) => node.spec?.podCIDR)
      .sort();
  await eventually(() => expect(cidrs()).toEqual(['10.42.0.0/24', '10.42.1.0/24']));
  const spread = deployment('lost', 4);
  const away = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 1,
  }));
  if (spread.spec?.template.spec !== undefined) spread.spec.template.spec.tolerations = away;
  await client.create(deploymentKind, spread);
  await available('lost', 4);
  const onNode = (name: string): Pod[] => pods('lost').filter((one) => one.spec?.nodeName === name);
  expect([onNode('one').length, onNode('two').length]).toEqual([2, 2]);
  const lose = (status: string): Promise<unknown> =>
    client.updateStatus(nodeKind, '', 'two', (copy) => {
      for (const condition of copy.status?.conditions ?? []) if (condition.type === 'Ready') condition.status = status;
    });
  await lose('Unknown');
  await eventually(() => {
    expect(onNode('two').map((one) => one.status?.conditions?.find(({ type }) => type === 'Ready')?.status)).toEqual([
      'False',
      'False',
    ]);
    expect(client.get(nodeKind, '', 'two')?.spec?.taints?.map(({ key, effect }) => `${key} ${effect}`)).toEqual([
      'node.kubernetes.io/unreachable NoSchedule',
      'node.kubernetes.io/unreachable NoExecute',
    ]);
  });
  await eventually(
    () => expect(onNode('one').filter((one) => one.metadata.deletionTimestamp === undefined).length).toBe(4),
    6000,
  );
  expect(onNode('two').every((one) => one.metadata.deletionTimestamp !== undefined)).toBe(true);
  expect(plane.events('default')).toContain('Normal NodeNotReady Node/two: Node two status is now: NodeNotReady');
  await lose('True');
  await eventually(() => expect(client.get(nodeKind, '', 'two')?.spec?.taints).toBeUndefined());
  // Back again, its kubelet ends what was deleted meanwhile.
  for (const one of onNode('two'))
    await client.delete(podKind, 'lost', one.metadata.name ?? '', { gracePeriodSeconds: 0 });
  await available('lost', 4);
  expect(pods('lost').length).toBe(4);
});

test('a definition is served once its names are accepted; its objects own, are owned, and go with it', async () => {
  const { client, kinds } = plane;
  await plane.namespace('custom');
  await client.create(customResourceDefinitionKind, {
    kind: 'CustomResourceDefinition',
    apiVersion: 'apiextensions.k8s.io/v1',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'widgets', kind: 'Widget' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  const kind = await eventually(() => {
    const found = kinds.find('example.com', 'v1', 'widgets');
    if (found === undefined) throw new Error('Not served yet');
    return found;
  });
  const conditions = client.get(customResourceDefinitionKind, '', 'widgets.example.com')?.status?.conditions;
  expect(conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['NamesAccepted', 'True', 'NoConflicts'],
    ['Established', 'True', 'InitialNamesAccepted'],
  ]);
  const widget = (name: string, owner?: KubeObject): KubeObject => ({
    kind: 'Widget',
    apiVersion: 'example.com/v1',
    metadata: {
      name,
      namespace: 'custom',
      ...(owner === undefined
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: owner.apiVersion,
                kind: owner.kind,
                name: owner.metadata.name ?? '',
                uid: owner.metadata.uid ?? '',
              },
            ],
          }),
    },
  });
  const owner = await client.create(kind, widget('owner'));
  await client.create(kind, widget('owned', owner));
  const named = await client.create(configMapKind, { ...widget('named', owner), kind: 'ConfigMap', apiVersion: 'v1' });
  await client.create(kind, widget('of-another', { ...owner, metadata: { ...owner.metadata, uid: 'another' } }));
  await eventually(() => expect(client.get(kind, 'custom', 'of-another')).toBeUndefined());
  expect(client.get(configMapKind, 'custom', 'named')).toEqual(named);
  await client.delete(kind, 'custom', 'owner');
  await eventually(() =>
    expect([client.list(kind, 'custom').length, client.get(configMapKind, 'custom', 'named')]).toEqual([0, undefined]),
  );
  await client.create(kind, widget('last'));
  await client.delete(customResourceDefinitionKind, '', 'widgets.example.com');
  await eventually(() => expect(client.get(customResourceDefinitionKind, '', 'widgets.example.com')).toBeUndefined());
  expect([kinds.find('example.com', 'v1', 'widgets'), client.list(kind).length]).toEqual([undefined, 0]);
});

test('thirty pods of a Deployment are created in a burst, and all are bound within two seconds', async () => {
  const { client } = plane;
  await plane.namespace('burst');
  const before = performance.now();
  await client.create(deploymentKind, deployment('burst', 30));
  await eventually(() => expect(pods('burst').length).toBe(30));
  const created = performance.now() - before;
  await eventually(() => expect(pods('burst').every((one) => one.spec?.nodeName !== undefined)).toBe(true));
  const bound = performance.now() - before;
  process.stderr.write(`30 pods: created ${created.toFixed(0)} ms, bound ${bound.toFixed(0)} ms\n`);
  expect(bound).toBeLessThan(2000);
});

test('nothing is written while nothing happens', async () => {
  let last = -1;
  let since = 0;
  await eventually(() => {
    const now = plane.revision();
    if (now !== last) [last, since] = [now, Date.now()];
    expect(Date.now() - since).toBeGreaterThan(700);
  });
  expect(last).toBeGreaterThan(0);
});
