import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '#base/logger.ts';
import { type CgroupSystem, cgroupParent, detectCgroups, removeCgroup } from './cgroup.ts';
import { Batch, SharedCall } from './coalesce.ts';
import { CrictlCommand, runToEnd } from './crictl-command.ts';
import { execToEnd } from './crictl-exec.ts';
import { streamCrictl } from './crictl-process.ts';
import {
  type SandboxDetail,
  parseContainerStats,
  parseContainerStatuses,
  parseContainers,
  parseImageStatus,
  parseImages,
  parseRuntimeStatus,
  parseSandboxDetails,
  parseSandboxes,
  parseVersion,
} from './cri-answers.ts';
import { criContainer, criSandbox } from './cri-config.ts';
import { RuntimeChanges } from './runtime-changes.ts';
import {
  type ContainerConfig,
  type ContainerRuntime,
  type ImageAuth,
  RuntimeFailure,
  type RuntimeContainer,
  type RuntimeContainerStats,
  type RuntimeContainerStatus,
  type RuntimeImage,
  type RuntimeProcess,
  type RuntimeSandbox,
  type SandboxConfig,
} from './runtime.ts';

/** What a CrictlRuntime needs to know. */
export interface CrictlRuntimeOptions {
  /** crictl's path or name. */
  readonly crictl: string;
  /** containerd's own client, for the import of archives. */
  readonly ctr: string;
  /** containerd's socket, a path. */
  readonly socket: string;
  /** containerd's directory of running tasks (see ExitWatch). */
  readonly taskDirectory: string;
  readonly logger: Logger;
  /** Default: as found on this machine. */
  readonly cgroups?: CgroupSystem;
}

const SANDBOX_DEADLINE_MS = 240_000;
const CONTAINER_DEADLINE_MS = 120_000;
const QUERY_DEADLINE_MS = 30_000;
const PULL_DEADLINE_MS = 3_600_000;
/** How long an image once seen is taken to be there still. Pulls, imports and removals by us are known at once. */
const IMAGE_MEMORY_MS = 30_000;

/**
 * containerd through crictl. Each call is a process (about 15 ms of CPU), so calls that can be shared are: lists and inspects that wait go together,
 * images seen lately are remembered, and ends of containers come from inotify (runtime-changes.ts), never from asking again and again.
 */
export class CrictlRuntime implements ContainerRuntime {
  readonly #options: CrictlRuntimeOptions;
  readonly #command: CrictlCommand;
  readonly #cgroups: CgroupSystem;
  readonly #changes: RuntimeChanges;
  readonly #sandboxList: SharedCall<RuntimeSandbox[]>;
  readonly #containerList: SharedCall<RuntimeContainer[]>;
  readonly #inspect: Batch<RuntimeContainerStatus>;
  readonly #inspectSandbox: Batch<SandboxDetail>;
  readonly #images = new Map<string, { readonly image: RuntimeImage; readonly seenAt: number }>();
  readonly #cgroupOfSandbox = new Map<string, string>();

  constructor(options: CrictlRuntimeOptions) {
    this.#options = options;
    this.#cgroups = options.cgroups ?? detectCgroups();
    const command = new CrictlCommand(options);
    this.#command = command;
    const query = (verb: string, args: string[]) => command.run(verb, args, { timeoutMs: QUERY_DEADLINE_MS });
    this.#sandboxList = new SharedCall(async () =>
      parseSandboxes(await query('listSandboxes', ['pods', '-o', 'json'])),
    );
    this.#containerList = new SharedCall(async () =>
      parseContainers(await query('listContainers', ['ps', '-a', '-o', 'json'])),
    );
    this.#inspect = new Batch(
      async (ids) => parseContainerStatuses(await query('containerStatus', ['inspect', '-o', 'json', ...ids])),
      (id) => notFound('containerStatus', 'container', id),
    );
    this.#inspectSandbox = new Batch(
      async (ids) => parseSandboxDetails(await query('sandboxIPs', ['inspectp', '-o', 'json', ...ids])),
      (id) => notFound('sandboxIPs', 'sandbox', id),
    );
    this.#changes = new RuntimeChanges({
      taskDirectory: options.taskDirectory,
      logger: options.logger,
      inspect: (id) => this.#inspect.get(id),
      containers: () => this.listContainers(),
      sandboxes: () => this.listSandboxes(),
    });
  }

  /** Ends the watch for changes. Containers go on. */
  close(): void {
    this.#changes.close();
  }

  async version(): Promise<{ name: string; version: string }> {
    return parseVersion(await this.#command.run('version', ['version']));
  }

  async status(): Promise<{ runtimeReady: boolean; networkReady: boolean; message: string }> {
    return parseRuntimeStatus(await this.#command.run('status', ['info', '-o', 'json', '-q']));
  }

  async imageStatus(image: string): Promise<RuntimeImage | undefined> {
    const known = this.#images.get(image);
    if (known !== undefined && Date.now() - known.seenAt < IMAGE_MEMORY_MS) return known.image;
    try {
      const found = parseImageStatus(await this.#command.run('imageStatus', ['inspecti', '-q', '-o', 'json', image]));
      this.#images.set(image, { image: found, seenAt: Date.now() });
      return found;
    } catch (error) {
      this.#images.delete(image);
      if (error instanceof RuntimeFailure && /no such image|not found/.test(error.message)) return undefined;
      throw error;
    }
  }

  async listImages(): Promise<RuntimeImage[]> {
    return parseImages(await this.#command.run('listImages', ['images', '-o', 'json']));
  }

  async pullImage(image: string, auth?: ImageAuth): Promise<string> {
    // The secret goes by the environment: an argument could be read by anyone in /proc.
    const credentials = auth === undefined ? undefined : `${auth.username}:${auth.password}`;
    const argv = this.#command.argv(['pull', image], PULL_DEADLINE_MS);
    await runToEnd('pullImage', argv, PULL_DEADLINE_MS, credentials === undefined ? {} : { CRICTL_CREDS: credentials });
    this.#images.delete(image);
    const found = await this.imageStatus(image);
    if (found === undefined) throw notFound('pullImage', 'image', image);
    return found.id;
  }

  async removeImage(image: string): Promise<void> {
    this.#images.clear();
    try {
      await this.#command.run('removeImage', ['rmi', image], { timeoutMs: CONTAINER_DEADLINE_MS });
    } catch (error) {
      if (!(error instanceof RuntimeFailure && /no such image/.test(error.message))) throw error;
    }
  }

  async importImage(archivePath: string): Promise<string[]> {
    const { ctr, socket } = this.#options;
    const argv = [ctr, '-n', 'k8s.io', '-a', socket, 'images', 'import', archivePath];
    const output = await runToEnd('importImage', argv, CONTAINER_DEADLINE_MS);
    this.#images.clear();
    return [...output.matchAll(/^unpacking (\S+) \(/gm)].map((match) => match[1] ?? '');
  }

  async runSandbox(config: SandboxConfig): Promise<string> {
    const parent = cgroupParent(config.cgroupParent, this.#cgroups.driver);
    const output = await withFiles({ 'sandbox.json': criSandbox(config, parent) }, (path) =>
      this.#command.run('runSandbox', ['runp', path('sandbox.json')], { timeoutMs: SANDBOX_DEADLINE_MS }),
    );
    const id = output.trim();
    if (parent !== '') this.#cgroupOfSandbox.set(id, parent);
    this.#changes.sandboxStarted(id);
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    await ignoreNotFound(
      this.#command.run('stopSandbox', ['stopp', id], { timeoutMs: SANDBOX_DEADLINE_MS, slow: true }),
    );
  }

  async removeSandbox(id: string): Promise<void> {
    const parent = this.#cgroupOfSandbox.get(id) ?? (await this.#askCgroup(id));
    await ignoreNotFound(
      this.#command.run('removeSandbox', ['rmp', '-f', id], { timeoutMs: SANDBOX_DEADLINE_MS, slow: true }),
    );
    this.#cgroupOfSandbox.delete(id);
    this.#changes.sandboxRemoved(id);
    // runc removes the cgroups of containers; the pod's own stays behind.
    if (parent !== '') removeCgroup(parent, this.#cgroups);
  }

  async listSandboxes(): Promise<RuntimeSandbox[]> {
    const sandboxes = await this.#sandboxList.run();
    this.#changes.sawSandboxes(sandboxes);
    return sandboxes;
  }

  async sandboxIPs(id: string): Promise<string[]> {
    return [...(await this.#inspectSandbox.get(id)).ips];
  }

  async createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string> {
    const parent = cgroupParent(sandbox.cgroupParent, this.#cgroups.driver);
    const files = { 'container.json': criContainer(config, sandbox), 'sandbox.json': criSandbox(sandbox, parent) };
    try {
      const output = await withFiles(files, (path) =>
        this.#command.run('createContainer', ['create', sandboxId, path('container.json'), path('sandbox.json')], {
          timeoutMs: CONTAINER_DEADLINE_MS,
        }),
      );
      return output.trim();
    } catch (error) {
      this.#images.delete(config.image);
      throw error;
    }
  }

  async startContainer(id: string): Promise<void> {
    await this.#command.run('startContainer', ['start', id], { timeoutMs: CONTAINER_DEADLINE_MS });
    this.#changes.containerStarted(id);
  }

  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    const args = ['stop', '-t', `${Math.max(0, Math.ceil(graceSeconds))}`, id];
    const timeoutMs = graceSeconds * 1000 + CONTAINER_DEADLINE_MS;
    await ignoreNotFound(this.#command.run('stopContainer', args, { timeoutMs, slow: true }));
  }

  async removeContainer(id: string): Promise<void> {
    await ignoreNotFound(
      this.#command.run('removeContainer', ['rm', '-f', ...(await this.#keepLogs()), id], {
        timeoutMs: CONTAINER_DEADLINE_MS,
      }),
    );
    this.#changes.containerRemoved(id);
  }

  async reopenLog(id: string): Promise<void> {
    // crictl goes on to print the log, which is as good as empty then.
    await this.#command.run('reopenLog', ['logs', '--reopen', '--tail', '0', id], { timeoutMs: QUERY_DEADLINE_MS });
  }

  async listContainers(): Promise<RuntimeContainer[]> {
    const containers = await this.#containerList.run();
    this.#changes.sawContainers(containers);
    return containers;
  }

  async containerStatus(id: string): Promise<RuntimeContainerStatus> {
    // What has ended changes no more.
    const ended = this.#changes.endedStatus(id);
    if (ended !== undefined) return ended;
    const status = await this.#inspect.get(id);
    this.#changes.sawStatus(status);
    return status;
  }

  async containerStats(): Promise<RuntimeContainerStats[]> {
    return parseContainerStats(
      await this.#command.run('containerStats', ['stats', '-o', 'json'], { timeoutMs: QUERY_DEADLINE_MS }),
    );
  }

  async execSync(
    id: string,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<{ exitCode: number; output: string }> {
    const argv = this.#command.argv(['exec', id, ...command], timeoutMs);
    return execToEnd(argv, {
      containerId: id,
      command,
      timeoutMs,
      pid: async () => (await this.containerStatus(id)).pid,
    });
  }

  async exec(
    id: string,
    command: readonly string[],
    options: { stdin: boolean; tty: boolean },
  ): Promise<RuntimeProcess> {
    // crictl refuses -t without -i.
    const flags = [...(options.stdin || options.tty ? ['-i'] : []), ...(options.tty ? ['-t'] : [])];
    return streamCrictl('exec', this.#command.argv(['exec', ...flags, id, ...command]), options);
  }

  async attach(id: string, options: { stdin: boolean; tty: boolean }): Promise<RuntimeProcess> {
    const flags = [...(options.stdin || options.tty ? ['-i'] : []), ...(options.tty ? ['-t'] : [])];
    return streamCrictl('attach', this.#command.argv(['attach', ...flags, id]), options);
  }

  onChange(listener: (change: { readonly sandboxId: string; readonly containerId?: string }) => void): () => void {
    return this.#changes.onChange(listener);
  }

  async #askCgroup(id: string): Promise<string> {
    try {
      return (await this.#inspectSandbox.get(id)).cgroupParent;
    } catch {
      return '';
    }
  }

  #keepsLogs: Promise<string[]> | undefined;

  /** From 1.33 on `crictl rm` deletes the log unless told not to; older ones neither do nor know the flag. */
  #keepLogs(): Promise<string[]> {
    this.#keepsLogs ??= runToEnd('removeContainer', [this.#options.crictl, 'rm', '--help'], QUERY_DEADLINE_MS).then(
      (help) => (help.includes('--keep-logs') ? ['--keep-logs'] : []),
      () => [],
    );
    return this.#keepsLogs;
  }
}

const notFound = (verb: string, what: string, id: string): RuntimeFailure =>
  new RuntimeFailure(verb, 'NotFound', `an error occurred when try to find ${what} "${id}": not found`);

async function ignoreNotFound(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof RuntimeFailure && error.code === 'NotFound')) throw error;
  }
}

/** Writes each object as a JSON file, 0600 in a directory of its own (environments hold secrets), for as long as `use` runs. */
async function withFiles<T>(
  files: Readonly<Record<string, unknown>>,
  use: (path: (name: string) => string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'skep-cri-'));
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(directory, name), JSON.stringify(content), { mode: 0o600 });
    return await use((name) => join(directory, name));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
