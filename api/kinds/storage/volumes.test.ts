import { expect, test } from 'bun:test';
import { limitRangeKind } from '#api/kinds/core/limitrange.ts';
import { persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import { persistentVolumeClaimKind } from '#api/kinds/core/persistentvolumeclaim.ts';
import { resourceQuotaKind } from '#api/kinds/core/resourcequota.ts';
import { priorityClassKind } from '#api/kinds/scheduling/priorityclass.ts';
import type { Kind, KubeObject } from '#api/kind.ts';
import { cidrWarnings, ipWarnings } from '#api/meta/ip-warnings.ts';
import { decode } from '#api/schema/decode.ts';
import { podSpecWarnings } from '#api/podspec/pod-warnings.ts';

function made<T extends KubeObject>(kind: Kind<T>, fields: object): T {
  const { object } = decode(kind, { metadata: { name: 'x' }, ...fields });
  kind.applyDefaults?.(object);
  kind.prepareForCreate?.(object);
  return object;
}
const faults = <T extends KubeObject>(kind: Kind<T>, fields: object): string[] =>
  (kind.validate?.(made(kind, fields)) ?? []).map(({ field }) => field);

const VOLUME = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };

test.each([
  [{ ...VOLUME, hostPath: { path: '/x' } }, []],
  [{ ...VOLUME }, ['spec']],
  [{ ...VOLUME, local: { path: '/x' } }, ['spec.nodeAffinity']],
  [{ ...VOLUME, hostPath: { path: '/x' }, nfs: { server: 's', path: '/p' } }, ['spec.nfs']],
  [
    { ...VOLUME, csi: { driver: 'x.io', volumeHandle: 'h', nodePublishSecretRef: { name: 's' } } },
    ['spec.csi.nodePublishSecretRef.namespace'],
  ],
  [{ ...VOLUME, accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'], hostPath: { path: '/x' } }, ['spec.accessModes']],
  [
    { ...VOLUME, hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' },
    ['spec.persistentVolumeReclaimPolicy'],
  ],
])('a PersistentVolume with %j is refused for %j', (spec, fields) => {
  expect(faults(persistentVolumeKind, { spec })).toEqual(fields);
});

test('a bound claim may grow but not change otherwise; the old field of a source follows the new one', () => {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } };
  const old = made(persistentVolumeClaimKind, { spec });
  const status = { phase: 'Bound', capacity: { storage: '2Gi' } };
  old.status = status;
  const update = (change: object): string[] => {
    const next = { ...made(persistentVolumeClaimKind, { spec: { ...spec, ...change } }), status };
    return (persistentVolumeClaimKind.validateUpdate?.(next, old) ?? []).map(({ field }) => field);
  };
  expect(update({ resources: { requests: { storage: '3Gi' } } })).toEqual([]);
  expect(update({ resources: { requests: { storage: '1Gi' } } })).toEqual(['spec.resources.requests.storage']);
  expect(update({ accessModes: ['ReadWriteMany'] })).toEqual(['spec']);
  const source = { apiGroup: 'x.io', kind: 'K', name: 'n' };
  expect(made(persistentVolumeClaimKind, { spec: { dataSourceRef: source } }).spec?.dataSource).toEqual(source);
  expect(made(persistentVolumeClaimKind, { spec: { dataSource: source } }).spec?.dataSource).toBeUndefined();
});

test('a LimitRange completes the entry of containers and refuses bounds that cannot be met', () => {
  const limits = [{ type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' } }];
  expect(made(limitRangeKind, { spec: { limits } }).spec?.limits[0]).toMatchObject({
    default: { cpu: '2' },
    defaultRequest: { cpu: '2', memory: '1Mi' },
  });
  expect(faults(limitRangeKind, { spec: { limits: [{ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }] } })).toEqual(
    ['spec.limits[0].min[cpu]'],
  );
});

test('a ResourceQuota tells of scopes that do not fit', () => {
  expect(faults(resourceQuotaKind, { spec: { hard: { 'requests.cpu': '1' }, scopes: ['BestEffort'] } })).toEqual([
    'spec.scopes',
  ]);
  expect(
    faults(resourceQuotaKind, { spec: { hard: { 'requests.hugepages-2Mi': '2Mi', 'count/jobs.batch': '1' } } }),
  ).toEqual([]);
});

test('a priority class of the system has its value and no other', () => {
  const named = (name: string, value: number) =>
    priorityClassKind.validate?.({ ...made(priorityClassKind, { value }), metadata: { name } }) ?? [];
  expect(named('system-node-critical', 2_000_001_000)).toEqual([]);
  expect(named('system-node-critical', 1)).toHaveLength(1);
  expect(named('mine', 1_000_000_001)).toHaveLength(1);
});

test('a pod is warned of what hides something else, and of what is of the past', () => {
  const port = { containerPort: 80, protocol: 'TCP' };
  const spec = {
    nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
    containers: [
      {
        name: 'a',
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '$(A)2' },
          { name: 'A', value: '3' },
        ],
        ports: [port],
      },
      { name: 'b', resources: { limits: { memory: '100m' } }, ports: [{ ...port, hostPort: 80 }] },
    ],
    volumes: [
      {
        name: 'v',
        configMap: {
          name: 'c',
          items: [
            { key: 'k', path: 'd' },
            { key: 'l', path: 'd/e' },
          ],
        },
      },
    ],
  };
  expect(podSpecWarnings(spec, undefined, 'spec.template')).toEqual([
    'spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    'volume "v" (ConfigMap "c"): overlapping paths: "d/e" with "d"',
    'spec.template.spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
    'spec.template.spec.containers[1].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
    'spec.template.spec.containers[1].ports[0]: overlapping port definition with spec.template.spec.containers[0].ports[0]',
  ]);
  expect(podSpecWarnings({ containers: [{ name: 'a' }] }, undefined)).toEqual([]);
});

test('addresses are warned of that others could read otherwise', () => {
  const text = (warnings: string[]): string =>
    warnings.map((one) => one.replace(/^.*(use|format|should be) /, '')).join();
  expect([ipWarnings('10.0.0.1', 'f'), ipWarnings('2001:db8::1', 'f'), cidrWarnings('10.0.0.0/8', 'f')]).toEqual([
    [],
    [],
    [],
  ]);
  expect(text(ipWarnings('010.0.0.1', 'f'))).toBe('"10.0.0.1"');
  expect(text(ipWarnings('::ffff:10.0.0.1', 'f'))).toBe('"10.0.0.1"');
  expect(text(ipWarnings('2001:DB8:0:0:1:0:0:1', 'f'))).toBe('("2001:db8::1:0:0:1")');
  expect(text(cidrWarnings('10.1.2.3/8', 'f'))).toBe('"10.0.0.0/8" or "10.1.2.3/32"?)');
});
