import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { detectCgroups } from './cgroup.ts';
import {
  type ContainerdPaths,
  containerdConfig,
  containerdPaths,
  parseContainerdVersion,
  snapshotterFor,
} from './containerd-config.ts';
import { answers, isContainerd, lastLogLines, runningContainerd, startContainerd } from './containerd-process.ts';
import { CrictlCommand, runToEnd } from './crictl-command.ts';

/** What a ContainerdSupervisor needs to know. */
export interface ContainerdSupervisorOptions {
  /** The agent's data directory. */
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** Default `containerd` on PATH. */
  readonly containerd?: string;
  /** Default `crictl` on PATH. */
  readonly crictl?: string;
  /** Where the agent writes the pod network's configuration. */
  readonly cniConfigDirectory: string;
  /** Default: /opt/cni/bin, /usr/lib/cni, then /usr/libexec/cni (Fedora's). */
  readonly cniPluginDirectories?: readonly string[];
  /** containerd's `certs.d`. Default /etc/skep/registries. */
  readonly registryDirectory?: string;
}

/** How long containerd may take to serve CRI. A first start on an SD card takes some seconds. */
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;
const LIFE_CHECK_MS = 2_000;

/**
 * The agent's own containerd. It is nobody's child: it runs in its own session and goes on when the agent stops or is killed, because it reads
 * what containers print; the next agent adopts it. States: absent → starting → serving → (it died) absent, with back-off.
 * `ready()` resolves when it first serves.
 */
export class ContainerdSupervisor implements Service {
  readonly name = 'containerd';
  readonly paths: ContainerdPaths;
  readonly #options: ContainerdSupervisorOptions;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;

  constructor(options: ContainerdSupervisorOptions) {
    this.#options = options;
    this.#log = options.logger;
    this.paths = containerdPaths(options.dataDirectory);
    this.#ready.promise.catch(() => undefined);
  }

  /** Resolves when containerd serves CRI; rejects when it cannot be started at all. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Keeps containerd alive until `stop`. Rejects when the first start fails. */
  run(): Promise<void> {
    this.#running ??= this.#supervise();
    return this.#running;
  }

  /** Ends the supervision. containerd and containers go on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ready.reject(new Error('Cannot wait for containerd: the agent is stopping'));
    await this.#running?.catch(() => undefined);
  }

  async #supervise(): Promise<void> {
    let pid: number;
    try {
      pid = await this.#ensure();
      this.#ready.resolve();
    } catch (error) {
      this.#ready.reject(error);
      throw error;
    }
    let backoffMs = 200;
    while (!this.#stopping.signal.aborted) {
      await systemClock.sleep(LIFE_CHECK_MS, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      if (isContainerd(pid, this.paths)) {
        backoffMs = 200;
        continue;
      }
      this.#log.warn({ pid, lastWords: lastLogLines(this.paths) }, 'containerd ended, starting it again');
      try {
        pid = await this.#ensure();
      } catch (error) {
        this.#log.error({ error }, 'cannot start containerd');
        await systemClock.sleep(backoffMs, this.#stopping.signal);
        backoffMs = Math.min(backoffMs * 2, 10_000);
      }
    }
  }

  /** Adopts a containerd that serves with this very configuration, else starts one. Returns its pid. */
  async #ensure(): Promise<number> {
    const changed = await this.#writeConfig();
    const pid = runningContainerd(this.paths);
    if (pid !== undefined) {
      if (!changed && (await this.#serves(pid, 5_000))) {
        this.#log.info({ pid }, 'adopted the running containerd');
        return pid;
      }
      this.#log.info({ pid, changed }, 'restarting containerd');
      await endProcess(pid, () => isContainerd(pid, this.paths));
    }
    const started = startContainerd(this.#options.containerd ?? 'containerd', this.paths);
    if (!(await this.#serves(started, START_DEADLINE_MS)))
      throw new Error(`Cannot start containerd: it does not serve CRI. It wrote: ${lastLogLines(this.paths)}`);
    this.#log.info({ pid: started }, 'started containerd');
    return started;
  }

  /** Writes config.toml; true when it differs from the one there was. */
  async #writeConfig(): Promise<boolean> {
    const { containerd = 'containerd', cniConfigDirectory, registryDirectory = '/etc/skep/registries' } = this.#options;
    const { config, root, runDirectory, state } = this.paths;
    mkdirSync(root, { recursive: true, mode: 0o711 });
    mkdirSync(dirname(config), { recursive: true });
    mkdirSync(runDirectory, { recursive: true, mode: 0o711 });
    mkdirSync(state, { recursive: true, mode: 0o711 });
    const version = parseContainerdVersion(await runToEnd('version', [containerd, '--version'], 10_000));
    const text = containerdConfig({
      paths: this.paths,
      version,
      cniConfigDirectory,
      cniPluginDirectories: this.#options.cniPluginDirectories ?? ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'],
      cgroupDriver: detectCgroups().driver,
      snapshotter: snapshotterFor(root),
      registryDirectory,
    });
    if (existsSync(config) && readFileSync(config, 'utf8') === text) return false;
    writeFileSync(config, text, { mode: 0o600 });
    return true;
  }

  async #serves(pid: number, deadlineMs: number): Promise<boolean> {
    const command = new CrictlCommand({ crictl: this.#options.crictl ?? 'crictl', socket: this.paths.socket });
    const deadline = Date.now() + deadlineMs;
    while (Date.now() < deadline && !this.#stopping.signal.aborted) {
      if (await answers(this.paths.socket)) {
        const served = await command.run('version', ['version'], { timeoutMs: 5_000 }).then(
          () => true,
          () => false,
        );
        if (served) return true;
      }
      if (!isContainerd(pid, this.paths) && !existsSync(`/proc/${pid}`)) return false;
      await systemClock.sleep(50, this.#stopping.signal);
    }
    return false;
  }
}

/** TERM, and KILL when it still `lives` after ten seconds. */
export async function endProcess(pid: number, lives: () => boolean): Promise<void> {
  signalProcess(pid, 'SIGTERM');
  const deadline = Date.now() + STOP_DEADLINE_MS;
  while (lives() && Date.now() < deadline) await Bun.sleep(20);
  if (lives()) signalProcess(pid, 'SIGKILL');
  while (lives() && Date.now() < deadline + STOP_DEADLINE_MS) await Bun.sleep(20);
}

function signalProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
