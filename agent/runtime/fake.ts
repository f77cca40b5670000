import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, systemClock } from '#base/clock.ts';
import { fakeProcess, runFakeCommand } from './fake-process.ts';
import {
  type ContainerConfig,
  type ContainerRuntime,
  RuntimeFailure,
  type RuntimeContainer,
  type RuntimeContainerStats,
  type RuntimeContainerStatus,
  type RuntimeImage,
  type RuntimeProcess,
  type RuntimeSandbox,
  type SandboxConfig,
} from './runtime.ts';

/** How containers of one image behave in a FakeRuntime. Durations in milliseconds; absent = at once, or never for `exitAfterMs`. */
export interface FakeImage {
  /** False: it must be pulled first. Default true. */
  readonly present?: boolean;
  /** Pulling fails with this message. */
  readonly pullFailure?: string;
  readonly pullDelayMs?: number;
  readonly createFailure?: string;
  readonly startFailure?: string;
  readonly startDelayMs?: number;
  /** Containers end by themselves after this long … */
  readonly exitAfterMs?: number;
  /** … with this code. Default 0. */
  readonly exitCode?: number;
  /** How long a container takes to end after the stop signal. Longer than the grace = killed (137). */
  readonly stopDelayMs?: number;
  /** The code after the stop signal. Default 143. */
  readonly stopExitCode?: number;
  readonly uid?: number;
  readonly username?: string;
  /** What its containers use all the time; default nothing. */
  readonly cpuNanoCores?: number;
  readonly memoryBytes?: number;
  /** What a command run in the container does; default knows echo, cat, true, false and `sh -c 'exit N'`. */
  readonly exec?: (command: readonly string[]) => { readonly exitCode: number; readonly output: string };
}

/** What a FakeRuntime starts with. */
export interface FakeRuntimeOptions {
  readonly clock?: Clock;
  /** By reference, e.g. `localhost/bb:1`. References not named here can be pulled by nobody. */
  readonly images?: Readonly<Record<string, FakeImage>>;
}

interface FakeSandbox extends RuntimeSandbox {
  state: 'ready' | 'notReady';
  readonly ips: readonly string[];
}
type FakeContainer = { -readonly [K in keyof RuntimeContainerStatus]: RuntimeContainerStatus[K] } & {
  readonly config: ContainerConfig;
  ended: (() => void)[];
};

/** A runtime in memory that does as it is told: exit codes, delays and failures by image name. For tests and for load. */
export class FakeRuntime implements ContainerRuntime {
  readonly #clock: Clock;
  readonly #behaviours = new Map<string, FakeImage>();
  readonly #images = new Map<string, RuntimeImage>();
  readonly #sandboxes = new Map<string, FakeSandbox>();
  readonly #containers = new Map<string, FakeContainer>();
  readonly #listeners = new Set<(change: { readonly sandboxId: string; readonly containerId?: string }) => void>();
  readonly #failures = new Map<string, RuntimeFailure>();
  readonly #closed = new AbortController();
  #serial = 0;
  /** Every call in order, as `verb subject`, so that a test can see what was asked. */
  readonly calls: string[] = [];

  constructor(options: FakeRuntimeOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    for (const [reference, behaviour] of Object.entries(options.images ?? {})) this.setImage(reference, behaviour);
  }

  /** Gives an image its behaviour, and puts it on the node unless `present` is false. */
  setImage(reference: string, behaviour: FakeImage): void {
    this.#behaviours.set(reference, behaviour);
    if (behaviour.present !== false) this.#store(reference);
  }

  /** Every call of `verb` (a method's name) fails from now on; undefined = works again. */
  failOn(verb: keyof ContainerRuntime, failure: RuntimeFailure | undefined): void {
    if (failure === undefined) this.#failures.delete(verb);
    else this.#failures.set(verb, failure);
  }

  /** A container's process ends by itself. */
  exit(containerId: string, exitCode: number, reason: string = exitCode === 0 ? 'Completed' : 'Error'): void {
    const container = this.#containers.get(containerId);
    if (container?.state !== 'running') return;
    container.state = 'exited';
    container.exitCode = exitCode;
    container.reason = reason;
    container.finishedAt = this.#clock.now();
    container.pid = 0;
    for (const waiter of container.ended.splice(0)) waiter();
    this.#tell(container.sandboxId, containerId);
  }

  /** A sandbox is lost, with all that runs in it, as after a reboot. */
  loseSandbox(id: string): void {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    sandbox.state = 'notReady';
    for (const container of this.#containers.values()) if (container.sandboxId === id) this.exit(container.id, 137);
    this.#tell(id);
  }

  /** What a container was made with. */
  configOf(containerId: string): ContainerConfig | undefined {
    return this.#containers.get(containerId)?.config;
  }

  /** Ends every delay. */
  close(): void {
    this.#closed.abort();
    this.#listeners.clear();
  }

  async version(): Promise<{ name: string; version: string }> {
    await this.#call('version');
    return { name: 'fake', version: '1.0.0' };
  }

  async status(): Promise<{ runtimeReady: boolean; networkReady: boolean; message: string }> {
    await this.#call('status');
    return { runtimeReady: true, networkReady: true, message: '' };
  }

  async imageStatus(image: string): Promise<RuntimeImage | undefined> {
    await this.#call('imageStatus', image);
    return this.#images.get(image) ?? [...this.#images.values()].find((found) => found.id === image);
  }

  async listImages(): Promise<RuntimeImage[]> {
    await this.#call('listImages');
    return [...new Set(this.#images.values())];
  }

  async pullImage(image: string): Promise<string> {
    await this.#call('pullImage', image);
    const behaviour = this.#behaviours.get(image);
    await this.#delay(behaviour?.pullDelayMs);
    if (behaviour === undefined)
      throw new RuntimeFailure('pullImage', 'NotFound', `failed to pull and unpack image "${image}": not found`);
    if (behaviour.pullFailure !== undefined) throw new RuntimeFailure('pullImage', 'Unknown', behaviour.pullFailure);
    return this.#store(image).id;
  }

  async removeImage(image: string): Promise<void> {
    await this.#call('removeImage', image);
    for (const [reference, found] of this.#images)
      if (reference === image || found.id === image) this.#images.delete(reference);
  }

  async importImage(archivePath: string): Promise<string[]> {
    await this.#call('importImage', archivePath);
    const reference = `localhost/${archivePath.replace(/^.*\//, '').replace(/\.tar$/, '')}:latest`;
    this.setImage(reference, this.#behaviours.get(reference) ?? {});
    return [reference];
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    await this.#call('runSandbox', `${config.metadata.namespace}/${config.metadata.name}`);
    const serial = ++this.#serial;
    const id = serial.toString(16).padStart(64, 'a');
    this.#sandboxes.set(id, {
      id,
      metadata: config.metadata,
      state: 'ready',
      createdAt: this.#clock.now(),
      labels: config.labels,
      annotations: config.annotations,
      ips: config.hostNetwork ? [] : [`10.42.0.${1 + (serial % 250)}`],
    });
    this.#tell(id);
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    await this.#call('stopSandbox', id);
    this.loseSandbox(id);
  }

  async removeSandbox(id: string): Promise<void> {
    await this.#call('removeSandbox', id);
    this.loseSandbox(id);
    for (const container of this.#containers.values())
      if (container.sandboxId === id) this.#containers.delete(container.id);
    if (this.#sandboxes.delete(id)) this.#tell(id);
  }

  async listSandboxes(): Promise<RuntimeSandbox[]> {
    await this.#call('listSandboxes');
    return [...this.#sandboxes.values()].map((sandbox) => ({ ...sandbox }));
  }

  async sandboxIPs(id: string): Promise<string[]> {
    await this.#call('sandboxIPs', id);
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) throw missing('sandboxIPs', 'sandbox', id);
    return [...sandbox.ips];
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    await this.#call('createContainer', config.name);
    if (this.#sandboxes.get(sandboxId)?.state !== 'ready') throw missing('createContainer', 'sandbox', sandboxId);
    const image = await this.imageStatus(config.image);
    if (image === undefined) throw missing('createContainer', 'image', config.image);
    const behaviour = this.#behaviourOf(image);
    if (behaviour.createFailure !== undefined)
      throw new RuntimeFailure('createContainer', 'Unknown', behaviour.createFailure);
    const { targetContainerId: target } = config;
    if (target !== undefined && this.#containers.get(target)?.state !== 'running')
      throw new RuntimeFailure(
        'createContainer',
        'Unknown',
        `invalid target container: container "${target}" is not running`,
      );
    const id = (++this.#serial).toString(16).padStart(64, 'c');
    this.#containers.set(id, {
      id,
      sandboxId,
      name: config.name,
      attempt: config.attempt,
      state: 'created',
      createdAt: this.#clock.now(),
      labels: config.labels,
      annotations: config.annotations,
      image: config.image,
      imageRef: image.id,
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: '',
      message: '',
      logPath: `${sandbox.logDirectory}/${config.logPath}`,
      pid: 0,
      config,
      ended: [],
    });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    await this.#call('startContainer', id);
    const container = this.#container('startContainer', id);
    if (container.state !== 'created')
      throw new RuntimeFailure('startContainer', 'Unknown', `container ${id} is in ${container.state} state`);
    const behaviour = this.#behaviourOf(await this.imageStatus(container.imageRef));
    await this.#delay(behaviour.startDelayMs);
    const now = this.#clock.now();
    if (behaviour.startFailure !== undefined) {
      Object.assign(container, {
        state: 'exited',
        exitCode: 128,
        reason: 'StartError',
        message: behaviour.startFailure,
        finishedAt: now,
      });
      this.#tell(container.sandboxId, id);
      throw new RuntimeFailure('startContainer', 'Unknown', behaviour.startFailure);
    }
    Object.assign(container, { state: 'running', startedAt: now, pid: 100_000 + ++this.#serial });
    this.#tell(container.sandboxId, id);
    const { exitAfterMs } = behaviour;
    if (exitAfterMs !== undefined) void this.#later(exitAfterMs, () => this.exit(id, behaviour.exitCode ?? 0));
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await this.#call('stopContainer', `${id} ${graceSeconds}`);
    const container = this.#containers.get(id);
    if (container?.state !== 'running') return;
    const behaviour = this.#behaviourOf(await this.imageStatus(container.imageRef));
    const stopDelayMs = behaviour.stopDelayMs ?? 0;
    const killed = stopDelayMs > graceSeconds * 1000 || graceSeconds === 0;
    const ended = new Promise<void>((resolve) => container.ended.push(resolve));
    const end = () => this.exit(id, killed ? 137 : (behaviour.stopExitCode ?? 143));
    void this.#later(killed ? graceSeconds * 1000 : stopDelayMs, end);
    await ended;
  }

  async removeContainer(id: string): Promise<void> {
    await this.#call('removeContainer', id);
    this.exit(id, 137);
    this.#containers.delete(id);
  }

  async listContainers(): Promise<RuntimeContainer[]> {
    await this.#call('listContainers');
    return [...this.#containers.values()].map(statusOf);
  }

  async containerStatus(id: string): Promise<RuntimeContainerStatus> {
    await this.#call('containerStatus', id);
    return statusOf(this.#container('containerStatus', id));
  }

  async containerStats(): Promise<RuntimeContainerStats[]> {
    await this.#call('containerStats');
    const now = this.#clock.now();
    const running = [...this.#containers.values()].filter(({ state }) => state === 'running');
    return running.map(({ id, labels, image, startedAt }) => {
      const { cpuNanoCores = 0, memoryBytes = 0 } = this.#behaviours.get(image) ?? {};
      const cpuCoreNanoSeconds = (cpuNanoCores * (now - startedAt)) / 1000;
      return { id, labels, cpuCoreNanoSeconds, timestampNanos: now * 1e6, memoryWorkingSetBytes: memoryBytes };
    });
  }

  async reopenLog(id: string): Promise<void> {
    await this.#call('reopenLog', id);
    const { logPath } = this.#running('reopenLog', id);
    await mkdir(dirname(logPath), { recursive: true });
    await writeFile(logPath, '', { flag: 'a' });
  }

  async execSync(id: string, command: readonly string[]): Promise<{ exitCode: number; output: string }> {
    await this.#call('execSync', `${id} ${command.join(' ')}`);
    const container = this.#running('execSync', id);
    const behaviour = this.#behaviourOf(await this.imageStatus(container.imageRef));
    return behaviour.exec?.(command) ?? runFakeCommand(command);
  }

  async exec(
    id: string,
    command: readonly string[],
    options: { stdin: boolean; tty: boolean },
  ): Promise<RuntimeProcess> {
    await this.#call('exec', `${id} ${command.join(' ')}`);
    const container = this.#running('exec', id);
    const behaviour = this.#behaviourOf(await this.imageStatus(container.imageRef));
    return fakeProcess(command, options, behaviour.exec);
  }

  async attach(id: string, options: { stdin: boolean; tty: boolean }): Promise<RuntimeProcess> {
    await this.#call('attach', id);
    const container = this.#running('attach', id);
    const command = [...container.config.command, ...container.config.args];
    return fakeProcess(command.length === 0 ? ['cat'] : command, options, undefined);
  }

  onChange(listener: (change: { readonly sandboxId: string; readonly containerId?: string }) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #store(reference: string): RuntimeImage {
    const behaviour = this.#behaviours.get(reference) ?? {};
    const image: RuntimeImage = {
      id: `sha256:${new Bun.CryptoHasher('sha256').update(reference).digest('hex')}`,
      tags: [reference],
      digests: [],
      sizeBytes: 1_000_000,
      ...(behaviour.uid === undefined ? {} : { uid: behaviour.uid }),
      ...(behaviour.username === undefined ? {} : { username: behaviour.username }),
    };
    this.#images.set(reference, image);
    return image;
  }

  #behaviourOf(image: RuntimeImage | undefined): FakeImage {
    return this.#behaviours.get(image?.tags[0] ?? '') ?? {};
  }

  #container(verb: string, id: string): FakeContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw missing(verb, 'container', id);
    return container;
  }

  #running(verb: string, id: string): FakeContainer {
    const container = this.#container(verb, id);
    if (container.state !== 'running')
      throw new RuntimeFailure(verb, 'Unknown', `container is in CONTAINER_${container.state.toUpperCase()} state`);
    return container;
  }

  #tell(sandboxId: string, containerId?: string): void {
    const change = containerId === undefined ? { sandboxId } : { sandboxId, containerId };
    for (const listener of this.#listeners) queueMicrotask(() => listener(change));
  }

  async #call(verb: string, subject = ''): Promise<void> {
    this.calls.push(subject === '' ? verb : `${verb} ${subject}`);
    const failure = this.#failures.get(verb);
    await Promise.resolve();
    if (failure !== undefined) throw failure;
  }

  async #delay(ms: number | undefined): Promise<void> {
    if (ms !== undefined && ms > 0) await this.#clock.sleep(ms, this.#closed.signal);
  }

  async #later(ms: number, act: () => void): Promise<void> {
    await this.#delay(ms);
    if (!this.#closed.signal.aborted) act();
  }
}

const missing = (verb: string, what: string, id: string): RuntimeFailure =>
  new RuntimeFailure(verb, 'NotFound', `an error occurred when try to find ${what} "${id}": not found`);

function statusOf(container: FakeContainer): RuntimeContainerStatus {
  const { config: _config, ended: _ended, ...status } = container;
  return status;
}
