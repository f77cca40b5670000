import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type ContainerConfig,
  type ContainerRuntime,
  RuntimeFailure,
  type RuntimeProcess,
  type SandboxConfig,
} from './runtime.ts';

/** What the suite needs of an implementation. */
export interface RuntimeSuiteFixture {
  readonly runtime: ContainerRuntime;
  /** An image that runs until it is told to stop, and then ends with 143 or by its own code. Has a shell. */
  readonly image: string;
  /** An image (or the same) whose containers, with `exitCommand`, end at once with code 3. */
  readonly exitImage: string;
  readonly logDirectory: string;
  close(): Promise<void>;
}

const security = {
  privileged: false,
  supplementalGroups: [],
  readOnlyRootFilesystem: false,
  noNewPrivileges: false,
  addCapabilities: [],
  dropCapabilities: [],
  seccomp: 'Unconfined',
} as const;

const RUN = ['sh', '-c', "trap 'exit 143' TERM; while :; do sleep 0.05; done"];

/** Polls until `probe` gives something; fails after five seconds. */
export async function eventually<T>(probe: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error('Waited in vain: 5 s');
    await Bun.sleep(5);
  }
}

/** What every ContainerRuntime does alike. `make` is called once. */
export function containerRuntimeSuite(name: string, make: () => Promise<RuntimeSuiteFixture>): void {
  describe(name, () => {
    let fixture: RuntimeSuiteFixture;
    let runtime: ContainerRuntime;
    let serial = 0;

    beforeAll(async () => {
      fixture = await make();
      ({ runtime } = fixture);
    }, 60_000);
    afterAll(() => fixture.close(), 60_000);

    function sandboxConfig(): SandboxConfig {
      const pod = `pod-${++serial}`;
      return {
        metadata: { name: pod, namespace: 'default', uid: `uid-${process.pid}-${serial}`, attempt: 0 },
        hostname: pod,
        logDirectory: `${fixture.logDirectory}/${pod}`,
        portMappings: [],
        labels: { 'io.kubernetes.pod.name': pod },
        annotations: { note: 'x' },
        cgroupParent: `/skep-suite-${process.pid}/${pod}`,
        hostNetwork: false,
        hostPID: false,
        hostIPC: false,
        shareProcessNamespace: false,
        sysctls: {},
        security,
      };
    }

    function containerConfig(overrides: Partial<ContainerConfig> = {}): ContainerConfig {
      return {
        name: 'main',
        attempt: 0,
        image: fixture.image,
        command: RUN,
        args: [],
        workingDir: '',
        env: [{ name: 'GREETING', value: 'hello' }],
        mounts: [],
        labels: { 'io.kubernetes.container.name': 'main' },
        annotations: { hash: 'abc' },
        logPath: 'main/0.log',
        stdin: false,
        stdinOnce: false,
        tty: false,
        resources: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryLimitBytes: 0, oomScoreAdj: 0 },
        security,
        ...overrides,
      };
    }

    async function running(overrides: Partial<ContainerConfig> = {}) {
      const sandbox = sandboxConfig();
      const sandboxId = await runtime.runSandbox(sandbox);
      const id = await runtime.createContainer(sandboxId, containerConfig(overrides), sandbox);
      await runtime.startContainer(id);
      return { sandbox, sandboxId, id };
    }

    async function removed(sandboxId: string) {
      await runtime.stopSandbox(sandboxId);
      await runtime.removeSandbox(sandboxId);
    }

    const textOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

    async function failureOf(call: Promise<unknown>): Promise<RuntimeFailure> {
      try {
        await call;
      } catch (error) {
        if (error instanceof RuntimeFailure) return error;
        throw error;
      }
      throw new Error('The call succeeded: it should have failed');
    }

    test('version() and status() tell who answers and that it is ready', async () => {
      expect((await runtime.version()).version).toMatch(/^\d+\.\d+/);
      expect(await runtime.status()).toMatchObject({ runtimeReady: true, networkReady: true });
    });

    test('imageStatus() finds an image by name and by id, and answers undefined for one that is not there', async () => {
      const image = await runtime.imageStatus(fixture.image);
      expect(image?.tags).toContain(fixture.image);
      expect((await runtime.imageStatus(image?.id ?? ''))?.id).toBe(image?.id ?? '');
      expect(await runtime.imageStatus('localhost/absent:1')).toBeUndefined();
      expect((await runtime.listImages()).map(({ id }) => id)).toContain(image?.id ?? '');
    });

    test('pullImage() rejects with a RuntimeFailure when nobody has the image', async () => {
      const failure = await failureOf(runtime.pullImage('localhost/absent:1'));
      expect(failure.verb).toBe('pullImage');
      expect(failure.message).toStartWith('failed to pull and unpack image "localhost/absent:1"');
    });

    test('a container goes from created to running to exited, and lists and status agree', async () => {
      const sandbox = sandboxConfig();
      const sandboxId = await runtime.runSandbox(sandbox);
      expect((await runtime.listSandboxes()).find(({ id }) => id === sandboxId)).toMatchObject({
        state: 'ready',
        metadata: sandbox.metadata,
        labels: sandbox.labels,
        annotations: sandbox.annotations,
      });
      expect(await runtime.sandboxIPs(sandboxId)).toHaveLength(1);
      const id = await runtime.createContainer(sandboxId, containerConfig(), sandbox);
      expect(await runtime.containerStatus(id)).toMatchObject({ state: 'created', startedAt: 0, finishedAt: 0 });
      await runtime.startContainer(id);
      const status = await runtime.containerStatus(id);
      expect(status).toMatchObject({
        id,
        sandboxId,
        name: 'main',
        attempt: 0,
        state: 'running',
        image: fixture.image,
        labels: { 'io.kubernetes.container.name': 'main' },
        annotations: { hash: 'abc' },
        logPath: `${sandbox.logDirectory}/main/0.log`,
      });
      expect(status.pid).toBeGreaterThan(0);
      expect(Math.abs(status.startedAt - Date.now())).toBeLessThan(30_000);
      expect((await runtime.listContainers()).find((container) => container.id === id)).toMatchObject({
        sandboxId,
        state: 'running',
        attempt: 0,
      });
      await runtime.stopContainer(id, 5);
      expect(await runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 143, reason: 'Error' });
      await runtime.removeContainer(id);
      expect((await runtime.listContainers()).some((container) => container.id === id)).toBe(false);
      await removed(sandboxId);
      expect((await runtime.listSandboxes()).some(({ id: listed }) => listed === sandboxId)).toBe(false);
    });

    test('containerStats() has each container that runs, with its labels, memory, and CPU time that grows', async () => {
      const { sandboxId, id } = await running();
      const statsOf = async () => (await runtime.containerStats()).find((stats) => stats.id === id);
      const first = await eventually(statsOf);
      expect(first.labels).toMatchObject({ 'io.kubernetes.container.name': 'main' });
      expect(first.memoryWorkingSetBytes).toBeGreaterThan(0);
      expect(Math.abs(first.timestampNanos / 1e6 - Date.now())).toBeLessThan(30_000);
      const later = await eventually(async () => {
        const now = await statsOf();
        return now !== undefined && now.cpuCoreNanoSeconds > first.cpuCoreNanoSeconds && now;
      });
      expect(later.timestampNanos).toBeGreaterThan(first.timestampNanos);
      await runtime.stopContainer(id, 5);
      expect(await statsOf()).toBeUndefined();
      await removed(sandboxId);
    });

    test('onChange() tells of a container that ends by itself, and its status is final by then', async () => {
      const seen: { sandboxId: string; containerId?: string; state?: string; exitCode?: number }[] = [];
      const end = runtime.onChange((change) => {
        seen.push(change);
      });
      const { sandboxId, id } = await running({ image: fixture.exitImage, command: ['sh', '-c', 'exit 3'] });
      await eventually(async () => {
        const told = seen.some((change) => change.containerId === id);
        return told && (await runtime.containerStatus(id)).state === 'exited';
      });
      expect(await runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 3, reason: 'Error' });
      expect(seen.find((change) => change.containerId === id)?.sandboxId).toBe(sandboxId);
      end();
      await removed(sandboxId);
    });

    test('stopSandbox() ends its containers, and what is gone already can be stopped and removed again', async () => {
      const { sandboxId, id } = await running();
      await runtime.stopSandbox(sandboxId);
      await eventually(async () => (await runtime.containerStatus(id)).state === 'exited');
      expect((await runtime.listSandboxes()).find((sandbox) => sandbox.id === sandboxId)?.state).toBe('notReady');
      await removed(sandboxId);
      await removed(sandboxId);
      await runtime.stopContainer(id, 0);
      await runtime.removeContainer(id);
    });

    test('containerStatus() of an unknown container is NotFound, also beside one that is known', async () => {
      const { sandboxId, id } = await running();
      const [known, failure] = await Promise.all([
        runtime.containerStatus(id),
        failureOf(runtime.containerStatus('0123456789abcdef')),
      ]);
      expect(known.id).toBe(id);
      expect(failure.code).toBe('NotFound');
      await removed(sandboxId);
    });

    test('createContainer() rejects for an image that is not on the node', async () => {
      const sandbox = sandboxConfig();
      const sandboxId = await runtime.runSandbox(sandbox);
      const failure = await failureOf(
        runtime.createContainer(sandboxId, containerConfig({ image: 'localhost/absent:1' }), sandbox),
      );
      expect(failure.code).toBe('NotFound');
      await removed(sandboxId);
    });

    test('reopenLog() lets a running container go on in a new file at its log path, and is refused for one that has ended', async () => {
      const { sandboxId, id } = await running();
      const { logPath } = await runtime.containerStatus(id);
      await mkdir(dirname(logPath), { recursive: true });
      await writeFile(logPath, '', { flag: 'a' });
      await rename(logPath, `${logPath}.old`);
      await runtime.reopenLog(id);
      expect((await stat(logPath)).ino).not.toBe((await stat(`${logPath}.old`)).ino);
      await runtime.stopContainer(id, 5);
      expect((await failureOf(runtime.reopenLog(id))).verb).toBe('reopenLog');
      await removed(sandboxId);
    });

    test('execSync() gives output and exit code', async () => {
      const { sandboxId, id } = await running();
      expect(await runtime.execSync(id, ['echo', 'one', 'two'], 5_000)).toEqual({ exitCode: 0, output: 'one two\n' });
      expect((await runtime.execSync(id, ['sh', '-c', 'exit 7'], 5_000)).exitCode).toBe(7);
      await removed(sandboxId);
    });

    test('exec() streams stdin to the command and its output back until stdin ends', async () => {
      const { sandboxId, id } = await running();
      const process = await runtime.exec(id, ['cat'], { stdin: true, tty: false });
      await written(process, ['a little ', 'text']);
      expect(await textOf(process.stdout)).toBe('a little text');
      expect(await process.exitCode).toBe(0);
      const failing = await runtime.exec(id, ['sh', '-c', 'exit 7'], { stdin: false, tty: false });
      expect(await Promise.all([textOf(failing.stdout), textOf(failing.stderr)])).toEqual(['', '']);
      expect(await failing.exitCode).toBe(7);
      await removed(sandboxId);
    });

    test('exec() in a container that has ended fails', async () => {
      const { sandboxId, id } = await running();
      await runtime.stopContainer(id, 5);
      const attempt = async () => {
        const process = await runtime.exec(id, ['true'], { stdin: false, tty: false });
        await Promise.all([textOf(process.stdout), textOf(process.stderr)]);
        return process.exitCode;
      };
      expect((await failureOf(attempt())).message).toContain('CONTAINER_EXITED');
      await removed(sandboxId);
    });
  });
}

async function written(process: RuntimeProcess, texts: readonly string[]): Promise<void> {
  const writer = process.stdin?.getWriter();
  for (const text of texts) await writer?.write(new TextEncoder().encode(text));
  await writer?.close();
}
