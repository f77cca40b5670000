import type { Pod } from '#api/kinds/core/pod.ts';
import type { ContainerStatus, PodCondition, PodStatus } from '#api/kinds/core/pod-status.ts';
import { findCondition } from '#api/meta/conditions.ts';
import { formatTime } from '#api/meta/time.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import { isSidecar } from '../worker/pod-actions.ts';
import { qosClass } from '../containers/resources.ts';

/** A pod's phase. */
export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** What a pod's status is made from besides its containers' statuses. */
export interface PodFacts {
  readonly pod: Pod;
  readonly containers: readonly ContainerStatus[];
  readonly initContainers: readonly ContainerStatus[];
  readonly ephemeralContainers: readonly ContainerStatus[];
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
  /** RFC 3339. */
  readonly startTime: string;
  readonly sandboxReady: boolean;
  /** Set when the node itself has ended the pod: phase Failed with this reason. */
  readonly verdict: { readonly reason: string; readonly message: string } | undefined;
  /** The status sent last; its transition times are kept. */
  readonly previous: PodStatus | undefined;
  readonly now: Date;
}

/** The conditions that a node decides; others (PodScheduled, readiness gates, DisruptionTarget) are passed on. */
const OWN_CONDITIONS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'];

/** The status of a pod as kubelet reports it. */
export function podStatus(facts: PodFacts): PodStatus {
  const { pod, verdict, podIPs, hostIPs } = facts;
  const spec = pod.spec ?? { containers: [] };
  const phase = verdict === undefined ? podPhase(spec, facts.initContainers, facts.containers) : 'Failed';
  return {
    phase,
    conditions: conditions(facts, spec, phase),
    ...(verdict === undefined ? {} : verdict),
    ...(hostIPs[0] === undefined ? {} : { hostIP: hostIPs[0], hostIPs: hostIPs.map((ip) => ({ ip })) }),
    ...(podIPs[0] === undefined ? {} : { podIP: podIPs[0], podIPs: podIPs.map((ip) => ({ ip })) }),
    startTime: facts.startTime,
    ...(facts.initContainers.length === 0 ? {} : { initContainerStatuses: [...facts.initContainers] }),
    containerStatuses: [...facts.containers],
    qosClass: qosClass(spec),
    ...(facts.ephemeralContainers.length === 0 ? {} : { ephemeralContainerStatuses: [...facts.ephemeralContainers] }),
  };
}

/** The phase that follows from the containers (kubelet: getPhase). */
export function podPhase(
  spec: PodSpec,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): PodPhase {
  const policy = spec.restartPolicy ?? 'Always';
  const init = initState(spec, initStatuses);
  if (init === 'failed' && policy === 'Never') return 'Failed';
  let waiting = 0;
  let running = 0;
  let stopped = 0;
  let succeeded = 0;
  for (const { name } of spec.containers) {
    const status = statuses.find((candidate) => candidate.name === name);
    if (status?.state?.running !== undefined) running += 1;
    else if (status?.state?.terminated !== undefined) {
      stopped += 1;
      if (status.state.terminated.exitCode === 0) succeeded += 1;
    } else if (status?.lastState?.terminated !== undefined) stopped += 1;
    else waiting += 1;
  }
  if (init === 'pending' || waiting > 0) return 'Pending';
  if (running > 0 || policy === 'Always') return 'Running';
  if (stopped === succeeded) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

/** Has the pod ended for good. */
export const isTerminal = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

function initState(spec: PodSpec, statuses: readonly ContainerStatus[]): 'done' | 'pending' | 'failed' {
  let pending = false;
  for (const container of spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name);
    if (isSidecar(container)) {
      if (status?.started !== true && status?.state?.terminated === undefined) pending = true;
      continue;
    }
    const ended =
      status?.state?.terminated ?? (status?.state?.waiting === undefined ? undefined : status.lastState?.terminated);
    if (ended === undefined) pending = true;
    else if (ended.exitCode !== 0) return 'failed';
  }
  return pending ? 'pending' : 'done';
}

function conditions(facts: PodFacts, spec: PodSpec, phase: PodPhase): PodCondition[] {
  const before = facts.previous?.conditions ?? facts.pod.status?.conditions ?? [];
  const containersReady = readyCondition('ContainersReady', facts, spec, phase);
  const own: PodCondition[] = [
    { type: 'PodReadyToStartContainers', status: facts.sandboxReady && !isTerminal(phase) ? 'True' : 'False' },
    initialized(facts, spec, phase),
    gated(facts.pod, readyCondition('Ready', facts, spec, phase)),
    containersReady,
  ];
  const foreign = (facts.pod.status?.conditions ?? []).filter(({ type }) => !OWN_CONDITIONS.includes(type));
  const scheduled = foreign.some(({ type }) => type === 'PodScheduled')
    ? []
    : [{ type: 'PodScheduled', status: 'True' }];
  const stamped = [...own, ...scheduled].map((condition) => {
    const old = findCondition(before, condition.type);
    const kept = old?.status === condition.status ? old.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: kept ?? formatTime(facts.now) };
  });
  return [...stamped, ...foreign];
}

function initialized(facts: PodFacts, spec: PodSpec, phase: PodPhase): PodCondition {
  const type = 'Initialized';
  const incomplete = (spec.initContainers ?? []).filter((container) => {
    const status = facts.initContainers.find(({ name }) => name === container.name);
    return isSidecar(container) ? status?.started !== true : status?.ready !== true;
  });
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  if (incomplete.length === 0) return { type, status: 'True' };
  const message = `containers with incomplete status: [${incomplete.map(({ name }) => name).join(' ')}]`;
  return { type, status: 'False', reason: 'ContainersNotInitialized', message };
}

function readyCondition(type: string, facts: PodFacts, spec: PodSpec, phase: PodPhase): PodCondition {
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const sidecars = (spec.initContainers ?? []).filter((container) => isSidecar(container));
  const statuses = [...facts.initContainers, ...facts.containers];
  const unready = [...sidecars, ...spec.containers]
    .map(({ name }) => name)
    .filter((name) => statuses.find((status) => status.name === name)?.ready !== true);
  if (unready.length === 0) return { type, status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { type, status: 'False', reason: 'ContainersNotReady', message };
}

/** A pod is Ready only when every readiness gate says so too. */
function gated(pod: Pod, ready: PodCondition): PodCondition {
  if (ready.status !== 'True') return ready;
  const messages: string[] = [];
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const condition = findCondition(pod.status?.conditions, conditionType);
    if (condition === undefined)
      messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (condition.status !== 'True')
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
  }
  if (messages.length === 0) return ready;
  return { type: ready.type, status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}
