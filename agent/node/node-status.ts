import type {
  ContainerImage,
  Node,
  NodeCondition,
  NodeStatus as Status,
  NodeSystemInfo,
} from '#api/kinds/core/node.ts';
import type { EventFrame, NodeStatusFrame } from '#api/wire/frames.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { type NodeUsage, nodeUsage } from '../stats/node-usage.ts';
import { pressureOf } from '../stats/pressure.ts';
import { architecture, resources, systemInfo } from './machine.ts';
import { conditionEvent, nodeConditions, type RuntimeHealth } from './node-conditions.ts';
import { nodeImages } from './node-images.ts';

/** What NodeStatus needs. */
export interface NodeStatusOptions {
  readonly runtime: Pick<ContainerRuntime, 'version' | 'status' | 'listImages'>;
  readonly nodeName: string;
  /** The node's addresses, IPv4 first. */
  readonly nodeIPs: () => readonly string[];
  readonly dataDir: string;
  /** Labels beyond the well-known ones. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly sendStatus: (frame: NodeStatusFrame) => void;
  readonly sendEvent: (frame: EventFrame) => void;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Default: of this machine. */
  readonly usage?: () => Promise<NodeUsage>;
}

/** How often memory, disk and processes are looked at: files only, under a millisecond. */
const USAGE_MS = 10_000;
/** How often the runtime is asked when all is well: a process each time. */
const RUNTIME_MS = 60_000;
/** … and when it is not ready, so that a node begins to work at once. */
const UNREADY_MS = 1000;
/** How often the images are listed when nobody says that they have changed. */
const IMAGES_MS = 600_000;

/**
 * This node as the hub sees it: the object to register, and its status, sent only when it differs. That the node lives is shown by the link, so
 * an idle node sends nothing.
 */
export class NodeStatus implements Service {
  readonly name = 'node-status';
  readonly #options: NodeStatusOptions;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #pause = new AbortController();
  #conditions: NodeCondition[] | undefined;
  #health: RuntimeHealth = { runtimeReady: false, networkReady: false, message: '' };
  #images: ContainerImage[] = [];
  #info: NodeSystemInfo | undefined;
  #amounts: Awaited<ReturnType<typeof resources>> | undefined;
  #runtimeAt = 0;
  #imagesAt = 0;
  #sent = '';
  #looking: Promise<Status> | undefined;

  constructor(options: NodeStatusOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The Node object for hello, looked at freshly. What it says counts as sent. */
  async node(): Promise<Node> {
    this.#runtimeAt = 0;
    const status = await this.#look();
    this.#sent = comparable(status);
    const arch = architecture();
    const { nodeName, labels = {} } = this.#options;
    return {
      kind: 'Node',
      apiVersion: 'v1',
      metadata: {
        name: nodeName,
        labels: {
          ...labels,
          'beta.kubernetes.io/arch': arch,
          'beta.kubernetes.io/os': 'linux',
          'kubernetes.io/arch': arch,
          'kubernetes.io/hostname': nodeName,
          'kubernetes.io/os': 'linux',
        },
        annotations: {
          'node.alpha.kubernetes.io/ttl': '0',
          'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
        },
      },
      spec: {},
      status,
    };
  }

  /** What pods may use, as quantities; empty before the first look. */
  allocatable(): Readonly<Record<string, string>> {
    return this.#amounts?.allocatable ?? {};
  }

  /** Runtime, network or images have changed: look at them now. */
  refresh(): void {
    this.#runtimeAt = 0;
    this.#imagesAt = 0;
    this.#pause.abort();
  }

  /** Looks from time to time and sends what has changed, until `stop`. */
  async run(): Promise<void> {
    this.#tell('Starting', 'Starting kubelet.');
    let enforced = false;
    while (!this.#stop.signal.aborted) {
      try {
        const before = this.#conditions;
        const status = await this.#look();
        this.#announce(before, status.conditions ?? [], enforced);
        enforced = true;
        if (comparable(status) !== this.#sent) {
          this.#sent = comparable(status);
          this.#options.sendStatus({ type: 'nodeStatus', status });
        }
      } catch (error) {
        this.#options.log.warn({ err: error }, 'cannot tell how this node is, trying again');
      }
      this.#pause = new AbortController();
      const ready = this.#health.runtimeReady && this.#health.networkReady;
      if (!this.#stop.signal.aborted) await this.#clock.sleep(ready ? USAGE_MS : UNREADY_MS, this.#pause.signal);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#pause.abort();
    await this.#looking?.catch(() => undefined);
  }

  /** One look at a time: those who come meanwhile share it. */
  #look(): Promise<Status> {
    this.#looking ??= this.#makeStatus().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #makeStatus(): Promise<Status> {
    const { dataDir, nodeIPs, usage = () => nodeUsage(dataDir) } = this.#options;
    const [used] = await Promise.all([usage(), this.#askRuntime()]);
    this.#amounts ??= await resources(used.diskTotalBytes);
    const now = new Date(this.#clock.now());
    const conditions = nodeConditions(pressureOf(used), this.#health, this.#conditions, now);
    this.#conditions = conditions;
    const info = this.#info ?? (await systemInfo(''));
    return {
      addresses: [
        ...nodeIPs().map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: this.#options.nodeName },
      ],
      allocatable: this.#amounts.allocatable,
      capacity: this.#amounts.capacity,
      conditions,
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      images: this.#images,
      nodeInfo: info,
    };
  }

  async #askRuntime(): Promise<void> {
    const { runtime } = this.#options;
    const now = this.#clock.now();
    const ready = this.#health.runtimeReady && this.#health.networkReady;
    if (ready && now - this.#runtimeAt < RUNTIME_MS) return;
    try {
      this.#health = await runtime.status();
      this.#runtimeAt = now;
      if (!this.#health.runtimeReady) return;
      if (this.#info === undefined) {
        const { name, version } = await runtime.version();
        this.#info = await systemInfo(`${name}://${version.replace(/^v/, '').replace(/[~+].*$/, '')}`);
      }
      if (this.#imagesAt !== 0 && now - this.#imagesAt < IMAGES_MS) return;
      this.#images = nodeImages(await runtime.listImages());
      this.#imagesAt = now;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#health = { runtimeReady: false, networkReady: false, message };
    }
  }

  #announce(
    before: readonly NodeCondition[] | undefined,
    conditions: readonly NodeCondition[],
    enforced: boolean,
  ): void {
    for (const condition of conditions) {
      const old = enforced ? before?.find(({ type }) => type === condition.type) : undefined;
      if (condition.type === 'Ready' && !enforced)
        this.#tell('NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods');
      if (
        old?.status === condition.status ||
        (old === undefined && condition.type === 'Ready' && condition.status !== 'True')
      )
        continue;
      const reason = conditionEvent(condition);
      this.#tell(reason, `Node ${this.#options.nodeName} status is now: ${reason}`);
    }
  }

  #tell(reason: string, message: string): void {
    const { nodeName, sendEvent } = this.#options;
    // kubelet gives the node's name for its uid.
    const regarding = { kind: 'Node', namespace: '', name: nodeName, uid: nodeName, apiVersion: 'v1' };
    sendEvent({ type: 'event', regarding, eventType: 'Normal', reason, message, component: 'kubelet' });
  }
}

/** A status without what changes at every look. */
const comparable = (status: Status): string =>
  JSON.stringify({
    ...status,
    conditions: (status.conditions ?? []).map(({ lastHeartbeatTime: _heartbeat, ...condition }) => condition),
  });
