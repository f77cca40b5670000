import type { NodeCondition } from '#api/kinds/core/node.ts';
import { findCondition } from '#api/meta/conditions.ts';
import { formatTime } from '#api/meta/time.ts';
import type { Pressure } from '../stats/pressure.ts';

/** How the runtime and its network are. */
export interface RuntimeHealth {
  readonly runtimeReady: boolean;
  readonly networkReady: boolean;
  /** The runtime's own words when something is not ready: `NetworkPluginNotReady message:Network plugin returns error: …`. */
  readonly message: string;
}

/** The conditions of a node in kubelet's words. Transition times of `before` are kept where the status is the same. */
export function nodeConditions(
  pressure: Pressure,
  health: RuntimeHealth,
  before: readonly NodeCondition[] | undefined,
  now: Date,
): NodeCondition[] {
  const found: Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>[] = [
    pressure.memory
      ? yes('MemoryPressure', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available')
      : no('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    pressure.disk
      ? yes('DiskPressure', 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      : no('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    pressure.pid
      ? yes('PIDPressure', 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available')
      : no('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    ready(health),
  ];
  return found.map((condition) => {
    const old = findCondition(before, condition.type);
    const kept = old?.status === condition.status ? old.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: formatTime(now), lastTransitionTime: kept ?? formatTime(now) };
  });
}

/** The reason of the event that tells of a condition's new status, e.g. `NodeHasSufficientMemory`. */
export function conditionEvent({ type, status }: NodeCondition): string {
  const [whenTrue = '', whenFalse = ''] = EVENTS[type] ?? [];
  return status === 'True' ? whenTrue : whenFalse;
}

const EVENTS: Readonly<Record<string, readonly [string, string]>> = {
  MemoryPressure: ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
  DiskPressure: ['NodeHasDiskPressure', 'NodeHasNoDiskPressure'],
  PIDPressure: ['NodeHasInsufficientPID', 'NodeHasSufficientPID'],
  Ready: ['NodeReady', 'NodeNotReady'],
};

const yes = (type: string, reason: string, message: string) => ({ type, status: 'True', reason, message });
const no = (type: string, reason: string, message: string) => ({ type, status: 'False', reason, message });

function ready({ runtimeReady, networkReady, message }: RuntimeHealth): ReturnType<typeof yes> {
  if (runtimeReady && networkReady) return yes('Ready', 'KubeletReady', 'kubelet is posting ready status');
  if (!runtimeReady)
    return no('Ready', 'KubeletNotReady', `container runtime is down${message === '' ? '' : `: ${message}`}`);
  const detail = `container runtime network not ready: NetworkReady=false reason:${message}`;
  return no('Ready', 'KubeletNotReady', detail);
}
