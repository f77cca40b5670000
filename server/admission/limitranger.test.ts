import { describe, expect, test } from 'bun:test';
import { podKind } from '#api/kinds/core/pod.ts';
import { admit, requestOf, storeOf } from '#test/support/admission.ts';
import { LimitRanger } from './limitranger.ts';

const container = {
  type: 'Container',
  default: { cpu: '500m', memory: '1Gi' },
  defaultRequest: { cpu: '100m', memory: '1Gi' },
  min: { cpu: '50m' },
  max: { cpu: '2', memory: '2Gi' },
  maxLimitRequestRatio: { cpu: '10' },
};
const claims = { group: '', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' };
const pod = (...resources: object[]): { spec: { containers: { resources: unknown }[] }; metadata: object } => ({
  metadata: { name: 'p', namespace: 'ns' },
  spec: { containers: resources.map((one, index) => ({ name: `c${index}`, resources: one })) },
});
const ranger = (...limits: object[]): LimitRanger =>
  new LimitRanger(storeOf({ limitranges: [{ metadata: { name: 'l', namespace: 'ns' }, spec: { limits } }] }));

describe('LimitRanger', () => {
  test('mutate() fills in what containers leave out, and says so', async () => {
    const given = pod({}, { requests: { cpu: '1' }, limits: { cpu: '1', memory: '1Gi' } });
    expect(await admit(ranger(container), requestOf(podKind, given))).toBe('admitted');
    expect(given.spec.containers.map(({ resources }) => resources)).toEqual([
      { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
      { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } },
    ]);
    expect(given.metadata).toHaveProperty(
      ['annotations', 'kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: cpu, memory request for container c0; cpu, memory limit for container c0; memory request for container c1',
    );
  });

  test('validate() refuses what is beyond the bounds, with all faults of a range in one text', async () => {
    const refusal = (resources: object): Promise<string> =>
      admit(ranger(container), requestOf(podKind, pod(resources)));
    expect(await refusal({ limits: { cpu: '3' }, requests: { cpu: '3' } })).toBe(
      '403 pods "p" is forbidden: maximum cpu usage per Container is 2, but limit is 3',
    );
    expect(await refusal({ requests: { cpu: '10m' } })).toBe(
      '403 pods "p" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, cpu max limit to request ratio per Container is 10, but provided ratio is 50.000000]',
    );
  });

  test('validate() measures a pod by its containers together', async () => {
    const request = requestOf(podKind, pod({ limits: { cpu: '2' } }, { limits: { cpu: '2' } }));
    expect(await admit(ranger({ type: 'Pod', max: { cpu: '3' } }), request)).toBe(
      '403 pods "p" is forbidden: maximum cpu usage per Pod is 3, but limit is 4',
    );
  });

  test('validate() measures the largest init container beside the others', async () => {
    const given = { ...pod({ requests: { memory: '1Gi' } }) };
    const spec = { ...given.spec, initContainers: [{ name: 'i', resources: { requests: { memory: '3Gi' } } }] };
    expect(await admit(ranger({ type: 'Pod', min: { memory: '4Gi' } }), requestOf(podKind, { ...given, spec }))).toBe(
      '403 pods "p" is forbidden: minimum memory usage per Pod is 4Gi, but request is 3Gi',
    );
  });

  test('validate() bounds the storage that claims request', async () => {
    const item = { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } };
    const claim = (storage: string): object => ({
      metadata: { name: 'c', namespace: 'ns' },
      spec: { resources: { requests: { storage } } },
    });
    expect(await admit(ranger(item), requestOf(claims, claim('1500Mi')))).toBe('admitted');
    expect(await admit(ranger(item), requestOf(claims, claim('3Gi')))).toBe(
      '403 persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
  });

  test('leaves alone what another namespace bounds, and updates of pods', async () => {
    const given = pod({ limits: { cpu: '9' } });
    const update = { operation: 'UPDATE', old: given } as never;
    expect(await admit(ranger(container), requestOf(podKind, given, update))).toBe('admitted');
    expect(await admit(ranger(container), requestOf(podKind, given, { namespace: 'other' }))).toBe('admitted');
  });
});
