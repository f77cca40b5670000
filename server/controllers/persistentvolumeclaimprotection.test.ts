import { afterEach, beforeEach, expect, test } from 'bun:test';
import { persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import { persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { type Bench, startBench } from '#test/support/controllers.ts';
import { eventually } from '#test/support/eventually.ts';
import { persistentVolumeController } from './persistentvolume.ts';
import { persistentVolumeClaimProtectionController } from './persistentvolumeclaimprotection.ts';
import { persistentVolumeProtectionController } from './persistentvolumeprotection.ts';

let bench: Bench;
beforeEach(async () => {
  bench = startBench([
    persistentVolumeController,
    persistentVolumeClaimProtectionController,
    persistentVolumeProtectionController,
  ]);
  await bench.client.create(persistentVolumeKind, {
    kind: 'PersistentVolume',
    apiVersion: 'v1',
    metadata: { name: 'v' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
  });
  await bench.client.create(persistentVolumeClaimKind, {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    metadata: { name: 'c', namespace: 'ns' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  await eventually(() => {
    expect(theClaim()?.status?.phase).toBe('Bound');
    expect(theClaim()?.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    expect(theVolume()?.metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
  });
});
afterEach(() => bench.stop());

const theVolume = () => bench.client.get(persistentVolumeKind, '', 'v');
const theClaim = () => bench.client.get(persistentVolumeClaimKind, 'ns', 'c');
const makePod = (nodeName?: string) =>
  bench.client.create(podKind, {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p', namespace: 'ns' },
    spec: {
      containers: [],
      ...(nodeName === undefined ? {} : { nodeName }),
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
    },
    status: { phase: 'Succeeded' },
  });

test('a claim that a pod uses stays until the pod is gone, though the pod has ended', async () => {
  await makePod('n');
  await bench.client.delete(persistentVolumeClaimKind, 'ns', 'c');
  await persistentVolumeClaimProtectionController(bench.context).reconcile('ns/c');
  expect(theClaim()?.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  await bench.client.delete(podKind, 'ns', 'p', { gracePeriodSeconds: 0 });
  await eventually(() => expect(theClaim()).toBeUndefined());
  await eventually(() => expect(theVolume()?.status?.phase).toBe('Released'));
});

test('a claim goes at once when its pods are on no node', async () => {
  await makePod();
  await bench.client.delete(persistentVolumeClaimKind, 'ns', 'c');
  await eventually(() => expect(theClaim()).toBeUndefined());
});

test('a volume that is bound stays until its claim is gone', async () => {
  await bench.client.delete(persistentVolumeKind, '', 'v');
  await persistentVolumeProtectionController(bench.context).reconcile('v');
  expect(theVolume()?.metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
  await bench.client.delete(persistentVolumeClaimKind, 'ns', 'c');
  await eventually(() => expect(theVolume()).toBeUndefined());
});
