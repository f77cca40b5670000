import { afterEach, beforeEach, expect, test } from 'bun:test';
import { nodeKind } from '#api/kinds/core/node.ts';
import {
  type PersistentVolume,
  type PersistentVolumeSpec,
  persistentVolumeKind,
} from '#api/kinds/core/persistentvolume.ts';
import { type PersistentVolumeClaim, persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { storageClassKind } from '#api/kinds/storage/storageclass.ts';
import type { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';
import { type Bench, startBench } from '#test/support/controllers.ts';
import { eventually } from '#test/support/eventually.ts';
import { persistentVolumeController } from './persistentvolume.ts';
import { bestMatch, mismatch } from './persistentvolume/match.ts';

let bench: Bench;
beforeEach(() => {
  bench = startBench([persistentVolumeController]);
});
afterEach(() => bench.stop());

const volume = (
  name: string,
  storage: string,
  spec: PersistentVolumeSpec = {},
  labels: Record<string, string> = {},
): PersistentVolume => ({
  kind: 'PersistentVolume',
  apiVersion: 'v1',
  metadata: { name, labels },
  spec: {
    capacity: { storage },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    hostPath: { path: '/x' },
    ...spec,
  },
  status: { phase: 'Pending' },
});
const claim = (name: string, storage: string, spec: PersistentVolumeClaimSpec = {}): PersistentVolumeClaim => ({
  kind: 'PersistentVolumeClaim',
  apiVersion: 'v1',
  metadata: { name, namespace: 'ns' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...spec },
  status: { phase: 'Pending' },
});
const makeVolume = (...given: Parameters<typeof volume>) => bench.client.create(persistentVolumeKind, volume(...given));
const makeClaim = (...given: Parameters<typeof claim>) =>
  bench.client.create(persistentVolumeClaimKind, claim(...given));
const makeClass = (name: string, provisioner: string, volumeBindingMode = 'Immediate', isDefault = false) =>
  bench.client.create(storageClassKind, {
    kind: 'StorageClass',
    apiVersion: 'storage.k8s.io/v1',
    metadata: isDefault ? { name, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : { name },
    provisioner,
    volumeBindingMode,
  });
const theVolume = (name: string) => bench.client.get(persistentVolumeKind, '', name);
const theClaim = (name: string) => bench.client.get(persistentVolumeClaimKind, 'ns', name);
const volumeIs = (name: string, phase: string) => eventually(() => expect(theVolume(name)?.status?.phase).toBe(phase));
const claimIs = (name: string, phase: string, volumeName?: string) =>
  eventually(() => {
    expect([theClaim(name)?.status?.phase, theClaim(name)?.spec?.volumeName]).toEqual([phase, volumeName]);
  });
const said = (event: string) => eventually(() => expect(bench.events()).toContain(event));

test.each<[string, PersistentVolume[], PersistentVolumeClaim, string | undefined]>([
  [
    'the smallest that is large enough',
    [volume('a', '9Gi'), volume('b', '2Gi'), volume('c', '1Gi')],
    claim('c', '2Gi'),
    'b',
  ],
  ['of equals the first by name', [volume('a', '1Gi'), volume('b', '1Gi')], claim('c', '1Gi'), 'a'],
  [
    'fewer access modes before a smaller size',
    [volume('a', '1Gi', { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }), volume('b', '5Gi')],
    claim('c', '1Gi'),
    'b',
  ],
  [
    'none without the access mode',
    [volume('a', '1Gi')],
    claim('c', '1Gi', { accessModes: ['ReadWriteMany'] }),
    undefined,
  ],
  ['none of another class', [volume('a', '1Gi', { storageClassName: 's' })], claim('c', '1Gi'), undefined],
  ['none of another mode', [volume('a', '1Gi', { volumeMode: 'Block' })], claim('c', '1Gi'), undefined],
  [
    'one that the selector selects',
    [volume('a', '1Gi', {}, { disk: 'hdd' }), volume('b', '1Gi', {}, { disk: 'ssd' })],
    claim('c', '1Gi', { selector: { matchLabels: { disk: 'ssd' } } }),
    'b',
  ],
  [
    'the one reserved for it, whatever its class',
    [volume('a', '1Gi'), volume('b', '5Gi', { storageClassName: 's', claimRef: { namespace: 'ns', name: 'c' } })],
    claim('c', '1Gi'),
    'b',
  ],
  [
    'none reserved for another',
    [volume('a', '1Gi', { claimRef: { namespace: 'ns', name: 'd' } })],
    claim('c', '1Gi'),
    undefined,
  ],
])('bestMatch() takes %s', (_what, volumes, wants, name) => {
  expect(bestMatch(wants, volumes, { delayed: false })?.metadata.name).toBe(name as string);
});

test('bestMatch() takes only a reserved volume when the class waits for a pod', () => {
  expect(bestMatch(claim('c', '1Gi'), [volume('a', '1Gi')], { delayed: true })).toBeUndefined();
});

test.each<[string | undefined, PersistentVolumeSpec, PersistentVolumeClaimSpec]>([
  [undefined, {}, {}],
  ['requested PV is too small', { capacity: { storage: '1Mi' } }, {}],
  ['storageClassName does not match', {}, { storageClassName: 's' }],
  ['incompatible volumeMode', {}, { volumeMode: 'Block' }],
  ['incompatible accessMode', {}, { accessModes: ['ReadWriteMany'] }],
])('mismatch() says %p', (fault, volumeSpec, claimSpec) => {
  expect(mismatch(volume('v', '1Gi', volumeSpec), claim('c', '1Gi', claimSpec))).toBe(fault as string);
});

test('a claim and a volume are bound to each other, and an idle controller writes nothing', async () => {
  await makeVolume('v', '1Gi');
  await volumeIs('v', 'Available');
  const { metadata } = await makeClaim('c', '500Mi');
  await claimIs('c', 'Bound', 'v');
  await volumeIs('v', 'Bound');
  const byController = { 'pv.kubernetes.io/bound-by-controller': 'yes' };
  expect(theVolume('v')?.metadata.annotations).toEqual(byController);
  expect(theVolume('v')?.spec?.claimRef).toMatchObject({
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    namespace: 'ns',
    name: 'c',
    uid: metadata.uid as string,
  });
  expect(theClaim('c')?.metadata.annotations).toEqual({ ...byController, 'pv.kubernetes.io/bind-completed': 'yes' });
  expect(theClaim('c')?.status).toEqual({
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '1Gi' },
  });
  const before = [theVolume('v'), theClaim('c')];
  const controller = persistentVolumeController(bench.context);
  await controller.reconcile('v');
  await controller.reconcile('ns/c');
  expect([theVolume('v'), theClaim('c')]).toEqual(before);
  expect(bench.events()).toEqual([]);
});

test('half a binding is finished', async () => {
  const { metadata } = await makeClaim('c', '1Gi');
  await makeVolume('v', '1Gi', { claimRef: { namespace: 'ns', name: 'c', uid: metadata.uid as string } });
  await claimIs('c', 'Bound', 'v');
  await volumeIs('v', 'Bound');
});

test('two claims never get the same volume; the second gets what comes later', async () => {
  await makeVolume('v', '1Gi');
  await makeClaim('a', '1Gi');
  await makeClaim('b', '1Gi');
  await claimIs('a', 'Bound', 'v');
  await said(
    'Normal FailedBinding PersistentVolumeClaim/b: no persistent volumes available for this claim and no storage class is set',
  );
  expect(theClaim('b')?.spec?.volumeName).toBeUndefined();
  await makeVolume('w', '1Gi');
  await claimIs('b', 'Bound', 'w');
});

test('what a person bound in advance is kept, and not marked as chosen by the controller', async () => {
  await makeVolume('a', '1Gi');
  await makeVolume('v', '5Gi', { claimRef: { namespace: 'ns', name: 'c' } });
  await volumeIs('v', 'Available');
  await makeClaim('c', '1Gi');
  await claimIs('c', 'Bound', 'v');
  await makeClaim('d', '1Gi', { volumeName: 'a' });
  await claimIs('d', 'Bound', 'a');
  expect(theVolume('v')?.metadata.annotations).toBeUndefined();
  expect(theClaim('d')?.metadata.annotations).toEqual({ 'pv.kubernetes.io/bind-completed': 'yes' });
});

test('a claim that names a volume waits for it, and says why it cannot have it', async () => {
  await makeClaim('c', '2Gi', { volumeName: 'v' });
  await makeVolume('v', '1Gi');
  await said(
    'Warning VolumeMismatch PersistentVolumeClaim/c: Cannot bind to requested volume "v": requested PV is too small',
  );
  await makeClaim('d', '1Gi', { volumeName: 'v' });
  await claimIs('d', 'Bound', 'v');
  await said('Warning FailedBinding PersistentVolumeClaim/c: volume "v" already bound to a different claim.');
  expect(theClaim('c')?.status).toEqual({ phase: 'Pending' });
});

const DELETER = 'error getting deleter volume plugin for volume "v": no deletable volume plugin matched';
test.each([
  ['Retain', 'Released', undefined, []],
  ['Delete', 'Failed', DELETER, [`Warning VolumeFailedDelete PersistentVolume/v: ${DELETER}`]],
  [
    'Recycle',
    'Failed',
    'No recycler plugin found for the volume!',
    ['Warning VolumeFailedRecycle PersistentVolume/v: No recycler plugin found for the volume!'],
  ],
])('a volume with policy %s without its claim is %s', async (persistentVolumeReclaimPolicy, phase, message, events) => {
  await makeVolume('v', '1Gi', { persistentVolumeReclaimPolicy });
  await makeClaim('c', '1Gi');
  await claimIs('c', 'Bound', 'v');
  await bench.client.delete(persistentVolumeClaimKind, 'ns', 'c');
  await volumeIs('v', phase);
  expect(theVolume('v')?.status?.message).toBe(message as string);
  await eventually(() => expect(bench.events()).toEqual(events));
  // A new claim of the same name is another one.
  await makeClaim('c', '1Gi');
  await eventually(() => expect(bench.events()).toHaveLength(events.length + 1));
  expect(theVolume('v')?.status?.phase).toBe(phase);
});

test('a volume of a driver outside stays Released, for the driver to delete', async () => {
  await makeVolume('v', '1Gi', { persistentVolumeReclaimPolicy: 'Delete', csi: { driver: 'd', volumeHandle: 'h' } });
  await makeClaim('c', '1Gi');
  await claimIs('c', 'Bound', 'v');
  await bench.client.delete(persistentVolumeClaimKind, 'ns', 'c');
  await volumeIs('v', 'Released');
});

test('a claim whose volume is gone is Lost', async () => {
  await makeVolume('v', '1Gi');
  await makeClaim('c', '1Gi');
  await claimIs('c', 'Bound', 'v');
  await bench.client.delete(persistentVolumeKind, '', 'v');
  await claimIs('c', 'Lost', 'v');
  await said(
    'Warning ClaimLost PersistentVolumeClaim/c: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
  );
  expect(theClaim('c')?.status).toEqual({ phase: 'Lost' });
});

test('a volume that was chosen for a claim which took another is free again', async () => {
  await makeVolume('v', '1Gi');
  const { metadata } = await makeClaim('c', '1Gi');
  await claimIs('c', 'Bound', 'v');
  const byController = { 'pv.kubernetes.io/bound-by-controller': 'yes' };
  const claimRef = { namespace: 'ns', name: 'c', uid: metadata.uid as string };
  const chosen = volume('w', '1Gi', { claimRef });
  await bench.client.create(persistentVolumeKind, { ...chosen, metadata: { name: 'w', annotations: byController } });
  await volumeIs('w', 'Available');
  expect([theVolume('w')?.spec?.claimRef, theVolume('w')?.metadata.annotations]).toEqual([undefined, undefined]);
});

test.each([
  ['storageclass.storage.k8s.io "s" not found', undefined],
  ['no volume plugin matched name: kubernetes.io/no-provisioner', 'kubernetes.io/no-provisioner'],
])('a claim of a class that cannot make volumes is told: %s', async (message, provisioner) => {
  if (provisioner !== undefined) await makeClass('s', provisioner);
  await makeClaim('c', '1Gi', { storageClassName: 's' });
  await said(`Warning ProvisioningFailed PersistentVolumeClaim/c: ${message}`);
});

test('a provisioner outside is asked by annotations, for the default class too', async () => {
  await makeClaim('c', '1Gi');
  await makeClass('s', 'example.com/maker', 'Immediate', true);
  await said(
    "Normal ExternalProvisioning PersistentVolumeClaim/c: Waiting for a volume to be created either by the external provisioner 'example.com/maker' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
  );
  expect([theClaim('c')?.spec?.storageClassName, theClaim('c')?.metadata.annotations]).toEqual([
    's',
    {
      'volume.beta.kubernetes.io/storage-provisioner': 'example.com/maker',
      'volume.kubernetes.io/storage-provisioner': 'example.com/maker',
    },
  ]);
});

test('a class that waits for a pod binds a volume that the pod’s node reaches', async () => {
  const { client } = bench;
  const on = (node: string): PersistentVolumeSpec => ({
    storageClassName: 's',
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'host', operator: 'In', values: [node] }] }] },
    },
  });
  for (const name of ['one', 'two'])
    await client.create(nodeKind, { kind: 'Node', apiVersion: 'v1', metadata: { name, labels: { host: name } } });
  await makeClass('s', 'kubernetes.io/no-provisioner', 'WaitForFirstConsumer');
  await makeVolume('a', '1Gi', on('one'));
  await makeVolume('b', '1Gi', on('two'));
  await makeClaim('c', '1Gi', { storageClassName: 's' });
  await said(
    'Normal WaitForFirstConsumer PersistentVolumeClaim/c: waiting for first consumer to be created before binding',
  );
  await client.create(podKind, {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p', namespace: 'ns' },
    spec: { containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] },
  });
  await said('Normal WaitForPodScheduled PersistentVolumeClaim/c: waiting for pod p to be scheduled');
  expect(theClaim('c')?.spec?.volumeName).toBeUndefined();
  await client.update(podKind, 'ns', 'p', (copy) => void (copy.spec && (copy.spec.nodeName = 'two')));
  await claimIs('c', 'Bound', 'b');
});
