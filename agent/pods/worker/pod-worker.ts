import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import { runPostStart, killContainer, see, specOf } from '../containers/container-kill.ts';
import { ContainerStarter, type StartPlace } from '../containers/container-starter.ts';
import type { WaitingState } from '../status/container-status.ts';
import { CrashBackoff } from '../containers/crash-backoff.ts';
import { rpcText } from '../images/images.ts';
import { isSidecar, type KillAction, podActions } from './pod-actions.ts';
import { fieldPathOf, placeOf, type PodContext } from '../pod-context.ts';
import { podLogDirectory, podTitle, terminationFile } from '../pod-paths.ts';
import { PodProbes } from '../probes/pod-probes.ts';
import type { PodRecord } from '../pod-record.ts';
import { podReferences } from './pod-references.ts';
import { createSandbox, sandboxConfigOf, writeHosts } from '../sandbox/pod-sandbox.ts';
import { isTerminal } from '../status/pod-status.ts';
import { PodVolumeState } from './pod-volume-state.ts';
import { rejection } from './rejection.ts';
import { LABELS } from '../sandbox/sandbox-config.ts';
import { type ReportFacts, StatusReporter } from '../status/status-reporter.ts';
import { terminationMessage } from '../containers/termination-message.ts';

/** The pod is no longer wanted: what was waited for does not matter any more. */
class NoLongerWanted extends Error {}

/** Missing ConfigMaps and Secrets may be on their way with the pod itself: nothing is said of them before. */
const ARRIVAL_MS = 300;
/** In the set of what has changed: sandboxes and containers must be listed, since there may be some that are not known. */
const LIST = 'list';
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
 * One look at a time. What happens meanwhile (an upsert, an ended container, a probe's result) asks for another look after it; deletion also
 * ends the waits of the present one (a pull, a hook).
 */
export class PodWorker {
  readonly uid: string;
  readonly #context: PodContext;
  readonly #record: PodRecord;
  readonly #probes: PodProbes;
  readonly #reporter: StatusReporter;
  readonly #volumes: PodVolumeState;
  readonly #sandboxBackoff = new CrashBackoff(1000, 60_000);
  readonly #messages = new Map<string, string>();
  readonly #changed = new Set<string>();
  readonly #stoppedSandboxes = new Set<string>();
  readonly #unwanted = new AbortController();
  readonly #stopped = new AbortController();
  readonly #bornAt: number;
  readonly #starter: ContainerStarter;
  #pause = new AbortController();
  #asked = false;
  #pod: Pod;
  #references: Set<string>;
  #removed = false;
  #gone = false;
  #toldGone = false;
  #verdict: { reason: string; message: string } | undefined;
  #finished = false;
  #retryMs = FIRST_RETRY_MS;
  #killing: number | undefined;
  #running: Promise<void> | undefined;

  constructor(context: PodContext, pod: Pod, record: PodRecord) {
    this.uid = pod.metadata.uid ?? '';
    this.#context = context;
    this.#pod = pod;
    this.#references = podReferences(pod);
    this.#record = record;
    this.#bornAt = context.clock.now();
    this.#starter = new ContainerStarter(context, this.#bornAt + ARRIVAL_MS);
    this.#probes = new PodProbes({
      runtime: context.runtime,
      clock: context.clock,
      changed: () => this.wake(),
      unhealthy: (name, message) =>
        context.events.warning(this.#pod, 'Unhealthy', message, fieldPathOf(this.#pod, name)),
    });
    this.#reporter = new StatusReporter(context, pod);
    this.#volumes = new PodVolumeState(context);
    if (record.ips.length === 0) record.ips = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
    for (const id of record.containers.keys()) this.#changed.add(id);
  }

  /** The pod as last desired. */
  get pod(): Pod {
    return this.#pod;
  }

  /** What runs of it. */
  get record(): PodRecord {
    return this.#record;
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
      const before = this.#pod;
      this.#pod = pod;
      this.#references = podReferences(pod);
      if (JSON.stringify(before.metadata.labels) !== JSON.stringify(pod.metadata.labels)) this.#volumes.invalidate();
      if (JSON.stringify(before.metadata.annotations) !== JSON.stringify(pod.metadata.annotations))
        this.#volumes.invalidate();
    }
    if (!this.#isEnding) return this.wake();
    this.#unwanted.abort(new NoLongerWanted());
    this.#hasten();
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
    this.#changed.add(containerId ?? LIST);
    this.wake();
  }

  /** The link is new: says again what the hub may have missed. */
  resend(): void {
    if (this.#toldGone && !this.#removed) this.#context.sendGone(this.#pod);
    else if (!this.#toldGone) this.#reporter.resend(this.#pod);
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
    this.#probes.stop();
    this.#reporter.stop();
    this.wake();
    await this.#running;
  }

  get #isEnding(): boolean {
    return this.#removed || this.#pod.metadata.deletionTimestamp !== undefined;
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
      await this.#refresh();
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
        { err: error, pod: podTitle(this.#pod) },
        'cannot bring a pod to what it should be, trying again',
      );
      this.#report();
      const delay = this.#retryMs;
      this.#retryMs = Math.min(LAST_RETRY_MS, delay * 2);
      return delay;
    }
  }

  get #facts(): ReportFacts {
    const { pod, record } = this;
    return {
      pod,
      record,
      probes: this.#probes,
      waiting: this.#starter.waiting,
      messages: this.#messages,
      verdict: this.#verdict,
    };
  }

  #report(): number {
    if (this.#isEnding || this.#stopped.signal.aborted) return Infinity;
    // A pod that had ended, by another's word or before this agent began, does not come back to life by what is left of it here.
    if (isOver(this.#pod) && this.#reporter.make(this.#facts).phase !== this.#pod.status?.phase) return Infinity;
    return this.#reporter.report(this.#facts);
  }

  /** Brings the record up to date with what was told to have changed. */
  async #refresh(): Promise<void> {
    const changed = [...this.#changed];
    for (const id of changed) this.#changed.delete(id);
    try {
      await Promise.all(changed.map((id) => (id === LIST ? this.#relist() : see(this.#context, this.#record, id))));
    } catch (error) {
      for (const id of changed) this.#changed.add(id);
      throw error;
    }
    await this.#readMessages();
  }

  /** Asks for all that there is of this pod, known or not. */
  async #relist(): Promise<void> {
    const { runtime } = this.#context;
    const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
    const own = sandboxes.filter(({ metadata }) => metadata.uid === this.uid);
    this.#record.sandboxes.clear();
    for (const sandbox of own) this.#record.sandboxes.set(sandbox.id, sandbox);
    const ids = containers.filter(({ labels }) => labels[LABELS.podUid] === this.uid).map(({ id }) => id);
    const doubtful = ids.filter((id) => this.#record.containers.get(id)?.state !== 'exited');
    await Promise.all(doubtful.map((id) => see(this.#context, this.#record, id)));
    for (const id of this.#record.containers.keys()) if (!ids.includes(id)) this.#record.containers.delete(id);
  }

  async #readMessages(): Promise<void> {
    const directory = this.#context.volumes.podDirectory(this.uid);
    for (const ended of this.#record.containers.values()) {
      const container = specOf(this.#pod, ended.name);
      if (ended.state !== 'exited' || container === undefined || this.#messages.has(ended.id)) continue;
      const file = terminationFile(directory, ended.name, ended.attempt);
      const log = join(podLogDirectory(this.#context.dataDir, this.#pod), ended.name, `${ended.attempt}.log`);
      const message = await terminationMessage(container, ended.exitCode, { file, log });
      this.#messages.set(ended.id, message === '' ? ended.message : message);
    }
  }

  /** Takes the next steps; returns when to look again. */
  async #advance(): Promise<number> {
    const { pod, record } = this;
    if (this.#finished || isOver(pod)) return await this.#finish();
    const deadline = this.#judge();
    if (this.#verdict !== undefined) return await this.#finish();
    if (record.readySandbox !== undefined && record.ips.length === 0)
      record.ips = await this.#ips(record.readySandbox.id);

    const patience = this.#bornAt + ARRIVAL_MS - this.#context.clock.now();
    const faults = await this.#volumes.setUp(pod, placeOf(this.#context, record.ips), patience <= 0);
    let actions = podActions(pod, record, this.#probes);
    if (actions.finished) {
      this.#finished = true;
      return await this.#finish(actions.kill);
    }
    await this.#kill(actions.kill);
    if (faults > 0 && (actions.createSandbox || actions.start.length > 0)) {
      this.#report();
      return patience > 0 ? patience : this.#volumes.retryMs;
    }
    if (actions.createSandbox) {
      const wait = this.#sandboxWait();
      if (wait > 0) return wait;
      this.#report();
      await this.#replaceSandbox();
      actions = podActions(pod, record, this.#probes);
    }
    const killed = new Set(actions.kill.map(({ container }) => container.name));
    const delays = await this.#startAll(actions.start, killed);
    this.#watchProbes();
    this.#dropOld();
    return Math.min(deadline, this.#volumes.refreshInMs, ...delays);
  }

  /** Ends pods that may not run here or have run for too long; returns when to look again for the deadline. */
  #judge(): number {
    const { pod, record } = this;
    const { events, clock, state, nodeName } = this.#context;
    const refused = record.containers.size === 0 ? rejection(pod, state.get('nodes', nodeName)) : undefined;
    if (refused !== undefined) {
      this.#verdict = refused;
      events.warning(pod, refused.reason, refused.message);
      return Infinity;
    }
    const seconds = pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return Infinity;
    const left = Date.parse(this.#reporter.startTime) + seconds * 1000 - clock.now();
    if (left > 0) return left;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#verdict = { reason: 'DeadlineExceeded', message };
    events.normal(pod, 'DeadlineExceeded', message);
    return Infinity;
  }

  /** Stops all that runs, and the sandbox; what has ended stays for its logs. */
  async #finish(kill?: readonly KillAction[]): Promise<number> {
    this.#probes.stop();
    const all = this.#record.running.map((container) => ({
      container,
      message: `Stopping container ${container.name}`,
    }));
    if (kill === undefined || kill.length > 0) await this.#kill(kill ?? all);
    this.#starter.waiting.clear();
    await this.#readMessages();
    this.#report();
    await this.#stopSandboxes();
    return Infinity;
  }

  async #ips(sandboxId: string): Promise<readonly string[]> {
    return this.#pod.spec?.hostNetwork === true
      ? this.#context.hostIPs()
      : await this.#context.runtime.sandboxIPs(sandboxId);
  }

  /** A sandbox that died soon after its making is not replaced at once again and again. */
  #sandboxWait(): number {
    const { sandbox } = this.#record;
    if (sandbox === undefined) return 0;
    const { clock, events } = this.#context;
    const left = this.#sandboxBackoff.remaining('', sandbox.createdAt, clock.now());
    if (left > 0) return left;
    this.#sandboxBackoff.next('', sandbox.createdAt, clock.now());
    events.normal(this.#pod, 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    return 0;
  }

  async #replaceSandbox(): Promise<void> {
    await this.#stopSandboxes();
    try {
      await createSandbox(this.#context, this.#pod, this.#record);
    } catch (error) {
      this.#changed.add(LIST);
      this.#context.events.warning(
        this.#pod,
        'FailedCreatePodSandBox',
        `Failed to create pod sandbox: ${rpcText(error)}`,
      );
      throw error;
    }
  }

  /** Also one that has died by itself is stopped: only that gives its address and its network back. */
  async #stopSandboxes(): Promise<void> {
    for (const sandbox of this.#record.sandboxes.values()) {
      if (this.#stoppedSandboxes.has(sandbox.id)) continue;
      await this.#context.runtime.stopSandbox(sandbox.id);
      this.#stoppedSandboxes.add(sandbox.id);
      this.#record.sandboxes.set(sandbox.id, { ...sandbox, state: 'notReady' });
    }
  }

  async #kill(actions: readonly KillAction[]): Promise<void> {
    const { pod, record } = this;
    await Promise.all(
      actions.map(async ({ container, message, probe }) => {
        this.#probes.unwatch(container.name);
        const spec = specOf(pod, container.name);
        const own = probe === 'startup' ? spec?.startupProbe : probe === 'liveness' ? spec?.livenessProbe : undefined;
        const graceSeconds = own?.terminationGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
        await this.#patiently(killContainer(this.#context, { pod, record, container, message, graceSeconds }));
      }),
    );
    if (actions.length > 0) await this.#readMessages();
  }

  /** Waits for something that may take long, but no longer than the pod is wanted. */
  #patiently<T>(work: Promise<T>): Promise<T> {
    return unless(work, this.#unwanted.signal);
  }

  async #startAll(containers: readonly Container[], killed: ReadonlySet<string>): Promise<number[]> {
    const { pod, record } = this;
    const sandbox = record.readySandbox;
    if (containers.length === 0 || sandbox === undefined) return [];
    const [config, hostsPath] = await Promise.all([
      sandboxConfigOf(this.#context, pod, sandbox.metadata.attempt),
      writeHosts(this.#context, pod, record),
    ]);
    const results = await Promise.allSettled(
      containers.map((container) =>
        this.#start(container, killed.has(container.name), { sandboxId: sandbox.id, sandbox: config, hostsPath }),
      ),
    );
    return results.map((result) => {
      if (result.status === 'fulfilled') return result.value;
      throw result.reason;
    });
  }

  /** Starts one container if it is its time; returns when to look again. */
  async #start(container: Container, justKilled: boolean, place: StartPlace): Promise<number> {
    const { pod, record } = this;
    const patiently = <T>(work: Promise<T>): Promise<T> => this.#patiently(work);
    const options = { pod, container, record, volumes: this.#volumes.mounted, patiently, ...place };
    const delay = await this.#starter.start(options, justKilled);
    if (delay === undefined) {
      if (!(await patiently(runPostStart(this.#context, pod, record, container)))) {
        await this.#afterFailedHook(container);
        return 0;
      }
      this.#watchProbes();
    } else if (this.#starter.isUnsure) this.#changed.add(LIST);
    this.#report();
    return delay ?? Infinity;
  }

  async #afterFailedHook(container: Container): Promise<void> {
    const running = this.#record.latest(container.name);
    if (running?.state === 'running') await this.#kill([{ container: running, message: 'FailedPostStartHook' }]);
    this.#starter.waiting.set(container.name, { reason: 'PostStartHookError', message: 'PostStartHookError' });
  }

  #watchProbes(): void {
    const { pod, record } = this;
    const { initContainers = [], containers = [] } = pod.spec ?? {};
    const before = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    for (const container of [...initContainers.filter((candidate) => isSidecar(candidate)), ...containers]) {
      const latest = record.latest(container.name);
      if (latest?.state !== 'running') continue;
      const known = before.find(({ containerID }) => containerID === `containerd://${latest.id}`);
      const was = { wasReady: known?.ready ?? false, wasStarted: known?.started ?? false };
      const { ips: podIPs } = record;
      this.#probes.watch({
        pod,
        container,
        containerId: latest.id,
        startedAt: latest.startedAt,
        podIPs,
        hostIPs: this.#context.hostIPs(),
        ...was,
      });
    }
  }

  /** Of each container the last two stay: the one that runs and the one before it, for its log. */
  #dropOld(): void {
    const names = new Set([...this.#record.containers.values()].map(({ name }) => name));
    for (const name of names)
      for (const old of this.#record.history(name).slice(2)) {
        if (old.state === 'running') continue;
        this.#record.containers.delete(old.id);
        this.#messages.delete(old.id);
        void this.#removeContainer(old.id, name, old.attempt);
      }
    const used = new Set([...this.#record.containers.values()].map(({ sandboxId }) => sandboxId));
    for (const { id } of this.#record.sandboxes.values()) {
      if (used.has(id) || id === this.#record.sandbox?.id) continue;
      this.#record.sandboxes.delete(id);
      void this.#removeSandbox(id);
    }
  }

  async #removeSandbox(id: string): Promise<void> {
    try {
      await this.#context.runtime.removeSandbox(id);
    } catch (error) {
      this.#context.log.warn({ err: error, id }, 'cannot remove a dead sandbox');
    }
  }

  async #removeContainer(id: string, name: string, attempt: number): Promise<void> {
    try {
      await this.#context.runtime.removeContainer(id);
      await rm(join(podLogDirectory(this.#context.dataDir, this.#pod), name, `${attempt}.log`), { force: true });
      await rm(terminationFile(this.#context.volumes.podDirectory(this.uid), name, attempt), { force: true });
    } catch (error) {
      this.#context.log.warn({ err: error, id }, 'cannot remove a dead container');
    }
  }

  get #graceSeconds(): number {
    const { metadata, spec } = this.#pod;
    const asked = metadata.deletionGracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? 30;
    return Math.max(1, asked === 0 ? (spec?.terminationGracePeriodSeconds ?? 30) : asked);
  }

  /** A second deletion may shorten the grace period of the first. */
  #hasten(): void {
    const grace = this.#graceSeconds;
    if (this.#killing === undefined || grace >= this.#killing) return;
    this.#killing = grace;
    for (const { id } of this.#record.running)
      void this.#context.runtime.stopContainer(id, grace).catch(() => undefined);
  }

  async #terminate(): Promise<void> {
    const { pod, record } = this;
    this.#probes.stop();
    this.#reporter.stop();
    this.#killing ??= this.#graceSeconds;
    const order = (pod.spec?.initContainers ?? []).map(({ name }) => name);
    const kill = (container: (typeof record.running)[number]): Promise<void> =>
      killContainer(this.#context, {
        pod,
        record,
        container,
        message: `Stopping container ${container.name}`,
        graceSeconds: this.#killing ?? 1,
      });
    const { running } = record;
    // An agent that stops meanwhile does not wait: the next one goes on with it.
    const { signal } = this.#stopped;
    await unless(Promise.all(running.filter(({ name }) => !order.includes(name)).map(kill)), signal);
    // Sidecars outlive what they serve, and go in the reverse order of their start.
    for (const name of order.reverse())
      for (const container of running) if (container.name === name) await unless(kill(container), signal);
    await this.#stopSandboxes();
    if ((pod.metadata.finalizers ?? []).length > 0 && !this.#removed) {
      await this.#readMessages();
      this.#context.sendStatus(pod, this.#reporter.make({ ...this.#facts, verdict: this.#verdict }));
    }
    if (!this.#removed && !this.#toldGone) this.#context.sendGone(pod);
    this.#toldGone = true;
    for (const id of record.sandboxes.keys()) await this.#context.runtime.removeSandbox(id);
    await this.#context.volumes.tearDown(this.uid);
    await rm(podLogDirectory(this.#context.dataDir, pod), { recursive: true, force: true });
    this.#gone = true;
  }
}

/** Waits for `work`, or rejects with the signal's reason when that comes first; `work` then goes on unheeded. */
async function unless<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const give = (): void => reject(signal.reason);
  signal.addEventListener('abort', give, { once: true });
  if (signal.aborted) give();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', give);
  }
}

const isOver = (pod: Pod): boolean => isTerminal(pod.status?.phase);
