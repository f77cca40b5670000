import { expect, test } from 'bun:test';
import { validateChange, validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { podColumns, summarizePod } from './pod-columns.ts';
import { type Pod, podKind } from './pod.ts';

const CONTAINER = { name: 'c', image: 'i:1' };

/** A pod as the registry has it before validation. */
function pod(spec: object, status?: object, metadata: object = {}): Pod {
  const { object } = decode(podKind, {
    metadata: { name: 'p', namespace: 'n', ...metadata },
    spec: { containers: [CONTAINER], ...spec },
  });
  podKind.applyDefaults?.(object);
  podKind.prepareForCreate?.(object);
  if (status !== undefined) object.status = decode(podKind, { status }).object.status ?? {};
  return object;
}

const faults = (spec: object): string[] =>
  validateCreate(podKind, pod(spec)).map(({ type, field }) => `${type.replace('FieldValue', '')} ${field}`);

test('a pod gets the defaults that upstream gives it', () => {
  const { spec, status } = pod({
    hostNetwork: true,
    containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } } }],
    volumes: [{ name: 'v' }, { name: 'm', configMap: { name: 'x' } }],
  });
  expect(spec).toMatchObject({
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    terminationGracePeriodSeconds: 30,
    enableServiceLinks: true,
    securityContext: {},
    volumes: [{ emptyDir: {} }, { configMap: { defaultMode: 420 } }],
    containers: [
      {
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
        livenessProbe: { httpGet: { path: '/', scheme: 'HTTP' }, periodSeconds: 10, failureThreshold: 3 },
      },
    ],
  });
  expect(status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
});

test.each([
  [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
  [{ limits: { cpu: '1' } }, 'Burstable'],
  [{ requests: { memory: '1' } }, 'Burstable'],
  [{}, 'BestEffort'],
])('a pod with resources %j is %s', (resources, qos) => {
  expect(pod({ containers: [{ ...CONTAINER, resources }] }).status?.qosClass).toBe(qos);
});

test.each([
  [{ containers: [] }, ['Required spec.containers']],
  [{ containers: [CONTAINER, CONTAINER] }, ['Duplicate spec.containers[1].name']],
  [{ containers: [{ ...CONTAINER, image: ' x' }] }, ['Invalid spec.containers[0].image']],
  [{ restartPolicy: 'Maybe' }, ['NotSupported spec.restartPolicy']],
  [
    { containers: [{ ...CONTAINER, volumeMounts: [{ name: 'v' }] }] },
    ['NotFound spec.containers[0].volumeMounts[0].name', 'Required spec.containers[0].volumeMounts[0].mountPath'],
  ],
  [
    { containers: [{ ...CONTAINER, resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }] },
    ['Invalid spec.containers[0].resources.requests'],
  ],
  [{ containers: [{ ...CONTAINER, livenessProbe: {} }] }, ['Required spec.containers[0].livenessProbe']],
  [{ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] }, ['Forbidden spec.volumes[0].hostPath']],
  [{ tolerations: [{ operator: 'Equal', value: 'x' }] }, ['Invalid spec.tolerations[0].operator']],
  [
    { initContainers: [{ ...CONTAINER, name: 'i', readinessProbe: { exec: { command: ['x'] } } }] },
    ['Forbidden spec.initContainers[0].readinessProbe'],
  ],
  [{ ephemeralContainers: [{ name: 'e', image: 'i' }] }, ['Forbidden spec.ephemeralContainers']],
] as const)('a new pod with %j is refused for %j', (spec, expected) => {
  expect(faults(spec)).toEqual([...expected]);
});

test('only the image, the deadline and more tolerations of a pod may change', () => {
  const old = pod({}, undefined, { resourceVersion: '7', uid: 'u' });
  const change = (spec: object): string[] =>
    validateChange(
      podKind,
      { ...old, spec: { ...structuredClone(old.spec), containers: old.spec?.containers ?? [], ...spec } },
      old,
    ).map(({ field }) => field);
  const [container] = old.spec?.containers ?? [];
  expect(change({ containers: [{ ...container, image: 'i:2' }] })).toEqual([]);
  expect(change({ activeDeadlineSeconds: 5 })).toEqual([]);
  expect(change({ tolerations: [{ key: 'a', operator: 'Exists' }] })).toEqual([]);
  expect(change({ nodeName: 'n1' })).toEqual(['spec']);
  expect(change({ containers: [] })).toEqual(['spec.containers']);
});

test.each([
  ['a scheduled, running pod', { nodeName: 'n' }, { phase: 'Running' }, undefined, 30],
  ['what the request says', { nodeName: 'n' }, { phase: 'Running' }, 5, 5],
  ['what the spec says', { nodeName: 'n', terminationGracePeriodSeconds: 7 }, { phase: 'Running' }, undefined, 7],
  ['a pod without a node', {}, { phase: 'Pending' }, 5, 0],
  ['a finished pod', { nodeName: 'n' }, { phase: 'Succeeded' }, undefined, 0],
] as const)('the grace of %s', (_name, spec, status, requested, seconds) => {
  expect(podKind.gracefulDeletionSeconds?.(pod(spec, status), requested)).toBe(seconds);
});

const NOW = new Date('2026-11-21T08:00:00Z');
const running = { ready: true, state: { running: {} } };
const waiting = (reason: string): object => ({ state: { waiting: { reason } } });
const ended = (reason: string, exitCode = 1): object => ({ state: { terminated: { reason, exitCode } } });
const INIT = { initContainers: [{ name: 'i', image: 'i' }] };

test.each([
  ['no status of containers yet', {}, { phase: 'Pending' }, '0/1 Pending'],
  ['running', {}, { phase: 'Running', containerStatuses: [running] }, '1/1 Running'],
  ['back-off', {}, { phase: 'Running', containerStatuses: [waiting('CrashLoopBackOff')] }, '0/1 CrashLoopBackOff'],
  ['done', {}, { phase: 'Succeeded', containerStatuses: [ended('Completed', 0)] }, '0/1 Completed'],
  ['ended without a reason', {}, { phase: 'Failed', containerStatuses: [ended('', 3)] }, '0/1 ExitCode:3'],
  [
    'killed',
    {},
    { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 0, signal: 9 } } }] },
    '0/1 Signal:9',
  ],
  ['evicted', {}, { phase: 'Failed', reason: 'Evicted' }, '0/1 Evicted'],
  [
    'gated',
    {},
    { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    '0/1 SchedulingGated',
  ],
  ['init running', INIT, { phase: 'Pending', initContainerStatuses: [{ name: 'i', ...running }] }, '0/1 Init:0/1'],
  [
    'init failing',
    INIT,
    { phase: 'Pending', initContainerStatuses: [{ name: 'i', ...waiting('ImagePullBackOff') }] },
    '0/1 Init:ImagePullBackOff',
  ],
  [
    'init done',
    INIT,
    {
      phase: 'Running',
      initContainerStatuses: [{ name: 'i', ...ended('Completed', 0) }],
      containerStatuses: [running],
    },
    '1/1 Running',
  ],
])('the ready and status cells of a pod: %s', (_name, spec, status, cells) => {
  const { ready, total, status: text } = summarizePod(pod(spec, status));
  expect(`${ready}/${total} ${text}`).toBe(cells);
});

test('a pod that is being deleted is Terminating, and restarts tell when the last was', () => {
  const one = pod(
    {},
    {
      phase: 'Running',
      containerStatuses: [
        { ...running, restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt: '2026-11-21T07:59:55Z' } } },
      ],
    },
  );
  const cells = (object: Pod): unknown[] => podColumns.map((column) => column.cell(object, NOW));
  expect(cells(one).slice(1, 4)).toEqual(['1/1', 'Running', '2 (5s ago)']);
  one.metadata.deletionTimestamp = '2026-11-21T08:00:30Z';
  expect(cells(one)[2]).toBe('Terminating');
});
