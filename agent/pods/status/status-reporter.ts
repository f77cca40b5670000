import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { ContainerStatus, PodStatus } from '#api/kinds/core/pod-status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { Container } from '#api/podspec/container.ts';
import type { RuntimeContainerStatus } from '../../runtime/runtime.ts';
import { containerStatus, type WaitingState } from './container-status.ts';
import { isSidecar, restarts } from '../worker/pod-actions.ts';
import type { PodContext } from '../pod-context.ts';
import type { PodProbes } from '../probes/pod-probes.ts';
import type { PodRecord } from '../pod-record.ts';
import { podStatus } from './pod-status.ts';

/** What a status is made from, as the worker has it. */
export interface ReportFacts {
  readonly pod: Pod;
  readonly record: PodRecord;
  readonly probes: PodProbes;
  readonly waiting: ReadonlyMap<string, WaitingState>;
  readonly messages: ReadonlyMap<string, string>;
  readonly verdict: { readonly reason: string; readonly message: string } | undefined;
}

/** A first status is held back this long: most pods run before it is over, and one write is saved. */
const CREATING_DELAY_MS = 400;
/** That a container runs is told this long after its start: one that ends at once is not called Ready before. */
const SETTLE_MS = 40;
/** The same for pods that are to end (jobs): a short one is told when it is over. Upstream sees a start up to a second late. */
const SETTLE_JOB_MS = 1000;
/** A container that failed within this time after its last start … */
const QUICK_FAILURE_MS = 10_000;
/** … is called ready only when it has stayed up this long, so that a crash loop does not blink in its Services. */
const PROVE_MS = 1000;

/** Makes a pod's status and sends it when it differs from what was sent, held back a little where more is about to follow. */
export class StatusReporter {
  readonly #context: PodContext;
  readonly #startTime: string;
  #sent: PodStatus | undefined;
  #sentText = '';
  #waiting: { readonly pod: Pod; readonly status: PodStatus } | undefined;
  /** When the timer sends it. */
  #due = 0;
  #timer = new AbortController();

  constructor(context: PodContext, pod: Pod) {
    this.#context = context;
    this.#startTime = pod.status?.startTime ?? formatTime(new Date(context.clock.now()));
  }

  /** When the pod began here, RFC 3339. */
  get startTime(): string {
    return this.#startTime;
  }

  /** The status as it is now. */
  make(facts: ReportFacts): PodStatus {
    const { pod, record } = facts;
    const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
    const now = new Date(this.#context.clock.now());
    return podStatus({
      pod,
      containers: containers.map((container) => this.#container(facts, container, false)),
      initContainers: initContainers.map((container) => this.#container(facts, container, true)),
      ephemeralContainers: ephemeralContainers.map((container) => this.#ephemeral(facts, container)),
      podIPs: record.ips,
      hostIPs: this.#context.hostIPs(),
      startTime: this.#startTime,
      sandboxReady: record.readySandbox !== undefined,
      verdict: facts.verdict,
      previous: this.#sent ?? pod.status,
      now,
    });
  }

  /** Sends what has changed. Returns when to look again, for a container that has yet to prove itself; milliseconds. */
  report(facts: ReportFacts): number {
    const status = this.make(facts);
    const { pod } = facts;
    // After a restart of the agent the hub knows it all already.
    if (this.#sent === undefined && holds(pod.status, status)) {
      this.#sent = status;
      this.#sentText = JSON.stringify(status);
    }
    if (JSON.stringify(status) !== this.#sentText) {
      const delay = this.#delay(facts, status);
      if (delay === 0) this.#send(pod, status);
      else this.#hold(pod, status, delay);
    } else this.#drop();
    return this.#unproven(facts);
  }

  /** Sends again what the hub has not got. */
  resend(pod: Pod): void {
    const sent = this.#sent;
    if (sent === undefined) return;
    if (!holds(pod.status, sent)) this.#context.sendStatus(pod, sent);
  }

  /** Sends nothing more. */
  stop(): void {
    this.#drop();
  }

  /** Sends after `delayMs`, or when what was held back before it would have gone, if that is sooner. */
  #hold(pod: Pod, status: PodStatus, delayMs: number): void {
    const due = this.#context.clock.now() + delayMs;
    const isArmed = this.#waiting !== undefined && this.#due <= due;
    this.#waiting = { pod, status };
    if (!isArmed) void this.#sendLater(delayMs, due);
  }

  async #sendLater(delayMs: number, due: number): Promise<void> {
    this.#timer.abort();
    this.#due = due;
    const { signal } = (this.#timer = new AbortController());
    await this.#context.clock.sleep(delayMs, signal);
    const waiting = this.#waiting;
    if (!signal.aborted && waiting !== undefined) this.#send(waiting.pod, waiting.status);
  }

  #send(pod: Pod, status: PodStatus): void {
    this.#drop();
    this.#sent = status;
    this.#sentText = JSON.stringify(status);
    this.#context.sendStatus(pod, status);
  }

  #drop(): void {
    this.#waiting = undefined;
    this.#timer.abort();
  }

  #delay({ pod, record }: ReportFacts, status: PodStatus): number {
    if (status.phase === 'Succeeded' || status.phase === 'Failed') return 0;
    const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    const blocked = statuses.some(({ state }) => !ORDINARY_WAITS.includes(state?.waiting?.reason ?? 'PodInitializing'));
    if (blocked) return 0;
    const creating = (status.containerStatuses ?? []).some(({ state }) => state?.waiting !== undefined);
    if (creating && this.#sent?.phase !== 'Running') return CREATING_DELAY_MS;
    const age = this.#context.clock.now() - Math.max(0, ...record.running.map(({ startedAt }) => startedAt));
    const settle = (pod.spec?.restartPolicy ?? 'Always') === 'Always' ? SETTLE_MS : SETTLE_JOB_MS;
    return age < settle ? settle - age : 0;
  }

  #container(facts: ReportFacts, container: Container, isInit: boolean): ContainerStatus {
    const { pod, record, probes } = facts;
    const history = record.history(container.name);
    const latest = history[0];
    const running = latest?.state === 'running';
    const stays = !isInit || isSidecar(container);
    const started = running && probes.started(container.name, latest.id);
    const ended = latest?.state === 'exited' && latest.exitCode === 0;
    const policy = isSidecar(container) && isInit ? 'Always' : (pod.spec?.restartPolicy ?? 'Always');
    return containerStatus({
      container,
      history,
      messages: facts.messages,
      waiting: facts.waiting.get(container.name),
      initial: initialWait(pod),
      willRestart:
        latest !== undefined && facts.verdict === undefined && !(ended && !stays) && restarts(policy, latest),
      ready: stays ? running && this.#isProven(history) && probes.ready(container.name, latest.id) : ended,
      started: stays ? started : undefined,
    });
  }

  /** Runs once, is never ready, and has no `started`. */
  #ephemeral(facts: ReportFacts, container: Pick<Container, 'name' | 'image'>): ContainerStatus {
    return containerStatus({
      container,
      history: facts.record.history(container.name),
      messages: facts.messages,
      waiting: facts.waiting.get(container.name),
      initial: initialWait(facts.pod),
      willRestart: false,
      ready: false,
      started: undefined,
    });
  }

  #isProven(history: readonly RuntimeContainerStatus[]): boolean {
    return this.#proofLeft(history) <= 0;
  }

  #proofLeft([latest, previous]: readonly RuntimeContainerStatus[]): number {
    if (latest?.state !== 'running' || previous?.state !== 'exited' || previous.exitCode === 0) return 0;
    // 137 = killed from outside: that says nothing against the container.
    if (previous.exitCode === 137 || previous.finishedAt - previous.startedAt > QUICK_FAILURE_MS) return 0;
    return latest.startedAt + PROVE_MS - this.#context.clock.now();
  }

  #unproven({ pod, record }: ReportFacts): number {
    const left = (pod.spec?.containers ?? []).map(({ name }) => this.#proofLeft(record.history(name)));
    return Math.min(Infinity, ...left.filter((ms) => ms > 0));
  }
}

const initialWait = (pod: Pod): WaitingState => ({
  reason: (pod.spec?.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating',
});

const ORDINARY_WAITS = ['ContainerCreating', 'PodInitializing'];

/** Does what the hub has contain all that would be sent. */
function holds(known: PodStatus | undefined, status: PodStatus): boolean {
  const fields: Readonly<Record<string, unknown>> = { ...known };
  return Object.entries(status).every(([field, value]) => isDeepStrictEqual(fields[field], value));
}
