import { milliValue, quantityValue } from '#api/meta/quantity.ts';
import type { Container } from '#api/podspec/container.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import type { RuntimeResources } from '../../runtime/runtime.ts';

/** A pod's quality of service. */
export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** kubelet: minShares, sharesPerCPU, quotaPeriod, minQuotaPeriod (pkg/kubelet/cm/helpers_linux.go). */
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const SHARES_PER_CPU = 1024;
const QUOTA_PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;

/** kubelet: pkg/kubelet/qos/policy.go. */
const GUARANTEED_OOM_SCORE = -997;
const BEST_EFFORT_OOM_SCORE = 1000;

/** The class of a pod (upstream: ComputePodQOS): init containers count as well. */
export function qosClass(spec: PodSpec): QosClass {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  let any = false;
  let guaranteed = true;
  for (const container of containers) {
    const limits = amounts(container.resources?.limits);
    const requests = amounts(container.resources?.requests);
    if (limits.size > 0 || requests.size > 0) any = true;
    for (const resource of ['cpu', 'memory']) {
      const limit = limits.get(resource);
      if (limit === undefined || (requests.get(resource) ?? limit) !== limit) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function amounts(list: Readonly<Record<string, string>> | undefined): Map<string, number> {
  const found = new Map<string, number>();
  for (const resource of ['cpu', 'memory']) {
    const value = milliValue(list?.[resource]);
    if (value > 0) found.set(resource, value);
  }
  return found;
}

/** The cgroup under which all containers of a pod live (cgroupfs): `/kubepods/burstable/pod<uid>`. */
export function cgroupParent(spec: PodSpec, uid: string): string {
  const qos = qosClass(spec);
  return qos === 'Guaranteed' ? `/kubepods/pod${uid}` : `/kubepods/${qos.toLowerCase()}/pod${uid}`;
}

/** The limits that the kernel gets for a container. `nodeMemoryBytes` is for the order in which the OOM killer looks at containers. */
export function containerResources(
  spec: PodSpec,
  container: Pick<Container, 'resources'>,
  nodeMemoryBytes: number,
): RuntimeResources {
  const limits = container.resources?.limits;
  const requests = container.resources?.requests;
  const cpuLimit = milliValue(limits?.['cpu']);
  const cpuRequest = requests?.['cpu'] === undefined ? cpuLimit : milliValue(requests['cpu']);
  return {
    cpuShares: Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((cpuRequest * SHARES_PER_CPU) / 1000))),
    cpuQuota: cpuLimit === 0 ? 0 : Math.max(MIN_QUOTA_US, Math.floor((cpuLimit * QUOTA_PERIOD_US) / 1000)),
    cpuPeriod: QUOTA_PERIOD_US,
    memoryLimitBytes: quantityValue(limits?.['memory']),
    oomScoreAdj: oomScoreAdj(spec, container, nodeMemoryBytes),
  };
}

/** Who goes first when memory runs out: the more of the node's memory a container asked for, the later (kubelet: GetContainerOOMScoreAdjust). */
function oomScoreAdj(spec: PodSpec, container: Pick<Container, 'resources'>, nodeMemoryBytes: number): number {
  if (spec.priorityClassName === 'system-node-critical') return GUARANTEED_OOM_SCORE;
  const qos = qosClass(spec);
  if (qos === 'Guaranteed') return GUARANTEED_OOM_SCORE;
  if (qos === 'BestEffort') return BEST_EFFORT_OOM_SCORE;
  const { requests, limits } = container.resources ?? {};
  const request = quantityValue(requests?.['memory'] ?? limits?.['memory']);
  const score = 1000 - Math.floor((1000 * request) / Math.max(1, nodeMemoryBytes));
  return Math.min(BEST_EFFORT_OOM_SCORE - 1, Math.max(1000 + GUARANTEED_OOM_SCORE, score));
}
