import type { Pod } from '#api/kinds/core/pod.ts';
import { ContainerStarter } from '../containers/container-starter.ts';
import { fieldPathOf, placeOf, type PodContext } from '../pod-context.ts';
import { podTitle } from '../pod-paths.ts';
import type { PodRecord } from '../pod-record.ts';
import { PodProbes } from '../probes/pod-probes.ts';
import type { WaitingState } from '../status/container-status.ts';
import { isTerminal } from '../status/pod-status.ts';
import { type ReportFacts, StatusReporter } from '../status/status-reporter.ts';
import { type KillAction, podActions } from './pod-actions.ts';
import { PodContainers } from './pod-containers.ts';
import { podReferences } from './pod-references.ts';
import { PodSandboxes } from './pod-sandboxes.ts';
import { NoLongerWanted, type PodState } from './pod-state.ts';
import { PodTermination } from './pod-termination.ts';
import { PodVolumeState } from './pod-volume-state.ts';
import { RecordKeeper } from './record-keeper.ts';
import { judge, type Verdict } from './verdict.ts';

/** Missing ConfigMaps and Secrets may be on their way with the pod itself: nothing is said of them before. */
const ARRIVAL_MS = 300;
const LONGEST_PAUSE_MS = 24 * 3600 * 1000;
/** Retries of the runtime itself: doubling from the first to the second. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

/**
 * The life of one pod on this node. States, and what leads from one to the next:
 *
 *   syncing     → each look compares the pod with what runs (podActions) and takes the next steps; safe to begin again at any point, also by
 *                 another process: containers that run are adopted
 *   finished    every container has ended for good, or the node has given a verdict (deadline, rejection): nothing is started any more, the
 *                 sandbox is stopped, dead containers stay for their logs
 *   terminating the pod is deleted (deletionTimestamp) or gone from the desired state: containers are stopped within the grace period
 *   gone        nothing runs, the hub has been told; files, sandbox and logs are removed. The end.
 *
 * What each state does lies in a file of its own: the record of what runs (record-keeper), sandboxes, containers, the verdict, the termination.
 *
 * One look at a time. What happens meanwhile (an upsert, an ended container, a probe's result) asks for another look after it; deletion also
 * ends the waits of the present one (a pull, a hook).
 */
export class PodWorker {
  readonly uid: string;
  readonly #context: PodContext;
  readonly #state: PodState;
  readonly #keeper: RecordKeeper;
  readonly #sandboxes: PodSandboxes;
  readonly #containers: PodContainers;
  readonly #termination: PodTermination;
  readonly #reporter: StatusReporter;
  readonly #volumes: PodVolumeState;
  readonly #starter: ContainerStarter;
  readonly #unwanted = new AbortController();
  readonly #stopped = new AbortController();
  readonly #bornAt: number;
  #pause = new AbortController();
  #asked = false;
  #references: Set<string>;
  #removed = false;
  #gone = false;
  #toldGone = false;
  #verdict: Verdict | undefined;
  #finished = false;
  #retryMs = FIRST_RETRY_MS;
  #running: Promise<void> | undefined;

  constructor(context: PodContext, pod: Pod, record: PodRecord) {
    this.uid = pod.metadata.uid ?? '';
    this.#context = context;
    this.#references = podReferences(pod);
    this.#bornAt = context.clock.now();
    const probes = new PodProbes({
      runtime: context.runtime,
      clock: context.clock,
      changed: () => this.wake(),
      unhealthy: (name, message) => context.events.warning(this.pod, 'Unhealthy', message, fieldPathOf(this.pod, name)),
    });
    this.#state = { context, pod, record, probes, messages: new Map(), unwanted: this.#unwanted.signal };
    this.#keeper = new RecordKeeper(this.#state);
    this.#sandboxes = new PodSandboxes(this.#state);
    this.#termination = new PodTermination(this.#state, this.#sandboxes);
    this.#reporter = new StatusReporter(context, pod);
    this.#volumes = new PodVolumeState(context);
    this.#starter = new ContainerStarter(context, this.#bornAt + ARRIVAL_MS);
    this.#containers = new PodContainers(this.#state, {
      starter: this.#starter,
      volumes: this.#volumes,
      keeper: this.#keeper,
      report: () => void this.#report(),
    });
    if (record.ips.length === 0) record.ips = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  }

  /** The pod as last desired. */
  get pod(): Pod {
    return this.#state.pod;
  }

  /** What runs of it. */
  get record(): PodRecord {
    return this.#state.record;
  }

  /** Why a container does not run, if something stands in its way. */
  waitingOf(container: string): WaitingState | undefined {
    return this.#starter.waiting.get(container);
  }

  /** Is nothing left of it. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Begins; resolves when the pod is gone or `stop` was called. */
  run(): Promise<void> {
    this.#running ??= this.#loop();
    return this.#running;
  }

  /** The pod is desired so now; undefined = it is no longer this node's. */
  update(pod: Pod | undefined): void {
    if (pod === undefined) this.#removed = true;
    else {
      const before = this.pod;
      this.#state.pod = pod;
      this.#references = podReferences(pod);
      if (JSON.stringify(before.metadata.labels) !== JSON.stringify(pod.metadata.labels)) this.#volumes.invalidate();
      if (JSON.stringify(before.metadata.annotations) !== JSON.stringify(pod.metadata.annotations))
        this.#volumes.invalidate();
    }
    if (!this.#isEnding) return this.wake();
    this.#unwanted.abort(new NoLongerWanted());
    this.#termination.hasten();
    this.wake();
  }

  /** A ConfigMap or Secret (`configmaps/name`) has changed. */
  contentChanged(reference: string): void {
    if (!this.#references.has(reference)) return;
    this.#volumes.invalidate();
    this.#starter.retryNow();
    this.wake();
  }

  /** A container (or, without id, the sandbox) may have changed. */
  runtimeChanged(containerId: string | undefined): void {
    this.#keeper.changed(containerId);
    this.wake();
  }

  /** The link is new: says again what the hub may have missed. */
  resend(): void {
    if (this.#toldGone && !this.#removed) this.#context.sendGone(this.pod);
    else if (!this.#toldGone) this.#reporter.resend(this.pod);
  }

  /** Asks for another look. */
  wake(): void {
    this.#asked = true;
    this.#pause.abort();
  }

  /** Ends the worker; containers go on. */
  async stop(): Promise<void> {
    this.#stopped.abort(new NoLongerWanted());
    this.#unwanted.abort(new NoLongerWanted());
    this.#state.probes.stop();
    this.#reporter.stop();
    this.wake();
    await this.#running;
  }

  get #isEnding(): boolean {
    return this.#removed || this.pod.metadata.deletionTimestamp !== undefined;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped.signal.aborted && !this.#gone) {
      this.#asked = false;
      const delay = await this.#look();
      if (this.#asked || this.#gone) continue;
      this.#pause = new AbortController();
      await this.#context.clock.sleep(Math.min(LONGEST_PAUSE_MS, Math.max(0, delay)), this.#pause.signal);
    }
  }

  /** Looks once; returns when to look again at the latest, in milliseconds. */
  async #look(): Promise<number> {
    try {
      await this.#keeper.refresh();
      if (this.#isEnding) {
        await this.#terminate();
        return Infinity;
      }
      const delay = await this.#advance();
      this.#retryMs = FIRST_RETRY_MS;
      return Math.min(delay, this.#report());
    } catch (error) {
      if (this.#stopped.signal.aborted || error instanceof NoLongerWanted) return 0;
      this.#context.log.warn(
        { err: error, pod: podTitle(this.pod) },
        'cannot bring a pod to what it should be, trying again',
      );
      this.#report();
      const delay = this.#retryMs;
      this.#retryMs = Math.min(LAST_RETRY_MS, delay * 2);
      return delay;
    }
  }

  get #facts(): ReportFacts {
    const { pod, record, probes, messages } = this.#state;
    return { pod, record, probes, messages, waiting: this.#starter.waiting, verdict: this.#verdict };
  }

  #report(): number {
    if (this.#isEnding || this.#stopped.signal.aborted) return Infinity;
    // A pod that had ended, by another's word or before this agent began, does not come back to life by what is left of it here.
    if (isOver(this.pod) && this.#reporter.make(this.#facts).phase !== this.pod.status?.phase) return Infinity;
    return this.#reporter.report(this.#facts);
  }

  /** Takes the next steps; returns when to look again. */
  async #advance(): Promise<number> {
    const { pod, record, probes } = this.#state;
    if (this.#finished || this.#verdict !== undefined || isOver(pod)) return await this.#finish();
    const judged = judge(this.#state, this.#reporter.startTime);
    if (typeof judged !== 'number') {
      this.#verdict = judged;
      return await this.#finish();
    }
    await this.#sandboxes.findIPs();

    const patience = this.#bornAt + ARRIVAL_MS - this.#context.clock.now();
    const faults = await this.#volumes.setUp(pod, placeOf(this.#context, record.ips), patience <= 0);
    let actions = podActions(pod, record, probes);
    if (actions.finished) {
      this.#finished = true;
      return await this.#finish(actions.kill);
    }
    await this.#containers.kill(actions.kill);
    if (faults > 0 && (actions.createSandbox || actions.start.length > 0)) {
      this.#report();
      return patience > 0 ? patience : this.#volumes.retryMs;
    }
    if (actions.createSandbox) {
      const wait = this.#sandboxes.wait();
      if (wait > 0) return wait;
      this.#report();
      await this.#replaceSandbox();
      actions = podActions(pod, record, probes);
    }
    const killed = new Set(actions.kill.map(({ container }) => container.name));
    const delays = await this.#containers.start(actions.start, killed);
    this.#containers.watchProbes();
    this.#keeper.dropOld();
    return Math.min(judged, this.#volumes.refreshInMs, ...delays);
  }

  async #replaceSandbox(): Promise<void> {
    try {
      await this.#sandboxes.replace();
    } catch (error) {
      this.#keeper.changed();
      throw error;
    }
  }

  /** Stops all that runs, and the sandbox; what has ended stays for its logs. */
  async #finish(kill?: readonly KillAction[]): Promise<number> {
    const { record, probes } = this.#state;
    probes.stop();
    const all = record.running.map((container) => ({ container, message: `Stopping container ${container.name}` }));
    if (kill === undefined || kill.length > 0) await this.#containers.kill(kill ?? all);
    this.#starter.waiting.clear();
    await this.#keeper.readMessages();
    this.#report();
    await this.#sandboxes.stop();
    return Infinity;
  }

  /** Stops all, tells the hub, removes what is left. */
  async #terminate(): Promise<void> {
    const { pod, probes } = this.#state;
    probes.stop();
    this.#reporter.stop();
    await this.#termination.stopAll(this.#stopped.signal);
    if ((pod.metadata.finalizers ?? []).length > 0 && !this.#removed) {
      await this.#keeper.readMessages();
      this.#context.sendStatus(pod, this.#reporter.make(this.#facts));
    }
    if (!this.#removed && !this.#toldGone) this.#context.sendGone(pod);
    this.#toldGone = true;
    await this.#termination.removeAll();
    this.#gone = true;
  }
}

const isOver = (pod: Pod): boolean => isTerminal(pod.status?.phase);
