import { describe, expect, test } from 'bun:test';
import { ingressKind } from '#api/kinds/networking/ingress.ts';
import { nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { admit, requestOf, storeOf } from '#test/support/admission.ts';
import { DefaultIngressClass } from './defaultingressclass.ts';
import { DefaultStorageClass } from './defaultstorageclass.ts';
import { NodeRestriction } from './noderestriction.ts';
import { PersistentVolumeClaimResize } from './persistentvolumeclaimresize.ts';
import { PriorityAdmission } from './priority.ts';
import { RuntimeClassAdmission } from './runtimeclass.ts';
import { storageObjectInUseProtection } from './storageobjectinuseprotection.ts';

const claimKind = { group: '', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' };
const claim = (spec: object = {}, status: object = {}): { metadata: object; spec: object; status: object } => ({
  metadata: { name: 'c', namespace: 'ns' },
  spec,
  status,
});
const pod = (spec: object = {}, metadata: object = {}): { metadata: object; spec: object } => ({
  metadata: { name: 'p', namespace: 'ns', ...metadata },
  spec: { containers: [], ...spec },
});
const marked = (name: string, creationTimestamp: string, annotation: string): object => ({
  metadata: { name, creationTimestamp, annotations: { [annotation]: 'true' } },
});

describe('DefaultStorageClass', () => {
  const annotation = 'storageclass.kubernetes.io/is-default-class';
  const classes = {
    'storageclasses.storage.k8s.io': [
      marked('b', '2026-01-02T00:00:00Z', annotation),
      marked('c', '2026-01-03T00:00:00Z', annotation),
      marked('d', '2026-01-03T00:00:00Z', annotation),
    ],
  };
  test('names the newest default class, the first by name among those of the same age', async () => {
    const given = claim();
    await admit(new DefaultStorageClass(storeOf(classes)), requestOf(claimKind, given));
    expect(given.spec).toEqual({ storageClassName: 'c' });
  });
  test('leaves a claim alone that names a class, or wants none', async () => {
    const given = claim({ storageClassName: '' });
    await admit(new DefaultStorageClass(storeOf(classes)), requestOf(claimKind, given));
    expect(given.spec).toEqual({ storageClassName: '' });
  });
});

test('DefaultIngressClass names the default class', async () => {
  const classes = marked('nginx', '2026-01-02T00:00:00Z', 'ingressclass.kubernetes.io/is-default-class');
  const given = { metadata: { name: 'i', namespace: 'ns' }, spec: {} };
  const plugin = new DefaultIngressClass(storeOf({ 'ingressclasses.networking.k8s.io': [classes] }));
  await admit(plugin, requestOf(ingressKind, given));
  expect(given.spec).toEqual({ ingressClassName: 'nginx' });
});

test('StorageObjectInUseProtection puts its finalizer on new claims, once', async () => {
  const given = claim();
  await admit(storageObjectInUseProtection, requestOf(claimKind, given));
  await admit(storageObjectInUseProtection, requestOf(claimKind, given));
  expect(given.metadata).toHaveProperty('finalizers', ['kubernetes.io/pvc-protection']);
});

describe('PersistentVolumeClaimResize', () => {
  const sized = (storage: string): object => ({ storageClassName: 's', resources: { requests: { storage } } });
  const resize = (phase: string, allowVolumeExpansion: boolean): Promise<string> => {
    const stores = storeOf({ 'storageclasses.storage.k8s.io': [{ metadata: { name: 's' }, allowVolumeExpansion }] });
    const old = claim(sized('1Gi'), { phase }) as never;
    const request = requestOf(claimKind, claim(sized('2Gi')), { operation: 'UPDATE', old });
    return admit(new PersistentVolumeClaimResize(stores), request);
  };
  test('lets bound claims of a class that allows it grow', async () => {
    expect(await resize('Bound', true)).toBe('admitted');
  });
  test('refuses others', async () => {
    expect(await resize('Pending', true)).toBe(
      '403 persistentvolumeclaims "c" is forbidden: Only bound persistent volume claims can be expanded',
    );
    expect(await resize('Bound', false)).toBe(
      '403 persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  });
});

describe('Priority', () => {
  const classKind = { group: 'scheduling.k8s.io', kind: 'PriorityClass', plural: 'priorityclasses' };
  const classes = {
    'priorityclasses.scheduling.k8s.io': [
      { metadata: { name: 'hi' }, value: 500, preemptionPolicy: 'Never' },
      { metadata: { name: 'usual' }, value: 7, globalDefault: true },
    ],
  };
  const plugin = new PriorityAdmission(storeOf(classes));
  test('gives a pod the number of its class, or of the default one', async () => {
    const named = pod({ priorityClassName: 'hi' });
    const unnamed = pod();
    await admit(plugin, requestOf(podKind, named));
    await admit(plugin, requestOf(podKind, unnamed));
    expect(named.spec).toMatchObject({ priority: 500, preemptionPolicy: 'Never' });
    expect(unnamed.spec).toMatchObject({
      priorityClassName: 'usual',
      priority: 7,
      preemptionPolicy: 'PreemptLowerPriority',
    });
  });
  test('keeps what was computed when an update leaves it out', async () => {
    const next = pod();
    const old = pod({ priority: 7, preemptionPolicy: 'Never' }) as never;
    await admit(plugin, requestOf(podKind, next, { operation: 'UPDATE', old }));
    expect(next.spec).toMatchObject({ priority: 7, preemptionPolicy: 'Never' });
  });
  test('refuses a second default class, but lets the first be changed', async () => {
    const update = { operation: 'UPDATE' } as const;
    const another = { metadata: { name: 'other' }, value: 1, globalDefault: true };
    const same = { metadata: { name: 'usual' }, value: 7, globalDefault: true };
    expect(await admit(plugin, requestOf(classKind, another))).toBe(
      '403 priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    );
    expect(await admit(plugin, requestOf(classKind, same, update))).toBe('admitted');
  });
});

describe('RuntimeClass', () => {
  const runtime = {
    metadata: { name: 'r' },
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { a: '1' }, tolerations: [{ key: 't', operator: 'Exists' }] },
  };
  const plugin = new RuntimeClassAdmission(storeOf({ 'runtimeclasses.node.k8s.io': [runtime] }));
  test('adds overhead, nodes and tolerations of the class', async () => {
    const given = pod({ runtimeClassName: 'r', nodeSelector: { b: '2' } });
    expect(await admit(plugin, requestOf(podKind, given))).toBe('admitted');
    expect(given.spec).toMatchObject({
      overhead: { cpu: '250m' },
      nodeSelector: { a: '1', b: '2' },
      tolerations: [{ key: 't', operator: 'Exists' }],
    });
  });
  test('refuses a pod that says otherwise', async () => {
    expect(await admit(plugin, requestOf(podKind, pod({ runtimeClassName: 'r', overhead: { cpu: '1' } })))).toBe(
      "403 pods \"p\" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    );
    expect(await admit(plugin, requestOf(podKind, pod({ runtimeClassName: 'r', nodeSelector: { a: '2' } })))).toBe(
      '403 pods "p" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[a] = 1; pod.spec.nodeSelector[a] = 2',
    );
  });
});

describe('NodeRestriction', () => {
  const plugin = new NodeRestriction(storeOf({ nodes: [{ metadata: { name: 'n1', uid: 'u' } }] }));
  const asNode = (more: Partial<AdmissionRequest> = {}): Partial<AdmissionRequest> => ({
    context: {
      user: { name: 'system:node:n1', groups: ['system:nodes'] },
      dryRun: false,
      fieldManager: 'kubelet',
      warnings: [],
    },
    ...more,
  });
  test('lets a node change itself, but neither others nor the labels that set nodes apart', async () => {
    const node = (name: string, labels: object = {}): { metadata: object } => ({ metadata: { name, labels } });
    const update = (next: object): Promise<string> =>
      admit(plugin, requestOf(nodeKind, next, asNode({ operation: 'UPDATE', old: node('n1') as never })));
    expect(await update(node('n1', { mine: '1', 'kubernetes.io/arch': 'arm64' }))).toBe('admitted');
    expect(await update(node('n1', { 'node-restriction.kubernetes.io/pci': '1' }))).toBe(
      '403 nodes "n1" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/pci',
    );
    expect(await update(node('n2'))).toBe('403 nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"');
  });
  test('lets a node make mirror pods of its own only', async () => {
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u', controller: true };
    const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner] };
    const create = (spec: object, metadata: object): Promise<string> =>
      admit(plugin, requestOf(podKind, pod(spec, metadata), asNode()));
    expect(await create({ nodeName: 'n1' }, mirror)).toBe('admitted');
    expect(await create({ nodeName: 'n1' }, {})).toBe(
      '403 pods "p" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    );
    expect(await create({ nodeName: 'n1', volumes: [{ name: 's', secret: {} }] }, mirror)).toBe(
      '403 pods "p" is forbidden: node "n1" can not create pods that reference secrets',
    );
  });
  test('asks nothing of anybody else', async () => {
    expect(await admit(plugin, requestOf(podKind, pod()))).toBe('admitted');
  });
});
