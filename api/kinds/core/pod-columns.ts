import type { Column } from '#api/kind.ts';
import { ageColumn, nameColumn, orNone, textColumn, wide } from '#api/kinds/columns.ts';
import type { ContainerStatus } from '#api/kinds/core/pod-status.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { findCondition, isConditionTrue } from '#api/meta/conditions.ts';
import { age } from '#api/meta/time.ts';

/** What `kubectl get pods` says of a pod, before it is put into cells. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating` … */
  readonly status: string;
  readonly restarts: number;
  /** When the last container that was restarted had ended; RFC 3339. */
  readonly lastRestart: string | undefined;
}

/** Restarts of some containers, and the latest end among them. */
class Restarts {
  count = 0;
  last: string | undefined;

  add(container: ContainerStatus): void {
    this.count += container.restartCount ?? 0;
    const finished = container.lastState?.terminated?.finishedAt;
    if (finished !== undefined && (this.last === undefined || this.last < finished)) this.last = finished;
  }
}

const ended = ({ state }: ContainerStatus): string | undefined => {
  if (state?.terminated === undefined) return undefined;
  const { reason, signal, exitCode } = state.terminated;
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
};

/**
 * Sums up a pod as upstream's printer does: the first init container that is not through decides; when all are, the first container
 * with something to say does; deletion comes before everything (printers/internalversion: printPod).
 */
export function summarizePod(pod: Pod): PodSummary {
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').map((one) => one.name),
  );
  const init = summarizeInit(pod, sidecars);
  const scheduled = findCondition(pod.status?.conditions, 'PodScheduled');
  let status =
    init.reason ??
    (scheduled?.reason === 'SchedulingGated' ? 'SchedulingGated' : pod.status?.reason || pod.status?.phase || '');
  let { ready } = init;
  let restarts = init.all;
  if (init.reason === undefined || isConditionTrue(pod.status?.conditions, 'Initialized')) {
    restarts = init.sidecars;
    let running = false;
    for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
      restarts.add(container);
      const said = container.state?.waiting?.reason || ended(container);
      if (said) status = said;
      else if (container.ready && container.state?.running !== undefined) {
        running = true;
        ready += 1;
      }
    }
    if (status === 'Completed' && running)
      status = isConditionTrue(pod.status?.conditions, 'Ready') ? 'Running' : 'NotReady';
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (pod.status?.reason === 'NodeLost') status = 'Unknown';
    else if (pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed') status = 'Terminating';
  }
  return {
    ready,
    total: (pod.spec?.containers ?? []).length + sidecars.size,
    status,
    restarts: restarts.count,
    lastRestart: restarts.last,
  };
}

function summarizeInit(pod: Pod, sidecars: ReadonlySet<string>) {
  const all = new Restarts();
  const ofSidecars = new Restarts();
  let ready = 0;
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = sidecars.has(container.name);
    all.add(container);
    if (sidecar) ofSidecars.add(container);
    const { state } = container;
    if (state?.terminated?.exitCode === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready) ready += 1;
      continue;
    }
    const waiting = state?.waiting?.reason;
    const said = ended(container) ?? (waiting === 'PodInitializing' ? undefined : waiting);
    const reason = `Init:${said || `${index}/${(pod.spec?.initContainers ?? []).length}`}`;
    return { all, sidecars: ofSidecars, ready, reason };
  }
  return { all, sidecars: ofSidecars, ready, reason: undefined };
}

function restartsCell(pod: Pod, now: Date): string {
  const { restarts, lastRestart } = summarizePod(pod);
  return restarts === 0 || lastRestart === undefined ? `${restarts}` : `${restarts} (${age(lastRestart, now)} ago)`;
}

function readinessGatesCell(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  const passed = gates.filter((gate) => isConditionTrue(pod.status?.conditions, gate.conditionType)).length;
  return gates.length === 0 ? '<none>' : `${passed}/${gates.length}`;
}

/** The columns of `kubectl get pods`. */
export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  textColumn('Ready', 'Containers that are ready, of all that run side by side.', (pod) => {
    const { ready, total } = summarizePod(pod);
    return `${ready}/${total}`;
  }),
  textColumn('Status', 'The phase, or the reason that tells more than it.', (pod) => summarizePod(pod).status),
  textColumn('Restarts', 'How often containers were restarted, and when last.', restartsCell),
  ageColumn,
  wide(textColumn('IP', "The pod's address.", (pod) => orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP))),
  wide(textColumn('Node', 'The node that it runs on.', (pod) => orNone(pod.spec?.nodeName))),
  wide(
    textColumn('Nominated Node', 'The node that is being cleared for it.', (pod) =>
      orNone(pod.status?.nominatedNodeName),
    ),
  ),
  wide(textColumn('Readiness Gates', 'Extra conditions of readiness that are met.', readinessGatesCell)),
];
