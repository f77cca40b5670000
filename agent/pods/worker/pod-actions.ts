import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import type { RuntimeContainerStatus } from '../../runtime/runtime.ts';
import { ANNOTATIONS } from '../containers/container-config.ts';
import type { PodRecord } from '../pod-record.ts';

/** A container to be killed, and what is said of it. */
export interface KillAction {
  readonly container: RuntimeContainerStatus;
  readonly message: string;
  /** Why, when a probe is the cause: its own grace period counts. */
  readonly probe?: 'liveness' | 'startup';
}

/** The next steps that bring a pod nearer to what it should be. */
export interface PodActions {
  /** Kill everything and make a new sandbox. */
  readonly createSandbox: boolean;
  readonly kill: readonly KillAction[];
  /** Ephemeral containers, init containers (one, and sidecars that ended) and containers to start now, in this order. */
  readonly start: readonly Container[];
  /** An init container failed and will not run again: the pod is lost. */
  readonly initFailed: boolean;
  /** Nothing runs and nothing will: the sandbox may go. */
  readonly finished: boolean;
}

/** What probes say of a container now. */
export interface ProbeVerdicts {
  /** The startup probe has passed, or there is none. */
  started(container: string, containerId: string): boolean;
  /** The probe that has failed for good, if one has. */
  failed(container: string, containerId: string): 'liveness' | 'startup' | undefined;
}

const NOTHING: PodActions = { createSandbox: false, kill: [], start: [], initFailed: false, finished: false };

/** An init container that runs beside the others: `restartPolicy: Always` (KEP-753). */
export const isSidecar = (container: Pick<Container, 'restartPolicy'>): boolean => container.restartPolicy === 'Always';

/** Will a container that has ended so be started again. */
export function restarts(policy: string, container: RuntimeContainerStatus): boolean {
  if (container.state !== 'exited') return true;
  return policy === 'Always' || (policy === 'OnFailure' && container.exitCode !== 0);
}

/**
 * Compares a pod with what runs of it (kubelet: computePodActions). Pure: asked again after every change, it says what is left to do.
 */
export function podActions(pod: Pod, record: PodRecord, probes: ProbeVerdicts): PodActions {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (record.readySandbox === undefined) return withoutSandbox(pod, record, policy);
  const init = initActions(pod, record, probes, policy);
  if (init.kind === 'failed') return { ...NOTHING, kill: killAll(record), initFailed: true, finished: true };
  const ephemeral = ephemeralToStart(pod, record);
  if (init.kind === 'busy') return { ...NOTHING, kill: init.kill, start: [...ephemeral, ...init.start] };
  const kill: KillAction[] = [...init.kill];
  const start: Container[] = [...init.start];
  let kept = 0;
  for (const container of pod.spec?.containers ?? []) {
    const latest = record.latest(container.name);
    if (latest === undefined) start.push(container);
    else if (latest.state === 'running' && record.sandboxes.get(latest.sandboxId)?.state === 'ready') {
      const action = killOf(container, latest, probes, policy);
      if (action === undefined) kept += 1;
      else {
        kill.push(action);
        if (action.probe === undefined || policy !== 'Never') start.push(container);
      }
    } else if (restarts(policy, latest)) {
      if (latest.state === 'running' || latest.state === 'unknown')
        kill.push({ container: latest, message: `Container ${container.name} is in state ${latest.state}` });
      start.push(container);
    }
  }
  const finished = kept === 0 && start.length === 0;
  if (finished) return { ...NOTHING, kill: killAll(record), finished };
  return { ...NOTHING, kill, start: [...ephemeral, ...start] };
}

/** Ephemeral containers run once, from the moment they are asked for, also beside init containers; none keeps a pod alive. */
const ephemeralToStart = (pod: Pod, record: PodRecord): Container[] =>
  (pod.spec?.ephemeralContainers ?? []).filter(({ name }) => (record.latest(name)?.state ?? 'created') === 'created');

/** A pod that may not be started again keeps the end that it had. */
function withoutSandbox(pod: Pod, record: PodRecord, policy: string): PodActions {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const began = containers.some(({ name }) => record.latest(name) !== undefined);
  const kill = killAll(record);
  if (policy === 'Never' && (began || initContainers.some(({ name }) => record.latest(name) !== undefined)))
    return { ...NOTHING, kill, finished: true };
  const left = containers.filter(({ name }) => {
    const latest = record.latest(name);
    return latest === undefined || restarts(policy, latest);
  });
  if (left.length === 0) return { ...NOTHING, kill, finished: true };
  return { ...NOTHING, createSandbox: true, kill };
}

const killAll = (record: PodRecord): KillAction[] =>
  record.running.map((container) => ({ container, message: `Stopping container ${container.name}` }));

type InitActions =
  | { readonly kind: 'done' | 'busy'; readonly kill: readonly KillAction[]; readonly start: readonly Container[] }
  | { readonly kind: 'failed' };

/** Init containers run in their order, each to its end; sidecars stay and let the next begin once they have started. */
function initActions(pod: Pod, record: PodRecord, probes: ProbeVerdicts, policy: string): InitActions {
  const { initContainers = [], containers = [] } = pod.spec ?? {};
  const sandboxId = record.readySandbox?.id;
  const here = (name: string): RuntimeContainerStatus | undefined => {
    const latest = record.latest(name);
    return latest?.sandboxId === sandboxId ? latest : undefined;
  };
  // Containers of the pod exist only after all init containers have done their work.
  const passed = containers.some(({ name }) => here(name) !== undefined);
  const kill: KillAction[] = [];
  const start: Container[] = [];
  for (const container of initContainers) {
    const latest = here(container.name);
    if (isSidecar(container)) {
      const action = latest?.state === 'running' ? killOf(container, latest, probes, 'Always') : undefined;
      if (action !== undefined) kill.push(action);
      if (latest?.state !== 'running' || action !== undefined) start.push(container);
      if (!passed && (latest?.state !== 'running' || !probes.started(container.name, latest.id)))
        return { kind: 'busy', kill, start };
      continue;
    }
    if (passed) continue;
    if (latest?.state === 'running') return { kind: 'busy', kill, start };
    if (latest?.state === 'exited' && latest.exitCode === 0) continue;
    if (latest?.state === 'exited' && policy === 'Never') return { kind: 'failed' };
    if (latest?.state === 'unknown')
      kill.push({
        container: latest,
        message: `Init container is in "${latest.state}" state, try killing it before restart`,
      });
    return { kind: 'busy', kill, start: [...start, container] };
  }
  return { kind: 'done', kill, start };
}

function killOf(
  container: Container,
  running: RuntimeContainerStatus,
  probes: ProbeVerdicts,
  policy: string,
): KillAction | undefined {
  const image = running.annotations[ANNOTATIONS.image];
  if (image !== undefined && image !== (container.image ?? ''))
    return { container: running, message: `Container ${container.name} definition changed, will be restarted` };
  const probe = probes.failed(container.name, running.id);
  if (probe === undefined) return undefined;
  const again = policy === 'Never' ? '' : ', will be restarted';
  return { container: running, message: `Container ${container.name} failed ${probe} probe${again}`, probe };
}
