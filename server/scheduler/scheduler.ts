import { isDeepStrictEqual } from 'node:util';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { type Node, nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { StatusError } from '#api/meta/status.ts';
import { setCondition } from '#api/meta/conditions.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { Metrics } from '#base/metrics.ts';
import type { Service } from '#base/service.ts';
import { orUndefined } from '#server/reconcile/claim.ts';
import type { ControllerDeps } from '#server/reconcile/controller-deps.ts';
import { ClientEventRecorder, type EventRecorder } from '#server/reconcile/event-recorder.ts';
import { type LeaderElection, soleLeader } from '#server/reconcile/leader.ts';
import { Manager } from '#server/reconcile/manager.ts';
import { isPodTerminal } from '#server/reconcile/pod-state.ts';
import { splitKey } from '#server/reconcile/reconciler.ts';
import type { Client } from '#server/store/client.ts';
import { decide, type Plugins } from './decide.ts';
import { fitMessage } from './fit-error.ts';
import { podKey } from './framework.ts';
import { FILTERS, SCORES } from './plugins.ts';
import { volumeClaims } from './plugins/volume-claims.ts';
import { SchedulingQueue } from './queue.ts';
import { type AttemptResult, SchedulerMetrics } from './scheduler-metrics.ts';
import { ClusterState, podInfoOf } from './snapshot.ts';

/** The scheduler that pods name when they name none. */
const DEFAULT_SCHEDULER = 'default-scheduler';
/** After so many decisions in a row the rest of the process gets a turn. */
const DECISIONS_A_TURN = 64;
/** So many bindings may be on their way to the store; more decisions wait. */
const MAX_BINDING = 512;

/**
 * Makes the scheduler: it gives every pod without a node one, as soon as it is created or a node can take it. It runs while this server leads
 * (default: it is alone and always does), each time with a fresh look at the cluster.
 */
export function createScheduler(deps: ControllerDeps, leader: LeaderElection = soleLeader): Manager {
  const { log, metrics } = deps;
  return new Manager({ name: 'scheduler', leader, log, metrics, start: () => [new Scheduler(deps)] });
}

class Scheduler implements Service {
  readonly name = 'scheduler';
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #events: EventRecorder;
  readonly #plugins: Plugins;
  readonly #queue: SchedulingQueue;
  readonly #cluster = new ClusterState();
  readonly #binding = new Set<Promise<void>>();
  readonly #metrics: SchedulerMetrics;
  #unwatch: (() => void)[] = [];
  #scheduled = false;
  #stopped = false;
  #end: () => void = () => {};

  constructor({ client, clock, log, kinds, metrics = new Metrics() }: ControllerDeps) {
    this.#client = client.as('system:kube-scheduler');
    this.#clock = clock;
    this.#log = log.child({ part: 'scheduler' });
    this.#events = new ClientEventRecorder({
      client: this.#client,
      clock,
      log,
      metrics,
      component: DEFAULT_SCHEDULER,
    });
    this.#queue = new SchedulingQueue(clock, () => this.#wake());
    this.#metrics = new SchedulerMetrics(metrics, DEFAULT_SCHEDULER, {
      pending: () => this.#queue.counts(),
      binding: () => this.#binding.size,
      maxBinding: MAX_BINDING,
    });
    const claimExists = (namespace: string, claim: string): boolean => {
      const kind = kinds.ofResource('persistentvolumeclaims');
      return kind !== undefined && client.get(kind, namespace, claim) !== undefined;
    };
    this.#plugins = { filters: [volumeClaims(claimExists), ...FILTERS], scores: SCORES };
  }

  run(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#end = resolve;
    const cluster = this.#cluster;
    this.#unwatch = [
      this.#client.watch(namespaceKind, {
        added: (namespace) => cluster.setNamespace(namespace.metadata.name ?? '', namespace),
        modified: (namespace) => cluster.setNamespace(namespace.metadata.name ?? '', namespace),
        deleted: (namespace) => cluster.setNamespace(namespace.metadata.name ?? '', undefined),
      }),
      this.#client.watch(nodeKind, {
        added: (node) => this.#nodeChanged(node, undefined),
        modified: (node, previous) => this.#nodeChanged(node, previous),
        deleted: (node) => cluster.setNode(node.metadata.name ?? '', undefined),
      }),
      this.#client.watch(podKind, {
        added: (pod) => this.#podChanged(pod, undefined),
        modified: (pod, previous) => this.#podChanged(pod, previous),
        deleted: (pod) => this.#podGone(pod),
      }),
    ];
    return promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#unwatch.splice(0)) end();
    this.#queue.stop();
    await Promise.allSettled(this.#binding);
    this.#end();
  }

  #nodeChanged(node: Node, previous: Node | undefined): void {
    this.#cluster.setNode(node.metadata.name ?? '', node);
    if (previous === undefined || couldHelp(node, previous)) this.#queue.move();
  }

  #podChanged(pod: Pod, previous: Pod | undefined): void {
    if ((pod.spec?.nodeName ?? '') !== '') {
      this.#queue.delete(podKey(pod));
      this.#cluster.setPod(pod);
      // Freed resources, or a pod that others want beside them: both can help those that wait.
      const bound = (previous?.spec?.nodeName ?? '') === '';
      const ended = isPodTerminal(pod) && previous !== undefined && !isPodTerminal(previous);
      if (bound || ended) this.#queue.move();
      return;
    }
    if (!wantsNode(pod)) return this.#queue.delete(podKey(pod));
    // Our own note that it is unschedulable changes the status only, and must not start another attempt.
    const same = previous !== undefined && isDeepStrictEqual(previous.spec, pod.spec);
    if (same && isDeepStrictEqual(previous.metadata.labels, pod.metadata.labels)) return;
    this.#queue.add(podKey(pod), pod.spec?.priority ?? 0);
  }

  #podGone(pod: Pod): void {
    this.#queue.delete(podKey(pod));
    this.#cluster.forget(pod);
    if ((pod.spec?.nodeName ?? '') !== '') this.#queue.move();
  }

  #wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    for (let left = DECISIONS_A_TURN; left > 0; left -= 1) {
      if (this.#stopped || this.#binding.size >= MAX_BINDING) return;
      const key = this.#queue.take();
      if (key === undefined) return;
      this.#place(key);
    }
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  /** Decides and starts the binding. Nothing is awaited between reading the cluster and assuming the pod, so decisions never overlap. */
  #place(key: string): void {
    const { namespace, name } = splitKey(key);
    const pod = this.#client.get(podKind, namespace, name);
    if (pod === undefined || !wantsNode(pod)) return this.#queue.delete(key);
    const startedMs = performance.now();
    const decision = decide(podInfoOf(pod), this.#cluster, this.#plugins);
    if ('node' in decision) {
      this.#cluster.assume(pod, decision.node);
      const binding = this.#bind(key, pod, decision.node);
      return this.#track(binding.then((result) => this.#metrics.attempted(result, startedMs)));
    }
    const message = fitMessage(decision);
    this.#queue.fail(key);
    this.#metrics.attempted('unschedulable', startedMs);
    this.#events.record(pod, 'Warning', 'FailedScheduling', message);
    this.#track(this.#tell(pod, message));
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => {
      this.#binding.delete(tracked);
      this.#wake();
    });
    this.#binding.add(tracked);
  }

  async #bind(key: string, pod: Pod, nodeName: string): Promise<AttemptResult> {
    const { namespace = '', name = '', uid } = pod.metadata;
    try {
      const bound = await this.#client.updateSubresource(podKind, namespace, name, 'binding', (copy) => {
        if (copy.metadata.uid !== uid || copy.metadata.deletionTimestamp !== undefined) return false;
        if (copy.spec === undefined || (copy.spec.nodeName ?? '') !== '') return false;
        copy.spec.nodeName = nodeName;
        const conditions = (copy.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
        const next = setCondition(conditions, { type: 'PodScheduled', status: 'True' }, new Date(this.#clock.now()));
        copy.status = { ...copy.status, conditions: next };
        return undefined;
      });
      if (bound.metadata.uid === uid && bound.spec?.nodeName === nodeName) {
        this.#events.record(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
        return 'scheduled';
      }
      this.#cluster.forget(pod);
      if ((bound.spec?.nodeName ?? '') !== '') this.#cluster.setPod(bound);
      return 'error';
    } catch (error) {
      this.#cluster.forget(pod);
      if (error instanceof StatusError && error.reason === 'NotFound') this.#queue.delete(key);
      else {
        this.#log.warn({ pod: key, node: nodeName, err: error }, 'binding failed');
        this.#queue.retry(key);
      }
      return 'error';
    }
  }

  async #tell(pod: Pod, message: string): Promise<void> {
    const { namespace = '', name = '', uid } = pod.metadata;
    try {
      await orUndefined(
        this.#client.updateStatus(podKind, namespace, name, (copy) => {
          if (copy.metadata.uid !== uid || (copy.spec?.nodeName ?? '') !== '') return false;
          const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
          copy.status = {
            ...copy.status,
            conditions: setCondition(copy.status?.conditions, condition, new Date(this.#clock.now())),
          };
          return undefined;
        }),
      );
    } catch (error) {
      this.#log.warn({ pod: podKey(pod), err: error }, 'pod condition not written');
    }
  }
}

const wantsNode = (pod: Pod): boolean =>
  (pod.spec?.nodeName ?? '') === '' &&
  pod.metadata.deletionTimestamp === undefined &&
  !isPodTerminal(pod) &&
  (pod.spec?.schedulingGates ?? []).length === 0 &&
  (pod.spec?.schedulerName ?? DEFAULT_SCHEDULER) === DEFAULT_SCHEDULER;

/** Did anything change by which a node is judged; heartbeats do not. */
function couldHelp(node: Node, previous: Node): boolean {
  const judged = ({ metadata, spec, status }: Node): unknown => [
    metadata.labels,
    spec,
    status?.allocatable,
    status?.conditions?.map(({ type, status: value }) => [type, value]),
  ];
  return !isDeepStrictEqual(judged(node), judged(previous));
}
