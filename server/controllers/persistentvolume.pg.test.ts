import { afterAll, beforeAll, expect, test } from 'bun:test';
import { persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import { persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { type ControlPlane, joinNode, startControlPlane } from '#test/support/control-plane.ts';
import { playKubelet } from '#test/support/controllers.ts';
import { eventually } from '#test/support/eventually.ts';

let plane: ControlPlane;
let endKubelet: () => void;
beforeAll(async () => {
  plane = await startControlPlane();
  endKubelet = playKubelet(plane.client, () => true);
  await joinNode(plane.client, 'one');
  await plane.namespace('ns');
});
afterAll(async () => {
  endKubelet();
  await plane.stop();
});

test('a claim is bound, protected while its pod lives, and leaves its volume Released', async () => {
  const { client } = plane;
  const theVolume = () => client.get(persistentVolumeKind, '', 'v');
  const theClaim = () => client.get(persistentVolumeClaimKind, 'ns', 'c');
  await client.create(persistentVolumeKind, {
    kind: 'PersistentVolume',
    apiVersion: 'v1',
    metadata: { name: 'v' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp/v' } },
  });
  await client.create(persistentVolumeClaimKind, {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    metadata: { name: 'c', namespace: 'ns' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '500Mi' } } },
  });
  await eventually(() => expect(theClaim()?.status?.phase).toBe('Bound'));
  expect(theClaim()).toMatchObject({
    metadata: {
      annotations: { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' },
      finalizers: ['kubernetes.io/pvc-protection'],
    },
    spec: { volumeName: 'v' },
    status: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, phase: 'Bound' },
  });
  expect(theVolume()).toMatchObject({
    metadata: {
      annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' },
      finalizers: ['kubernetes.io/pv-protection'],
    },
    spec: { claimRef: { namespace: 'ns', name: 'c', uid: theClaim()?.metadata.uid as string } },
    status: { phase: 'Bound' },
  });
  await client.create(podKind, {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p', namespace: 'ns' },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
    },
  });
  await eventually(() => expect(client.get(podKind, 'ns', 'p')?.status?.phase).toBe('Running'));
  await client.delete(persistentVolumeClaimKind, 'ns', 'c');
  await client.delete(persistentVolumeKind, '', 'v');
  expect(theClaim()?.metadata.deletionTimestamp).toBeDefined();
  await client.delete(podKind, 'ns', 'p', { gracePeriodSeconds: 0 });
  await eventually(() => expect([theClaim(), theVolume()]).toEqual([undefined, undefined]));
});
