import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { EventFrame, WelcomeFrame } from '#api/wire/frames.ts';
import { systemClock } from '#base/clock.ts';
import { hostAddress } from '#base/host-address.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { GIT_VERSION } from '#base/version.ts';
import { type ClusterPlace, readClusterPlace, samePlace, writeClusterPlace } from './cluster-place.ts';
import type { AgentConfig } from './config.ts';
import { importArchives } from './images/archives.ts';
import { PAUSE_REFERENCE, pauseImageArchive } from './images/pause-image.ts';
import { keepCredentials } from './link/credentials.ts';
import { Link } from './link/link.ts';
import { resetNetwork } from './network/node-network.ts';
import { NodeStatus } from './node/node-status.ts';
import { NodeServices } from './node-services.ts';
import { PodManager } from './pods/pod-manager.ts';
import { ownerOf } from './pods/sandbox/sandbox-config.ts';
import { publishedServers } from './published-servers.ts';
import { containerdPaths } from './runtime/containerd-config.ts';
import { resetContainerd } from './runtime/containerd-reset.ts';
import { ContainerdSupervisor } from './runtime/containerd-supervisor.ts';
import { CrictlCommand } from './runtime/crictl-command.ts';
import { forwardToPod } from './runtime/crictl-port-forward.ts';
import { CrictlRuntime } from './runtime/crictl.ts';
import { ensureImage } from './runtime/images.ts';
import { DesiredState } from './state/desired-state.ts';
import { UsageSampler } from './stats/usage-sampler.ts';
import { NodeStreams } from './streams/streams.ts';
import { unmountBelow } from './volumes/mounts.ts';
import type { TokenAnswer } from './volumes/service-account-tokens.ts';
import { Volumes } from './volumes/volumes.ts';

/** What an agent is started with. `say` gets one line for each long step. */
export interface AgentOptions {
  readonly config: AgentConfig;
  readonly log: Logger;
  readonly say: (line: string) => void;
  /** Credentials that are known already, so that no join token is needed: the cluster's CA (PEM) and this node's token. */
  readonly credentials?: { readonly caCertificate: string; readonly nodeToken: string };
}

/** The name under which a host joins when none is given. */
export const defaultNodeName = (): string => hostname().toLowerCase();

const cniDirectory = (dataDir: string): string => join(dataDir, 'cni', 'net.d');

/**
 * Starts the agent: its containerd, the images on disk, pods as desired before, the link. Resolves when it is running, whether or not a hub is
 * in reach: what the node was told before goes on running.
 *
 * @throws when containerd cannot be started, with what to do.
 */
export async function startAgent(options: AgentOptions): Promise<Service> {
  const agent = new Agent(options);
  try {
    await agent.start();
  } catch (error) {
    await agent.stop();
    throw error;
  }
  return agent;
}

class Agent implements Service {
  readonly name = 'agent';
  readonly #options: AgentOptions;
  readonly #nodeName: string;
  readonly #nodeIP: string;
  readonly #failed = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #services: Service[] = [];
  #state: DesiredState | undefined;
  #runtime: CrictlRuntime | undefined;
  #status: NodeStatus | undefined;
  #place: ClusterPlace | undefined;
  #network: NodeServices | undefined;
  #placing: Promise<void> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#nodeName = options.config.nodeName ?? defaultNodeName();
    this.#nodeIP = options.config.nodeIP ?? hostAddress();
  }

  async start(): Promise<void> {
    const { config, log, say, credentials } = this.#options;
    const { dataDir } = config;
    await mkdir(dataDir, { recursive: true, mode: 0o755 });
    if (credentials !== undefined) {
      keepCredentials(dataDir, { ca: credentials.caCertificate, token: credentials.nodeToken });
    }
    const state = new DesiredState({ dataDir, log: log.child({ part: 'state' }) });
    this.#state = state;
    await state.load();

    const runtime = await this.#startRuntime();
    this.#runtime = runtime;
    const crictl = new CrictlCommand({ crictl: 'crictl', socket: containerdPaths(dataDir).socket });
    const sampler = new UsageSampler({ runtime, owner: ownerOf });
    const streams = new NodeStreams({
      runtime,
      lookup: (namespace, pod, container) => pods.lookup(namespace, pod, container),
      forwardToPod: (sandboxId, port) => forwardToPod(crictl, sandboxId, port),
      usage: () => sampler.report(),
      log: log.child({ part: 'streams' }),
    });
    const link = new Link({
      server: config.server,
      publishedServers: () => publishedServers(state),
      nodeName: this.#nodeName,
      agentVersion: GIT_VERSION,
      joinToken: config.token,
      dataDirectory: dataDir,
      log: log.child({ part: 'link' }),
      state,
      node: () => status.node(),
      welcomed: (welcome) => this.#welcomed(welcome),
      openStream: streams.open,
    });
    const sendEvent = (frame: EventFrame): void => link.event(frame);
    const nodeIPs = (): readonly string[] => [this.#nodeIP];
    const status = new NodeStatus({
      runtime,
      nodeName: this.#nodeName,
      nodeIPs,
      dataDir,
      sendStatus: (frame) => link.nodeStatus(frame.status),
      sendEvent,
      log: log.child({ part: 'node' }),
    });
    this.#status = status;
    const volumes = new Volumes({
      dataDir,
      state,
      requestToken: async (params) => (await link.request('serviceAccountToken', params)) as TokenAnswer,
      clock: systemClock,
      log: log.child({ part: 'volumes' }),
    });
    const pods = new PodManager({
      runtime,
      state,
      volumes,
      dataDir,
      nodeName: this.#nodeName,
      nodeIPs,
      clusterDNS: () => (this.#place === undefined ? [] : [this.#place.clusterDNS]),
      clusterDomain: () => this.#place?.clusterDomain ?? 'cluster.local',
      allocatable: () => status.allocatable(),
      sendStatus: ({ namespace, name, uid, status: podStatus }) => link.podStatus({ namespace, name, uid }, podStatus),
      sendGone: ({ namespace, name, uid }) => link.podGone({ namespace, name, uid }),
      sendEvent,
      log: log.child({ part: 'pods' }),
    });
    state.onSynced(() => pods.resend());

    const known = await readClusterPlace(dataDir);
    if (known !== undefined) await this.#settle(known);
    for (const service of [status, pods, link]) this.#run(service);
    say(`agent: node ${this.#nodeName} at ${this.#nodeIP}, hub ${config.server}`);
  }

  run(): Promise<void> {
    return Promise.race([this.#stopped.promise, this.#failed.promise]);
  }

  /** Ends the agent. Containers, rules and routes stay as they are. */
  async stop(): Promise<void> {
    for (const service of this.#services.splice(0).toReversed()) await service.stop();
    await this.#placing;
    await this.#network?.stop();
    await this.#state?.flush();
    this.#stopped.resolve();
  }

  async #startRuntime(): Promise<CrictlRuntime> {
    const { config, log, say } = this.#options;
    const { dataDir } = config;
    const startedAt = performance.now();
    say('containerd: starting');
    const supervisor = new ContainerdSupervisor({
      dataDirectory: dataDir,
      cniConfigDirectory: cniDirectory(dataDir),
      logger: log.child({ part: 'containerd' }),
    });
    this.#run(supervisor);
    await supervisor.ready();
    say(`containerd: serves, after ${((performance.now() - startedAt) / 1000).toFixed(2)} s`);
    const runtime = new CrictlRuntime({
      crictl: 'crictl',
      ctr: 'ctr',
      socket: supervisor.paths.socket,
      taskDirectory: supervisor.paths.taskDirectory,
      logger: log.child({ part: 'crictl' }),
    });
    this.#services.push({ name: 'crictl', run: async () => {}, stop: async () => runtime.close() });
    await ensureImage(runtime, PAUSE_REFERENCE, () => pauseImageArchive(process.arch === 'arm64' ? 'arm64' : 'amd64'));
    await importArchives(
      runtime,
      { directory: join(dataDir, 'images'), noteFile: join(supervisor.paths.root, 'imported-archives.json') },
      say,
      (archive, error) => log.error({ archive, err: error }, 'cannot import an image archive'),
    );
    return runtime;
  }

  #run(service: Service): void {
    this.#services.push(service);
    service.run().catch((error: unknown) => this.#fail(service.name, error));
  }

  #fail(part: string, error: unknown): void {
    this.#failed.reject(new Error(`Cannot go on: ${part} ended`, { cause: error }));
  }

  #welcomed(welcome: WelcomeFrame): void {
    const { podCIDR, clusterCIDR, serviceCIDR, clusterDNS, clusterDomain } = welcome;
    const place = { podCIDR, clusterCIDR, serviceCIDR, clusterDNS, clusterDomain };
    this.#placing = this.#placing.then(async () => {
      if (this.#place !== undefined && samePlace(this.#place, place)) return;
      await writeClusterPlace(this.#options.config.dataDir, place);
      await this.#settle(place);
    });
    this.#placing.catch((error: unknown) => this.#fail('the network', error));
  }

  /** Sets the node's network up for a place, after taking down the parts for another one. */
  async #settle(place: ClusterPlace): Promise<void> {
    const { config, log } = this.#options;
    if (this.#state === undefined) return;
    await this.#network?.stop();
    this.#network = new NodeServices({
      place,
      state: this.#state,
      nodeName: this.#nodeName,
      nodeIP: this.#nodeIP,
      dataDir: config.dataDir,
      cniConfigDirectory: cniDirectory(config.dataDir),
      sandboxes: async () => new Set((await this.#runtime?.listSandboxes())?.map(({ id }) => id)),
      log: log.child({ part: 'network' }),
    });
    await this.#network.start((error) => this.#fail('the network', error));
    this.#place = place;
    this.#status?.refresh();
  }
}

/** Removes what an agent made on this host: containers, containerd, mounts, cgroups, bridge, routes, rules. The data directory is the caller's. */
export async function resetAgent(dataDir: string, log: Logger): Promise<void> {
  await resetContainerd({ dataDirectory: dataDir, logger: log, cgroupPaths: ['/kubepods'] });
  await unmountBelow(dataDir);
  await resetNetwork({ dataDir, cniConfigDirectory: cniDirectory(dataDir) });
}

/**
 * Loads an image archive into the containerd of an agent that runs with `dataDir`, and resolves with its references.
 *
 * @throws RuntimeFailure when containerd does not answer or refuses the archive.
 */
export async function importImage(dataDir: string, archive: string, log: Logger): Promise<string[]> {
  const { socket, taskDirectory } = containerdPaths(dataDir);
  const runtime = new CrictlRuntime({ crictl: 'crictl', ctr: 'ctr', socket, taskDirectory, logger: log });
  try {
    return await runtime.importImage(archive);
  } finally {
    runtime.close();
  }
}
