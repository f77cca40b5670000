import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { PodStatus } from '#api/kinds/core/pod-status.ts';
import type { KubeObject } from '#api/kind.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import { createLogger } from '#base/logger.ts';
import { eventually } from '#test/support/eventually.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { type FakeImage, FakeRuntime } from '../runtime/fake.ts';
import { DesiredState } from '../state/desired-state.ts';
import { Volumes } from '../volumes/volumes.ts';
import { PodManager } from './pod-manager.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const IMAGES: Record<string, FakeImage> = {
  'localhost/run:1': {},
  'localhost/run:2': {},
  'localhost/ok:1': { exitAfterMs: 10, exitCode: 0 },
  'localhost/bad:1': { exitAfterMs: 10, exitCode: 1 },
  'localhost/stubborn:1': { stopDelayMs: 3_600_000 },
  'localhost/nostart:1': { startFailure: 'exec: "/nope": no such file' },
  'localhost/away:1': { present: false, pullFailure: 'no such host' },
};

let dataDir: string;
let node: Node;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'skep-pods-'));
  node = new Node();
});
afterEach(async () => {
  await node.stop();
  node.runtime.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** A node with a runtime in memory and a clock that is moved by hand. */
class Node {
  readonly clock = new ManualClock();
  readonly runtime = new FakeRuntime({ clock: this.clock, images: IMAGES });
  readonly events: string[] = [];
  readonly statuses: PodStatus[] = [];
  readonly gone: string[] = [];
  state = new DesiredState({ dataDir, log });
  manager = this.#make();

  #make(): PodManager {
    const { state, runtime, clock } = this;
    const requestToken = () => Promise.reject(new Error('no link'));
    const volumes = new Volumes({ dataDir, state, requestToken, clock, log });
    return new PodManager({
      runtime,
      state,
      volumes,
      dataDir,
      nodeName: 'node1',
      nodeIPs: () => ['192.168.0.10'],
      clusterDNS: () => ['10.43.0.10'],
      clusterDomain: () => 'cluster.local',
      sendStatus: ({ status }) => this.statuses.push(status as PodStatus),
      sendGone: ({ name }) => this.gone.push(name),
      sendEvent: ({ eventType, reason, message }) => this.events.push(`${eventType} ${reason}: ${message}`),
      log,
      clock,
    });
  }

  async start(): Promise<this> {
    void this.manager.run();
    await eventually(() => expect(this.runtime.calls).toContain('listContainers'));
    return this;
  }

  async stop(): Promise<void> {
    await this.manager.stop();
    await this.state.flush();
  }

  /** A new agent over the same disk and runtime. */
  async restart(): Promise<void> {
    await this.stop();
    this.runtime.calls.length = 0;
    this.events.length = 0;
    this.statuses.length = 0;
    this.state = new DesiredState({ dataDir, log });
    this.manager = this.#make();
    await this.state.load();
    await this.start();
  }

  get status(): PodStatus | undefined {
    return this.statuses.at(-1);
  }

  /** The state of a container as `running`, `waiting CrashLoopBackOff`, `terminated Completed 0`. */
  container(name = 'c'): string {
    const { status } = this;
    const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
    const found = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
      (one) => one.name === name,
    );
    const { running, waiting, terminated } = found?.state ?? {};
    if (running !== undefined) return 'running';
    if (waiting !== undefined) return `waiting ${waiting.reason}`;
    return terminated === undefined ? 'absent' : `terminated ${terminated.reason} ${terminated.exitCode}`;
  }

  condition(type: string): string {
    const condition = this.status?.conditions?.find((one) => one.type === type);
    return [condition?.status, condition?.reason, condition?.message].filter(Boolean).join(' ');
  }

  /** Moves the clock in small steps until `check` holds. */
  async until(check: () => void | Promise<void>, stepMs = 50): Promise<void> {
    await eventually(async () => {
      await this.clock.advance(stepMs);
      await check();
    });
  }

  async runningId(name: string): Promise<string> {
    const found = (await this.runtime.listContainers()).find((one) => one.name === name && one.state === 'running');
    return found?.id ?? '';
  }
}

const pod = (spec: Partial<PodSpec>, metadata: Partial<Pod['metadata']> = {}): Pod & KubeObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p', namespace: 'default', uid: 'u1', resourceVersion: '1', ...metadata },
  spec: { containers: [{ name: 'c', image: 'localhost/run:1' }], ...spec },
});
const one = (image: string): PodSpec['containers'] => [{ name: 'c', image }];

test('a running container whose log is full gets a new one, started by this agent or found by it', async () => {
  // As with containerd: nobody tells of a start, so what is known of the container is what it was made with.
  node.runtime.onChange = () => () => undefined;
  await node.start();
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  const directory = join(dataDir, 'logs/pods/default_p_u1/c');
  const rotated = async () => (await readdir(directory)).filter((name) => name.startsWith('0.log.')).length;
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, '0.log'), Buffer.alloc(10 * 1024 * 1024));
  await node.until(async () => expect(await rotated()).toBe(1), 10_000);
  await node.restart();
  await writeFile(join(directory, '0.log'), Buffer.alloc(10 * 1024 * 1024));
  await node.until(async () => expect(await rotated()).toBe(2), 10_000);
});

test('a pod is Ready as soon as its container runs', async () => {
  await node.start();
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  expect(node.status).toMatchObject({
    phase: 'Running',
    podIP: '10.42.0.2',
    hostIP: '192.168.0.10',
    qosClass: 'BestEffort',
  });
  expect(node.events).toEqual([
    'Normal Pulled: Container image "localhost/run:1" already present on machine',
    'Normal Created: Created container c',
    'Normal Started: Started container c',
  ]);
  expect(node.runtime.calls.filter((call) => /^(runSandbox|createContainer|startContainer)/.test(call))).toHaveLength(
    3,
  );
});

test('that a pod runs is told at once, also when an earlier status is still held back', async () => {
  await node.start();
  node.state.upsert('pods', pod({}));
  await eventually(async () => expect(await node.runningId('c')).not.toBe(''));
  const before = node.clock.now();
  await node.until(() => expect(node.condition('Ready')).toBe('True'), 10);
  expect(node.clock.now() - before).toBeLessThan(300);
  expect(node.statuses.map(({ phase }) => phase)).toEqual(['Running']);
});

test('a container that was killed is started again at once, and the pod stays Running', async () => {
  await node.start();
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  node.runtime.exit(await node.runningId('c'), 137);
  await node.until(
    () => expect(node.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true }),
    10,
  );
  expect(node.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 137 });
  expect(new Set(node.statuses.map(({ phase }) => phase))).toEqual(new Set(['Running']));
});

test('a container that fails again and again is held back 10 s, then 20 s', async () => {
  await node.start();
  node.state.upsert('pods', pod({ containers: one('localhost/bad:1') }));
  await node.until(() => expect(node.container()).toBe('waiting CrashLoopBackOff'));
  expect(node.status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 1,
    state: { waiting: { message: 'back-off 10s restarting failed container=c pod=p_default(u1)' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error' } },
  });
  expect(node.status?.phase).toBe('Running');
  expect(node.events).toContain('Warning BackOff: Back-off restarting failed container c in pod p_default(u1)');
  const before = node.clock.now();
  await node.until(() => expect(node.status?.containerStatuses?.[0]?.restartCount).toBe(2), 500);
  expect(node.clock.now() - before).toBeGreaterThan(9000);
  await node.until(() =>
    expect(node.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('back-off 20s'),
  );
});

test.each([
  ['Never', 'localhost/ok:1', 'Succeeded', 'terminated Completed 0'],
  ['Never', 'localhost/bad:1', 'Failed', 'terminated Error 1'],
  ['OnFailure', 'localhost/ok:1', 'Succeeded', 'terminated Completed 0'],
  ['Always', 'localhost/ok:1', 'Running', 'waiting CrashLoopBackOff'],
  ['OnFailure', 'localhost/bad:1', 'Running', 'waiting CrashLoopBackOff'],
  ['Never', 'localhost/nostart:1', 'Failed', 'terminated StartError 128'],
])('restartPolicy %s with %s ends as %s', async (restartPolicy, image, phase, container) => {
  await node.start();
  node.state.upsert('pods', pod({ restartPolicy, containers: one(image) }));
  await node.until(() => expect([node.status?.phase, node.container()]).toEqual([phase, container]));
  if (phase !== 'Running') {
    expect(node.condition('Ready')).toBe(phase === 'Succeeded' ? 'False PodCompleted' : 'False PodFailed');
    await node.until(() => expect(node.runtime.calls.some((call) => call.startsWith('stopSandbox'))).toBe(true));
    expect(node.statuses.map((status) => status.phase)).not.toContain('Running');
  }
});

test('a restarted agent adopts what runs, with its restart count, and starts nothing', async () => {
  await node.start();
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  node.runtime.exit(await node.runningId('c'), 137);
  await node.until(() => expect(node.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true }));
  const id = await node.runningId('c');
  await node.restart();
  await node.until(() => expect(node.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true }));
  expect(node.status?.containerStatuses?.[0]?.containerID).toBe(`containerd://${id}`);
  expect(node.runtime.calls.filter((call) => /^(run|create|start|stop)/.test(call))).toEqual([]);
  expect(node.events).toEqual([]);
});

test('after a reboot the pod gets a new sandbox and its containers begin again', async () => {
  await node.start();
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  await node.stop();
  for (const sandbox of await node.runtime.listSandboxes()) node.runtime.loseSandbox(sandbox.id);
  await node.restart();
  await node.until(() => expect(node.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true }));
  expect(node.events).toContain('Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.');
  expect(node.status?.podIP).not.toBe('10.42.0.2');
});

test('a job that is over does not run again after a restart', async () => {
  await node.start();
  node.state.upsert('pods', pod({ restartPolicy: 'Never', containers: one('localhost/ok:1') }));
  await node.until(() => expect(node.status?.phase).toBe('Succeeded'));
  node.state.upsert('pods', {
    ...pod({ restartPolicy: 'Never', containers: one('localhost/ok:1') }),
    status: node.status,
  } as KubeObject);
  await node.stop();
  for (const sandbox of await node.runtime.listSandboxes()) await node.runtime.removeSandbox(sandbox.id);
  await node.restart();
  await node.clock.advance(5000);
  expect(node.runtime.calls.filter((call) => /^(run|create|start)/.test(call))).toEqual([]);
});

test('init containers run one after another, then the containers', async () => {
  await node.start();
  const initContainers = ['i1', 'i2'].map((name) => ({ name, image: 'localhost/ok:1' }));
  node.state.upsert('pods', pod({ initContainers }));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  expect(node.runtime.calls.filter((call) => call.startsWith('createContainer'))).toEqual([
    'createContainer i1',
    'createContainer i2',
    'createContainer c',
  ]);
  expect(node.condition('Initialized')).toBe('True');
  expect(node.status?.initContainerStatuses?.map(({ ready }) => ready)).toEqual([true, true]);
});

test('an init container that fails with restartPolicy Never fails the pod', async () => {
  await node.start();
  const initContainers = [
    { name: 'i1', image: 'localhost/bad:1' },
    { name: 'i2', image: 'localhost/ok:1' },
  ];
  node.state.upsert('pods', pod({ initContainers, restartPolicy: 'Never' }));
  await node.until(() => expect(node.status?.phase).toBe('Failed'));
  expect(node.condition('Initialized')).toBe(
    'False ContainersNotInitialized containers with incomplete status: [i1 i2]',
  );
  expect(node.container('c')).toBe('waiting PodInitializing');
});

test('a sidecar starts first and stays beside the containers', async () => {
  await node.start();
  const initContainers = [{ name: 's', image: 'localhost/run:1', restartPolicy: 'Always' }];
  node.state.upsert('pods', pod({ initContainers, restartPolicy: 'Never', containers: one('localhost/ok:1') }));
  await node.until(() => expect(node.status?.phase).toBe('Succeeded'));
  expect(node.runtime.calls.filter((call) => call.startsWith('createContainer'))).toEqual([
    'createContainer s',
    'createContainer c',
  ]);
  await node.until(async () => expect(await node.runningId('s')).toBe(''));
});

test('an ephemeral container is added to a running pod, among the processes of its target, and is found by streams', async () => {
  await node.start();
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  const ephemeralContainers = [{ name: 'dbg', image: 'localhost/run:2', targetContainerName: 'c', stdin: true }];
  node.state.upsert('pods', pod({ ephemeralContainers }));
  await node.until(() => expect(node.container('dbg')).toBe('running'));
  const id = await node.runningId('dbg');
  expect(node.runtime.configOf(id)).toMatchObject({ targetContainerId: await node.runningId('c'), stdin: true });
  expect(node.status?.ephemeralContainerStatuses).toMatchObject([{ name: 'dbg', ready: false, restartCount: 0 }]);
  expect(node.condition('Ready')).toBe('True');
  expect(node.events).toContain('Normal Started: Started container dbg');
  expect(node.manager.lookup('default', 'p', 'dbg')).toMatchObject({
    containerId: id,
    logPath: join(dataDir, 'logs/pods/default_p_u1/dbg/0.log'),
  });
});

test.each([
  ['localhost/bad:1', 'terminated Error 1'],
  ['localhost/nostart:1', 'terminated StartError 128'],
])('an ephemeral container that has ended (%s) is not started again, nor by the next agent', async (image, end) => {
  await node.start();
  node.state.upsert('pods', pod({ ephemeralContainers: [{ name: 'dbg', image }] }));
  await node.until(() => expect(node.container('dbg')).toBe(end));
  await node.restart();
  await node.until(() => expect(node.container('dbg')).toBe(end));
  await node.clock.advance(60_000);
  expect(node.runtime.calls.filter((call) => /^(create|start)/.test(call))).toEqual([]);
  expect(node.condition('Ready')).toBe('True');
});

test('an ephemeral container does not keep a pod alive whose containers are done', async () => {
  await node.start();
  const ephemeralContainers = [{ name: 'dbg', image: 'localhost/run:1' }];
  const spec = { restartPolicy: 'Never', containers: one('localhost/slow-ok:1'), ephemeralContainers };
  node.runtime.setImage('localhost/slow-ok:1', { exitAfterMs: 5000, exitCode: 0 });
  node.state.upsert('pods', pod(spec));
  await node.until(() => expect(node.container('dbg')).toBe('running'));
  await node.until(() => expect(node.status?.phase).toBe('Succeeded'));
  await node.until(() => expect(node.container('dbg')).toBe('terminated Error 143'));
});

test('an ephemeral container whose target is not there waits and says so', async () => {
  await node.start();
  const ephemeralContainers = [{ name: 'dbg', image: 'localhost/run:1', targetContainerName: 'c' }];
  node.state.upsert('pods', pod({ containers: one('localhost/away:1'), ephemeralContainers }));
  await node.until(() => expect(node.container('dbg')).toBe('waiting CreateContainerConfigError'));
  expect(node.events).toContain('Warning Failed: Error: unable to find target container c');
  node.runtime.setImage('localhost/away:1', {});
  await node.until(() => expect(node.container('dbg')).toBe('running'), 500);
});

test('a deleted pod is stopped within its grace period, told gone and leaves nothing', async () => {
  await node.start();
  node.state.upsert('pods', pod({ containers: one('localhost/stubborn:1') }));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  const deletion = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 2 };
  node.state.upsert('pods', pod({ containers: one('localhost/stubborn:1') }, deletion));
  await node.clock.advance(1000);
  expect(node.gone).toEqual([]);
  await node.until(() => expect(node.gone).toEqual(['p']));
  expect(node.events).toContain('Normal Killing: Stopping container c');
  await eventually(async () => expect(await node.runtime.listSandboxes()).toEqual([]));
  expect(node.statuses.map(({ phase }) => phase)).toEqual(['Running']);
});

test('a second deletion shortens the grace period', async () => {
  await node.start();
  const spec = { containers: one('localhost/stubborn:1') };
  node.state.upsert('pods', pod(spec));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  node.state.upsert('pods', pod(spec, { deletionTimestamp, deletionGracePeriodSeconds: 600 }));
  await node.until(() => expect(node.events).toContain('Normal Killing: Stopping container c'));
  node.state.upsert('pods', pod(spec, { deletionTimestamp, deletionGracePeriodSeconds: 1 }));
  const before = node.clock.now();
  await node.until(() => expect(node.gone).toEqual(['p']), 200);
  expect(node.clock.now() - before).toBeLessThan(60_000);
});

test('a pod that is pulled and deleted meanwhile goes at once', async () => {
  node.runtime.setImage('localhost/slow:1', { present: false, pullDelayMs: 3_600_000 });
  await node.start();
  const spec = { containers: one('localhost/slow:1') };
  node.state.upsert('pods', pod(spec));
  await node.until(() => expect(node.events).toContain('Normal Pulling: Pulling image "localhost/slow:1"'));
  node.state.upsert('pods', pod(spec, { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 }));
  await node.until(() => expect(node.gone).toEqual(['p']));
  expect(node.runtime.calls.filter((call) => call.startsWith('createContainer'))).toEqual([]);
});

test('what runs of a pod that nobody desires is removed only after the hub has confirmed', async () => {
  await node.start();
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  await node.stop();
  await rm(join(dataDir, 'state'), { recursive: true });
  await node.restart();
  await node.clock.advance(60_000);
  expect(await node.runtime.listSandboxes()).toHaveLength(1);
  node.state.synced();
  await node.until(async () => expect(await node.runtime.listSandboxes()).toEqual([]));
});

test.each([
  [{ image: 'Bad Image!' }, 'InvalidImageName', 'Error: InvalidImageName'],
  [{ image: 'localhost/none:1', imagePullPolicy: 'Never' }, 'ErrImageNeverPull', 'Error: ErrImageNeverPull'],
  [{ image: 'localhost/away:1' }, 'ImagePullBackOff', 'Error: ImagePullBackOff'],
  [{ image: 'localhost/run:1', securityContext: { runAsNonRoot: true } }, 'CreateContainerConfigError', undefined],
  [
    { image: 'localhost/run:1', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } }] },
    'CreateContainerConfigError',
    'Error: configmap "none" not found',
  ],
])('a container %p waits with reason %s', async (container, reason, event) => {
  await node.start();
  node.state.upsert('pods', pod({ containers: [{ name: 'c', ...container }] }));
  await node.until(() => expect(node.container()).toBe(`waiting ${reason}`));
  if (event !== undefined) expect(node.events).toContain(`Warning Failed: ${event}`);
  expect(node.status?.phase).toBe('Pending');
  expect(node.condition('Ready')).toBe('False ContainersNotReady containers with unready status: [c]');
});

test('a ConfigMap that comes a little after its pod is waited for without a word', async () => {
  await node.start();
  const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'k' } } }];
  node.state.upsert('pods', pod({ containers: [{ name: 'c', image: 'localhost/run:1', env }] }));
  await node.until(() => expect(node.runtime.calls).toContain('runSandbox default/p'), 1);
  node.state.upsert('configmaps', {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'cm', namespace: 'default' },
    data: { k: 'v' },
  } as KubeObject);
  await node.until(() => expect(node.condition('Ready')).toBe('True'), 5);
  expect(node.events.filter((event) => event.startsWith('Warning'))).toEqual([]);
});

test('a pod that ran past its deadline fails', async () => {
  await node.start();
  node.state.upsert('pods', pod({ activeDeadlineSeconds: 5 }));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  await node.clock.advance(5000);
  await node.until(() => expect(node.status?.phase).toBe('Failed'));
  expect(node.status).toMatchObject({
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  });
});

test('a changed image restarts the container', async () => {
  await node.start();
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  node.state.upsert('pods', pod({ containers: one('localhost/run:2') }));
  await node.until(() =>
    expect(node.status?.containerStatuses?.[0]).toMatchObject({ image: 'localhost/run:2', ready: true }),
  );
  expect(node.events).toContain('Normal Killing: Container c definition changed, will be restarted');
});

test('lookup() finds the running container and its logs', async () => {
  await node.start();
  expect(node.manager.lookup('default', 'p', '').error).toBe('pod does not exist');
  node.state.upsert('pods', pod({}));
  await node.until(() => expect(node.condition('Ready')).toBe('True'));
  const logs = join(dataDir, 'logs/pods/default_p_u1/c');
  expect(node.manager.lookup('default', 'p', '')).toEqual({
    containerId: await node.runningId('c'),
    logPath: join(logs, '0.log'),
    podIP: '10.42.0.2',
    sandboxId: (await node.runtime.listSandboxes())[0]?.id ?? '',
    previousLogError: 'previous terminated container "c" in pod "p" not found',
  });
  node.runtime.exit(await node.runningId('c'), 137);
  await node.until(() =>
    expect(node.manager.lookup('default', 'p', 'c')).toMatchObject({
      logPath: join(logs, '1.log'),
      previousLogPath: join(logs, '0.log'),
    }),
  );
});
