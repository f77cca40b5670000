import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { type ConfigMap, configMapKind } from '#api/kinds/core/configmap.ts';
import { type Namespace, namespaceKind } from '#api/kinds/core/namespace.ts';
import { nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { type Service, serviceKind } from '#api/kinds/core/service.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import { type Deployment, deploymentKind } from '#api/kinds/apps/deployment.ts';
import { eventKind } from '#api/kinds/core/event.ts';
import { StatusError } from '#api/meta/status.ts';
import { AllocationTable } from '#db/allocations.ts';
import type { Database } from '#db/connect.ts';
import { AdmissionChain } from '#server/admission/chain.ts';
import { admissionPlugins } from '#server/admission/index.ts';
import { openTestDatabase, silentLog } from '#test/support/database.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { Kinds } from './kinds.ts';
import type { WriteContext } from './registry.ts';
import { ServiceAllocator } from './service-allocator.ts';
import { createClient } from './store-client.ts';
import { StoreRegistry } from './store-registry.ts';
import { type DatabaseStore, openStore } from './store.ts';
import { Sweeper } from './sweeper.ts';

const context: WriteContext = {
  user: { name: 'admin', groups: ['system:masters'] },
  dryRun: false,
  fieldManager: 'test',
  warnings: [],
};
const dryRun: WriteContext = { ...context, dryRun: true };

const configMap = (metadata: KubeObject['metadata'], value = '1'): ConfigMap => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata,
  data: { a: value },
});
const pod = (name: string, spec: Record<string, unknown> = {}): Pod =>
  ({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec },
  }) as Pod;
const service = (name: string, spec: Record<string, unknown>): Service =>
  ({ kind: 'Service', apiVersion: 'v1', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } }) as Service;

/** `<code> <message>` of what a promise rejects with. */
const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no refusal',
    (error: unknown) => (error instanceof StatusError ? `${error.code} ${error.message}` : String(error)),
  );

let database: Database;
let store: DatabaseStore;
let registry: StoreRegistry;
let allocator: ServiceAllocator;

beforeAll(async () => {
  database = await openTestDatabase();
  store = await openStore({ database, log: silentLog });
  void store.run();
  allocator = new ServiceAllocator({ store, table: new AllocationTable(database.orm), serviceCidr: '10.43.0.0/16' });
  const admission = new AdmissionChain(admissionPlugins(store));
  registry = new StoreRegistry({ store, admission, allocators: { services: allocator } });
  const namespace = (name: string): Namespace => ({ kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
  for (const name of ['ns', 'default', 'going']) await registry.create(namespaceKind, '', namespace(name), context);
  const account = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'default' } };
  await registry.create(serviceAccountKind, 'ns', account, context);
});

afterAll(async () => {
  allocator.stop();
  await store.stop();
  await database.close();
});

describe('create()', () => {
  test('fills in what the server knows and drops what a client may not say', async () => {
    const metadata = {
      name: 'd',
      uid: 'mine',
      generation: 7,
      selfLink: 'x',
      deletionTimestamp: '2001-01-01T00:00:00Z',
    };
    const { object, revision } = await registry.create(configMapKind, 'ns', configMap(metadata), context);
    expect(Object.keys(object.metadata).sort()).toEqual(
      ['creationTimestamp', 'generation', 'managedFields', 'name', 'namespace', 'resourceVersion', 'uid'].sort(),
    );
    expect(object.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(object.metadata.resourceVersion).toBe(String(revision));
  });

  test('refuses with upstream texts', async () => {
    const create = (metadata: KubeObject['metadata'], namespace = 'ns') =>
      refusal(registry.create(configMapKind, namespace, configMap(metadata), context));
    await create({ name: 'twice' });
    expect(await create({ name: 'twice' })).toBe('409 configmaps "twice" already exists');
    expect(await create({ name: 'v', resourceVersion: '5' })).toBe(
      '400 resourceVersion should not be set on objects to be created',
    );
    expect(await create({ name: 'a', namespace: 'other' })).toBe(
      '400 the namespace of the provided object does not match the namespace sent on the request',
    );
    expect(await create({ name: 'a' }, 'missing')).toBe('404 namespaces "missing" not found');
    expect(await create({})).toBe(
      '422 ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    );
  });

  test('with generateName adds five letters, also when a name is taken', async () => {
    const { object } = await registry.create(configMapKind, 'ns', configMap({ generateName: 'gen-' }), context);
    expect(object.metadata.name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    const long = await registry.create(configMapKind, 'ns', configMap({ generateName: 'x'.repeat(80) }), context);
    expect(long.name).toHaveLength(63);
  });

  test('in a dry run does all but write', async () => {
    const before = store.revision();
    const { object, text } = await registry.create(configMapKind, 'ns', configMap({ name: 'dry' }), dryRun);
    expect(object.metadata.uid).toBeDefined();
    expect(JSON.parse(text)).toEqual(object);
    expect('resourceVersion' in object.metadata).toBe(false);
    expect(store.get('configmaps', 'ns', 'dry')).toBeUndefined();
    expect(store.revision()).toBe(before);
  });
});

describe('update()', () => {
  test('judges resourceVersion, uid and names as upstream', async () => {
    const { object } = await registry.create(configMapKind, 'ns', configMap({ name: 'u' }), context);
    const update = (metadata: KubeObject['metadata'], value = '2') =>
      refusal(registry.update(configMapKind, 'ns', 'u', () => configMap(metadata, value), context));
    expect(await update({ name: 'u' })).toBe('no refusal');
    const { resourceVersion = '', uid = '' } = object.metadata;
    expect(await update({ name: 'u', resourceVersion })).toBe(
      '409 Operation cannot be fulfilled on configmaps "u": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(await update({ name: 'b' })).toBe('400 the name of the object (b) does not match the name on the URL (u)');
    expect(await update({})).toBe(
      '400 the name of the object (u based on URL) was undeterminable: name must be provided',
    );
    expect(await update({ name: 'u', uid: 'other' })).toBe(
      `409 Operation cannot be fulfilled on configmaps "u": StorageError: invalid object, Code: 4, Key: /registry/configmaps/ns/u, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: ${uid}`,
    );
    expect(await update({ name: 'u', creationTimestamp: '2001-01-01T00:00:00Z' })).toBe('no refusal');
    expect(store.get('configmaps', 'ns', 'u')?.object.metadata.creationTimestamp).toBe(
      object.metadata.creationTimestamp ?? '',
    );
  });

  test('without a change writes nothing', async () => {
    const { revision } = await registry.create(configMapKind, 'ns', configMap({ name: 'same' }), context);
    const again = await registry.update(configMapKind, 'ns', 'same', (current) => current, context);
    expect(again.revision).toBe(revision);
    expect(store.revision()).toBe(revision);
  });

  test('by many at once loses no change', async () => {
    await registry.create(configMapKind, 'ns', configMap({ name: 'many' }), context);
    const add = (index: number) =>
      registry.update(
        configMapKind,
        'ns',
        'many',
        (current) => ({ ...current, data: { ...current.data, [`k${index}`]: 'x' } }),
        context,
      );
    await Promise.all(Array.from({ length: 30 }, (_, index) => add(index)));
    const stored = store.get('configmaps', 'ns', 'many')?.object as ConfigMap;
    expect(Object.keys(stored.data ?? {})).toHaveLength(31);
  });

  test('raises generation for spec, not for status or labels', async () => {
    const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const deployment = {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: { app: 'd' } }, template },
    } as Deployment;
    const client = createClient(registry, store);
    deployment.metadata.namespace = 'ns';
    expect((await client.create(deploymentKind, deployment)).metadata.generation).toBe(1);
    const scaled = await client.update(deploymentKind, 'ns', 'd', (copy) => {
      if (copy.spec !== undefined) copy.spec.replicas = 3;
    });
    expect(scaled.metadata.generation).toBe(2);
    const shown = await client.updateStatus(deploymentKind, 'ns', 'd', (copy) => {
      copy.status = { replicas: 3 };
      if (copy.spec !== undefined) copy.spec.replicas = 9;
    });
    expect([shown.metadata.generation, shown.spec?.replicas, shown.status?.replicas]).toEqual([2, 3, 3]);
    const before = store.revision();
    await client.update(deploymentKind, 'ns', 'd', (copy) => {
      copy.metadata.labels = { lost: 'yes' };
      return false;
    });
    expect(store.revision()).toBe(before);
  });
});

describe('delete()', () => {
  test('answers Success with the uid, then NotFound', async () => {
    const { object } = await registry.create(configMapKind, 'ns', configMap({ name: 'bye' }), context);
    const { status } = await registry.delete(configMapKind, 'ns', 'bye', {}, context);
    const held = await registry.create(serviceKind, 'ns', service('shown', {}), context);
    const gone = await registry.delete(serviceKind, 'ns', 'shown', {}, context);
    expect(gone.stored?.object.metadata.deletionTimestamp).toBeUndefined();
    expect(gone.stored?.object.spec).toEqual(held.object.spec);
    expect(status?.details).toEqual({ name: 'bye', kind: 'configmaps', uid: object.metadata.uid ?? '' });
    expect(await refusal(registry.delete(configMapKind, 'ns', 'bye', {}, context))).toBe(
      '404 configmaps "bye" not found',
    );
  });

  test('checks options and preconditions', async () => {
    const { object } = await registry.create(configMapKind, 'ns', configMap({ name: 'pre' }), context);
    const remove = (options: Parameters<typeof registry.delete>[3]) =>
      refusal(registry.delete(configMapKind, 'ns', 'pre', options, context));
    const { uid = '' } = object.metadata;
    expect(await remove({ preconditions: { uid: 'x' } })).toBe(
      `409 Operation cannot be fulfilled on ConfigMap "pre": the UID in the precondition (x) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
    expect(await remove({ propagationPolicy: 'Sideways' })).toBe(
      '422 DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
    );
    expect(await remove({ propagationPolicy: 'Orphan', orphanDependents: true })).toBe(
      '422 DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    );
  });

  test('waits for finalizers; the update that takes the last one off removes the object', async () => {
    await registry.create(configMapKind, 'ns', configMap({ name: 'held', finalizers: ['x.io/y'] }), context);
    const { stored } = await registry.delete(configMapKind, 'ns', 'held', { propagationPolicy: 'Foreground' }, context);
    expect(stored?.object.metadata.finalizers).toEqual(['x.io/y', 'foregroundDeletion']);
    expect(stored?.object.metadata.deletionGracePeriodSeconds).toBe(0);
    const drop = (current: ConfigMap): ConfigMap => ({ ...current, metadata: { ...current.metadata, finalizers: [] } });
    await registry.update(configMapKind, 'ns', 'held', drop, context);
    expect(store.get('configmaps', 'ns', 'held')).toBeUndefined();
  });

  test('gives a bound pod its grace, which a second request may shorten', async () => {
    await registry.create(podKind, 'ns', pod('graceful', { nodeName: 'n' }), context);
    const first = await registry.delete(podKind, 'ns', 'graceful', {}, context);
    expect(first.stored?.object.metadata.deletionGracePeriodSeconds).toBe(30);
    const longer = await registry.delete(podKind, 'ns', 'graceful', { gracePeriodSeconds: 60 }, context);
    expect(longer.stored?.revision).toBe(first.stored?.revision ?? 0);
    const shorter = await registry.delete(podKind, 'ns', 'graceful', { gracePeriodSeconds: 5 }, context);
    expect(shorter.stored?.object.metadata.deletionGracePeriodSeconds).toBe(5);
    const now = await registry.delete(podKind, 'ns', 'graceful', { gracePeriodSeconds: 0 }, context);
    expect(now.stored?.object.kind).toBe('Pod');
    expect(store.get('pods', 'ns', 'graceful')).toBeUndefined();
  });

  test('of a namespace marks it, refuses new content, and ends with the last finalizer of its spec', async () => {
    const { stored } = await registry.delete(namespaceKind, '', 'going', {}, context);
    expect(stored?.object.status?.phase).toBe('Terminating');
    expect(await refusal(registry.create(configMapKind, 'going', configMap({ name: 'late' }), context))).toBe(
      '403 configmaps "late" is forbidden: unable to create new content in namespace going because it is being terminated',
    );
    await registry.update(
      namespaceKind,
      '',
      'going',
      (current) => ({ ...current, spec: { finalizers: [] } }),
      context,
      {
        subresource: 'finalize',
      },
    );
    expect(store.get('namespaces', '', 'going')).toBeUndefined();
    expect(await refusal(registry.delete(namespaceKind, '', 'default', {}, context))).toBe(
      '403 namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });
});

describe('admission of pods', () => {
  test('adds account, token, tolerations and priority', async () => {
    const { object } = await registry.create(podKind, 'ns', pod('admitted'), context);
    const { spec } = object;
    const [volume] = spec?.volumes ?? [];
    expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(volume?.projected?.sources?.map((source) => Object.keys(source)[0])).toEqual([
      'serviceAccountToken',
      'configMap',
      'downwardAPI',
    ]);
    expect(spec?.containers?.[0]?.volumeMounts).toEqual([
      { name: volume?.name ?? '', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ]);
    expect([spec?.serviceAccountName, spec?.serviceAccount, spec?.priority, spec?.preemptionPolicy]).toEqual([
      'default',
      'default',
      0,
      'PreemptLowerPriority',
    ]);
    expect(
      spec?.tolerations?.map((one) => `${one.key} ${one.operator} ${one.effect} ${one.tolerationSeconds}`),
    ).toEqual([
      'node.kubernetes.io/not-ready Exists NoExecute 300',
      'node.kubernetes.io/unreachable Exists NoExecute 300',
    ]);
  });

  test('refuses an unknown account or priority class', async () => {
    const create = (spec: Record<string, unknown>) => refusal(registry.create(podKind, 'ns', pod('p', spec), dryRun));
    expect(await create({ serviceAccountName: 'nope' })).toBe(
      '403 pods "p" is forbidden: error looking up service account ns/nope: serviceaccount "nope" not found',
    );
    expect(await create({ runtimeClassName: 'none' })).toBe(
      '403 pods "p" is forbidden: pod rejected: RuntimeClass "none" not found',
    );
    expect(await create({ overhead: { cpu: '1' } })).toBe(
      '403 pods "p" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
    expect(await create({ priorityClassName: 'none' })).toBe(
      '403 pods "p" is forbidden: no PriorityClass with name none was found',
    );
    expect(await create({ priorityClassName: 'system-node-critical', priority: 3 })).toBe(
      '403 pods "p" is forbidden: the integer value of priority (3) must not be provided in pod spec; priority admission controller computed 2000001000 from the given PriorityClass name',
    );
  });
});

describe('admission of nodes', () => {
  test('taints a new node until it was seen ready', async () => {
    const node = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n' } };
    const { object } = await registry.create(nodeKind, '', node, dryRun);
    expect(object.spec?.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  });
});

describe('ServiceAllocator', () => {
  const create = (name: string, spec: Record<string, unknown>, how = context) =>
    registry.create(serviceKind, 'ns', service(name, spec), how);

  test('gives addresses and ports, and takes them back', async () => {
    const { object } = await create('np', { type: 'NodePort' });
    const port = object.spec?.ports?.[0]?.nodePort ?? 0;
    expect(object.spec?.clusterIP).toMatch(/^10\.43\.\d+\.\d+$/);
    expect(object.spec?.clusterIPs).toEqual([object.spec?.clusterIP ?? '']);
    expect(port).toBeWithin(30_000, 32_768);
    const again = { type: 'NodePort', ports: [{ port: 80, nodePort: port }] };
    expect(await refusal(create('np2', again))).toBe(
      `422 Service "np2" is invalid: spec.ports[0].nodePort: Invalid value: ${port}: provided port is already allocated`,
    );
    await registry.delete(serviceKind, 'ns', 'np', {}, context);
    const second = await create('np2', { ...again, clusterIP: object.spec?.clusterIP });
    expect(second.object.spec?.clusterIP).toBe(object.spec?.clusterIP ?? '');
  });

  test('refuses what is taken or out of range', async () => {
    await create('i1', { clusterIP: '10.43.99.99' });
    expect(await refusal(create('i2', { clusterIP: '10.43.99.99' }))).toBe(
      '422 Service "i2" is invalid: spec.clusterIPs: Invalid value: []string{"10.43.99.99"}: failed to allocate IP 10.43.99.99: provided IP is already allocated',
    );
    expect(await refusal(create('i2', { clusterIP: '1.2.3.4' }, dryRun))).toBe(
      '422 Service "i2" is invalid: spec.clusterIPs: Invalid value: []string{"1.2.3.4"}: failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.43.0.0/16',
    );
    const outside = { type: 'NodePort', ports: [{ port: 80, nodePort: 5 }] };
    expect(await refusal(create('i2', outside))).toBe(
      '422 Service "i2" is invalid: spec.ports[0].nodePort: Invalid value: 5: provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
  });

  test('follows changes of type', async () => {
    const { object } = await create('type', {});
    const client = createClient(registry, store);
    const outside = await client.update(serviceKind, 'ns', 'type', (copy) => {
      copy.spec = { ...copy.spec, type: 'ExternalName', externalName: 'x.y' };
    });
    expect(outside.spec?.clusterIP).toBeUndefined();
    const other = await create('other', { clusterIP: object.spec?.clusterIP });
    expect(other.object.spec?.clusterIP).toBe(object.spec?.clusterIP ?? '');
    const inside = await client.update(serviceKind, 'ns', 'type', (copy) => {
      copy.spec = { ports: [{ port: 80 }], type: 'ClusterIP' };
    });
    expect(inside.spec?.clusterIP).toMatch(/^10\.43\./);
    const headless = await create('headless', { clusterIP: 'None', selector: { a: 'b' } });
    expect(headless.object.spec?.clusterIPs).toEqual(['None']);
  });

  test('of two servers never gives out one address twice', async () => {
    const other = new ServiceAllocator({
      store,
      table: new AllocationTable(database.orm),
      serviceCidr: '10.44.0.0/29',
    });
    const small = new ServiceAllocator({
      store,
      table: new AllocationTable(database.orm),
      serviceCidr: '10.44.0.0/29',
    });
    const ask = async (one: ServiceAllocator, uid: string): Promise<string> => {
      const wanted = service(uid, {});
      wanted.metadata.uid = uid;
      await one.allocate(wanted, undefined, false);
      return wanted.spec?.clusterIP ?? '';
    };
    const got = await Promise.all(['a', 'b', 'c', 'd'].map((uid, index) => ask(index % 2 === 0 ? other : small, uid)));
    expect(new Set(got).size).toBe(4);
    expect(got.every((address) => /^10\.44\.0\.[2-6]$/.test(address))).toBe(true);
    other.stop();
    small.stop();
  });
});

describe('Sweeper', () => {
  test('sweep() removes Events an hour after their last write, and nothing else', async () => {
    const event = (name: string) => ({
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name },
      involvedObject: { kind: 'Pod', namespace: 'ns', name: 'p' },
    });
    await registry.create(eventKind, 'ns', event('old'), context);
    await registry.create(eventKind, 'ns', event('new'), context);
    await database.pool`UPDATE objects SET written_at = now() - interval '2 hours' WHERE name IN ('old', 'd')`;
    const sweeper = new Sweeper({ database, store, kinds: new Kinds([configMapKind, eventKind]), log: silentLog });
    expect(await sweeper.sweep()).toBe(1);
    expect(store.list('events', 'ns').map(({ name }) => name)).toEqual(['new']);
    expect(store.get('configmaps', 'ns', 'd')).toBeDefined();
  });

  test('sweep() removes more in a round than are looked up at once, and looks again only when something can have expired', async () => {
    const clock = new ManualClock();
    const kinds = new Kinds([eventKind]);
    const sweeper = new Sweeper({ database, store, kinds, log: silentLog, clock });
    const object = { kind: 'Event', apiVersion: 'v1', metadata: { namespace: 'many' } };
    const create = (name: string): Promise<unknown> =>
      store.write({ operation: 'create', resource: 'events', namespace: 'many', name, expectedRevision: 0, object });
    await Promise.all(Array.from({ length: 4_000 }, (_, index) => create(`a-${index}`)));
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => create(`b-${index}`)));
    await database.pool`UPDATE objects SET written_at = now() - interval '2 hours' WHERE namespace = 'many'`;
    await create('young');
    expect(await sweeper.sweep()).toBe(5_000);
    await database.pool`UPDATE objects SET written_at = now() - interval '2 hours' WHERE name = 'young'`;
    await clock.advance(3_500_000);
    expect(await sweeper.sweep()).toBe(0);
    await clock.advance(110_000);
    expect(await sweeper.sweep()).toBe(1);
  });
});
