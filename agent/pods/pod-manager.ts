import { availableParallelism, hostname, totalmem } from 'node:os';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { EventFrame, PodGoneFrame, PodStatusFrame } from '#api/wire/frames.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { ContainerRuntime, RuntimeContainerStatus } from '../runtime/runtime.ts';
import type { DesiredState } from '../state/desired-state.ts';
import type { Volumes } from '../volumes/volumes.ts';
import { see } from './containers/container-kill.ts';
import { type ContainerLookup, lookupContainer } from './container-lookup.ts';
import { Images } from './images/images.ts';
import { removeLeftover, removeLeftoverFiles } from './leftovers.ts';
import { LogRotation } from './logs/log-rotation.ts';
import type { PodContext } from './pod-context.ts';
import { PodEvents } from './pod-events.ts';
import { PodRecord } from './pod-record.ts';
import { PodWorker } from './worker/pod-worker.ts';
import { LABELS } from './sandbox/sandbox-config.ts';
import { StartSlots } from './start-slots.ts';

/** What a PodManager needs. What may become known only later (addresses, the cluster's resolver) is asked for when it is used. */
export interface PodManagerOptions {
  readonly runtime: ContainerRuntime;
  readonly state: DesiredState;
  readonly volumes: Volumes;
  readonly dataDir: string;
  readonly nodeName: string;
  /** The node's addresses, IPv4 first. */
  readonly nodeIPs: () => readonly string[];
  /** Addresses of the cluster's resolver; empty = pods get the node's own. */
  readonly clusterDNS: () => readonly string[];
  /** E.g. `cluster.local`. */
  readonly clusterDomain: () => string;
  /** Allocatable of the node, as quantities, for containers without a limit. Default: cpu and memory of the machine. */
  readonly allocatable?: () => Readonly<Record<string, string>>;
  readonly sendStatus: (frame: PodStatusFrame) => void;
  readonly sendGone: (frame: PodGoneFrame) => void;
  readonly sendEvent: (frame: EventFrame) => void;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Default: `os.hostname()`. */
  readonly nodeHostname?: string;
  /** How many sandboxes and containers may be in the making at once. Default: twice the processors, 4 to 8. */
  readonly startSlots?: number;
}

/** How long to wait for a runtime that does not answer at the start. */
const RUNTIME_RETRY_MS = 1000;
/** A call of the runtime that is under way is waited for this long. */
const STOP_DEADLINE_MS = 10_000;

/**
 * The pods of this node: a worker for each, from the desired state; what the runtime tells goes to the worker it concerns. At the start it reads
 * what the runtime holds and gives it to the workers, so that running containers are adopted; what belongs to no pod is removed only after a hub
 * has confirmed the desired state.
 */
export class PodManager implements Service {
  readonly name = 'pods';
  readonly #options: PodManagerOptions;
  readonly #context: PodContext;
  readonly #workers = new Map<string, PodWorker>();
  readonly #orphans = new Map<string, PodRecord>();
  readonly #ends: (() => void)[] = [];
  readonly #stopping = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  readonly #rotation: LogRotation;
  #adopted = false;

  constructor(options: PodManagerOptions) {
    this.#options = options;
    const { runtime, state, volumes, dataDir, nodeName, log, clock = systemClock } = options;
    const events = new PodEvents(options.sendEvent);
    const slots = options.startSlots ?? Math.min(8, Math.max(4, availableParallelism() * 2));
    const machine = { cpu: String(availableParallelism()), memory: String(totalmem()) };
    this.#context = {
      runtime,
      state,
      volumes,
      images: new Images({ runtime, state, events, clock }),
      events,
      slots: new StartSlots(slots),
      removals: new StartSlots(2),
      clock,
      log,
      dataDir,
      nodeName,
      nodeHostname: options.nodeHostname ?? hostname(),
      nodeMemoryBytes: totalmem(),
      hostIPs: options.nodeIPs,
      clusterDNS: options.clusterDNS,
      clusterDomain: options.clusterDomain,
      allocatable: options.allocatable ?? (() => machine),
      sendStatus: (pod, status) => options.sendStatus({ type: 'podStatus', ...identity(pod), status }),
      sendGone: (pod) => options.sendGone({ type: 'podGone', ...identity(pod) }),
    };
    this.#rotation = new LogRotation({ runtime, running: () => this.#running(), clock, log });
  }

  /** Adopts what runs and keeps the pods as desired until `stop`. The desired state must have been loaded. */
  async run(): Promise<void> {
    const { state, runtime } = this.#options;
    this.#ends.push(runtime.onChange((change) => this.#runtimeChanged(change.sandboxId, change.containerId)));
    await this.#adopt();
    if (this.#stopping.signal.aborted) return;
    this.#adopted = true;
    this.#ends.push(
      state.onChange('pods', (key, object) => this.#desired(key, object as Pod | undefined)),
      state.onChange('configmaps', (key) => this.#contentChanged('configmaps', key)),
      state.onChange('secrets', (key) => this.#contentChanged('secrets', key)),
      state.onSynced(() => this.#synced()),
    );
    for (const pod of state.list<Pod>('pods')) this.#desired(`${pod.metadata.namespace}/${pod.metadata.name}`, pod);
    if (state.isSynced) this.#synced();
    await Promise.all([this.#done.promise, this.#rotation.run()]);
  }

  /** Ends the workers. Containers go on, and are adopted by the next agent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends.splice(0)) end();
    await this.#rotation.stop();
    const ended = Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await Promise.race([ended, systemClock.sleep(STOP_DEADLINE_MS)]);
    this.#done.resolve();
  }

  /** Where exec, attach, logs and port-forward find a container. `container` `''` = the pod's first. */
  lookup(namespace: string, pod: string, container: string): ContainerLookup {
    const key = `${namespace}/${pod}`;
    const uid = this.#options.state.get<Pod>('pods', key)?.metadata.uid ?? '';
    const worker = this.#workers.get(uid);
    return lookupContainer(this.#options.dataDir, worker?.isGone === true ? undefined : worker, key, container);
  }

  /** Says again what a hub may have missed while there was no link. Called at `synced`; safe at any time. */
  resend(): void {
    for (const worker of this.#workers.values()) worker.resend();
  }

  #running(): RuntimeContainerStatus[] {
    return [...this.#workers.values()].flatMap(({ record }) => record.running);
  }

  async #adopt(): Promise<void> {
    const { clock, log } = this.#context;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#readRuntime();
        return;
      } catch (error) {
        log.warn({ err: error }, 'the container runtime does not answer, trying again');
        await clock.sleep(RUNTIME_RETRY_MS, this.#stopping.signal);
      }
    }
  }

  async #readRuntime(): Promise<void> {
    const { runtime } = this.#context;
    const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
    this.#orphans.clear();
    const recordOf = (uid: string): PodRecord => {
      const record = this.#orphans.get(uid) ?? new PodRecord();
      this.#orphans.set(uid, record);
      return record;
    };
    for (const sandbox of sandboxes) recordOf(sandbox.metadata.uid).sandboxes.set(sandbox.id, sandbox);
    await Promise.all(
      containers.map(async (container) => {
        const uid = container.labels[LABELS.podUid];
        if (uid !== undefined) await see(this.#context, recordOf(uid), container.id);
      }),
    );
  }

  #desired(key: string, pod: Pod | undefined): void {
    const uid = pod?.metadata.uid;
    // A pod of the same name that is not this one is gone, whatever has come in its place.
    for (const worker of this.#workers.values())
      if (keyOfPod(worker.pod) === key && worker.uid !== uid) this.#release(worker);
    if (pod === undefined || uid === undefined) return;
    const known = this.#workers.get(uid);
    if (known !== undefined) return known.update(pod);
    const record = this.#orphans.get(uid) ?? new PodRecord();
    this.#orphans.delete(uid);
    const worker = new PodWorker(this.#context, pod, record);
    this.#workers.set(uid, worker);
    void worker.run();
  }

  #release(worker: PodWorker): void {
    worker.update(undefined);
    void worker.run().finally(() => {
      if (worker.isGone) this.#workers.delete(worker.uid);
    });
  }

  #contentChanged(resource: 'configmaps' | 'secrets', key: string): void {
    const [namespace, name = ''] = key.split('/');
    for (const worker of this.#workers.values())
      if (worker.pod.metadata.namespace === namespace) worker.contentChanged(`${resource}/${name}`);
  }

  #runtimeChanged(sandboxId: string, containerId: string | undefined): void {
    for (const worker of this.#workers.values()) {
      const { containers, sandboxes } = worker.record;
      const concerned = containerId === undefined ? sandboxes.has(sandboxId) : containers.has(containerId);
      if (concerned) worker.runtimeChanged(containerId);
    }
  }

  #synced(): void {
    if (this.#adopted) void this.#removeOrphans();
  }

  async #removeOrphans(): Promise<void> {
    const { log } = this.#context;
    for (const [uid, record] of this.#orphans.entries().toArray()) {
      this.#orphans.delete(uid);
      try {
        await removeLeftover(this.#context, uid, record);
      } catch (error) {
        this.#orphans.set(uid, record);
        log.warn({ err: error, uid }, 'cannot remove what is left of a pod, trying again with the next link');
      }
    }
    try {
      await removeLeftoverFiles(this.#context, new Set([...this.#workers.keys(), ...this.#orphans.keys()]));
    } catch (error) {
      log.warn({ err: error }, 'cannot remove the files of pods that are gone');
    }
  }
}

const identity = ({ metadata }: Pod): { namespace: string; name: string; uid: string } => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
  uid: metadata.uid ?? '',
});

const keyOfPod = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;
