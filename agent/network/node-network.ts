import { join } from 'node:path';
import type { Node } from '#api/kinds/core/node.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { cniConfiguration, releaseAddresses, removeCni, writeCniConfiguration } from './cni.ts';
import { mustRun, type RunCommand, runCommand } from './command.ts';
import { readKernel } from './kernel.ts';
import { BRIDGE, ROUTE_PROTOCOL, TABLE, VXLAN } from './names.ts';
import { type NetworkPlace, planNetwork, podMtu } from './plan.ts';

/** What a NodeNetwork needs. */
export interface NodeNetworkOptions extends NetworkPlace {
  /** The agent's data directory; reservations of addresses live below it. */
  readonly dataDir: string;
  /** The directory from which the agent's containerd reads its CNI configuration. */
  readonly cniConfigDirectory: string;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly run?: RunCommand;
}

/** A link that went down and came up again has lost its routes; nobody tells, so they are looked for. */
const CHECK_MS = 30_000;
const RETRY_MS = 2000;
const BRIDGE_NETFILTER = '/proc/sys/net/bridge/bridge-nf-call-iptables';

/**
 * This node's part of the pod network: the bridge, the CNI configuration, and a route to every other node's pods. Level-triggered: each pass
 * reads what the kernel has and changes only what differs. `stop` leaves everything standing, for the pods that go on running.
 *
 * Sysctls: net.ipv4.ip_forward and bridge-nf-call-iptables are switched on when they are off, and not switched off again by a reset: by then
 * something else on the host may count on them. Reverse path filtering is loosened on Skep's own devices only.
 */
export class NodeNetwork implements Service {
  readonly name = 'node-network';
  readonly #options: NodeNetworkOptions;
  readonly #clock: Clock;
  readonly #run: RunCommand;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #nodes: readonly Node[] | undefined;
  #dirty = false;
  #loop: Promise<void> | undefined;
  #idle: (() => void)[] = [];
  #bridgeNetfilter = false;
  #problems = '';

  constructor(options: NodeNetworkOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#run = options.run ?? runCommand;
  }

  /** Do packets between ports of the bridge pass nftables; known after `start`. The service proxy has to know it. */
  get bridgeNetfilter(): boolean {
    return this.#bridgeNetfilter;
  }

  /** Makes the bridge and the CNI configuration: after it pods can start and the DNS address can be bound. Rejects when that cannot be. */
  async start(): Promise<void> {
    await this.#sysctl('/proc/sys/net/ipv4/ip_forward', '1');
    await this.#run(['modprobe', '-q', 'br_netfilter']);
    this.#bridgeNetfilter = await this.#sysctl(BRIDGE_NETFILTER, '1').then(
      () => true,
      () => false,
    );
    await this.#reconcile();
    // Loose: a packet may come by another way than the one back to its source takes.
    await this.#sysctl(`/proc/sys/net/ipv4/conf/${BRIDGE}/rp_filter`, '2');
    const mtu = podMtu(this.#options.nodeIP, await readKernel(this.#run));
    const configuration = cniConfiguration({ ...this.#options, mtu, stateDirectory: this.#stateDirectory });
    if (await writeCniConfiguration(this.#options.cniConfigDirectory, configuration)) {
      this.#options.log.info({ podCIDR: this.#options.podCIDR, mtu }, 'pod network configured');
    }
  }

  /** All nodes of the cluster, as they are now. Returns at once. */
  update(nodes: readonly Node[]): void {
    this.#nodes = nodes;
    this.#dirty = true;
    this.#wake.abort();
  }

  /** Resolves when everything updated so far is in the kernel. */
  settled(): Promise<void> {
    return this.#dirty ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** Frees the addresses of sandboxes that are no more; `live` are the ids of all there are. Only while no pod is being started. */
  async releaseAddresses(live: ReadonlySet<string>): Promise<void> {
    const freed = await releaseAddresses(this.#stateDirectory, live);
    if (freed > 0) this.#options.log.info({ freed }, 'addresses of lost pods freed');
  }

  run(): Promise<void> {
    this.#loop ??= this.#work();
    return this.#loop;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
  }

  /** Stops, and takes away everything that was made. */
  async reset(): Promise<void> {
    await this.stop();
    await resetNetwork({ ...this.#options, run: this.#run });
  }

  get #stateDirectory(): string {
    return stateDirectory(this.#options.dataDir);
  }

  async #work(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (!this.#dirty) await this.#clock.sleep(CHECK_MS, this.#wake.signal);
      if (this.#stop.signal.aborted) return;
      this.#dirty = false;
      this.#wake = new AbortController();
      try {
        await this.#reconcile();
        if (!this.#dirty) this.#idle.splice(0).forEach((resolve) => resolve());
      } catch (error) {
        this.#dirty = true;
        this.#options.log.warn({ err: error }, 'pod network not as it should be');
        await this.#clock.sleep(RETRY_MS, this.#stop.signal);
      }
    }
  }

  async #reconcile(): Promise<void> {
    const { ip, bridge, problems } = planNetwork(this.#options, this.#nodes, await readKernel(this.#run));
    await this.#batch('ip', ip);
    await this.#batch('bridge', bridge);
    if (ip.length + bridge.length > 0)
      this.#options.log.info({ changes: ip.length + bridge.length }, 'pod network changed');
    if (ip.some((words) => words[1] === 'add' && words[2] === VXLAN)) {
      await this.#sysctl(`/proc/sys/net/ipv4/conf/${VXLAN}/rp_filter`, '2');
    }
    const text = problems.join('; ');
    if (text !== '' && text !== this.#problems) this.#options.log.warn({ problems }, 'nodes without a route');
    this.#problems = text;
  }

  async #batch(program: 'ip' | 'bridge', commands: readonly (readonly string[])[]): Promise<void> {
    if (commands.length === 0) return;
    const stdin = commands.map((words) => `${words.join(' ')}\n`).join('');
    await mustRun(this.#run, [program, '-batch', '-'], { stdin });
  }

  async #sysctl(path: string, value: string): Promise<void> {
    if ((await mustRun(this.#run, ['cat', path])).trim() === value) return;
    await mustRun(this.#run, ['tee', path], { stdin: value });
  }
}

/** What a reset needs; all of it can be known without a running agent. */
export interface ResetOptions {
  readonly dataDir: string;
  readonly cniConfigDirectory: string;
  readonly run?: RunCommand;
}

/**
 * Takes away what Skep made in this network namespace and nothing else: devices, routes, nftables table, CNI configuration and reservations.
 * Fine when there is nothing. Sandboxes must be gone before: their ends of the cables are the runtime's.
 */
export async function resetNetwork({ dataDir, cniConfigDirectory, run = runCommand }: ResetOptions): Promise<void> {
  const { links, routes } = await readKernel(run);
  for (const { destination, device } of routes) {
    await run(['ip', 'route', 'delete', destination, 'dev', device, 'proto', String(ROUTE_PROTOCOL)]);
  }
  for (const { name } of links.filter((link) => link.name === BRIDGE || link.name === VXLAN)) {
    await mustRun(run, ['ip', 'link', 'delete', name]);
  }
  await mustRun(run, ['nft', '-f', '-'], { stdin: `add table ip ${TABLE}\ndelete table ip ${TABLE}\n` });
  await removeCni(cniConfigDirectory, stateDirectory(dataDir));
}

const stateDirectory = (dataDir: string): string => join(dataDir, 'cni', 'networks');
