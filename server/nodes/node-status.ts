import type { Node, NodeCondition, NodeStatus } from '#api/kinds/core/node.ts';
import { nodeKind } from '#api/kinds/core/node.ts';
import type { PodStatus } from '#api/kinds/core/pod-status.ts';
import { StatusError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { Client } from '#server/store/client.ts';

/** The conditions that an agent answers for, and that become Unknown when it is silent (nodelifecycle: nodeConditionTypes). */
export const AGENT_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/**
 * Creates the Node, or brings labels and status of the one there is up to what the agent says. What users set stays.
 * Resolves with the object as stored.
 */
export async function registerNode(client: Client, wanted: Node, now: Date): Promise<Node> {
  const name = wanted.metadata.name ?? '';
  const labels = { ...wanted.metadata.labels };
  const annotations = { ...wanted.metadata.annotations };
  if (client.get(nodeKind, '', name) === undefined) {
    try {
      const { uid: _uid, resourceVersion: _version, creationTimestamp: _time, ...metadata } = wanted.metadata;
      return await client.create(nodeKind, { ...wanted, metadata });
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    }
  }
  await client.update(nodeKind, '', name, (node) => {
    const before = JSON.stringify([node.metadata.labels, node.metadata.annotations]);
    node.metadata.labels = { ...node.metadata.labels, ...labels };
    if (Object.keys(annotations).length > 0)
      node.metadata.annotations = { ...node.metadata.annotations, ...annotations };
    if (JSON.stringify([node.metadata.labels, node.metadata.annotations]) === before) return false;
  });
  return client.updateStatus(nodeKind, '', name, (node) => applyNodeStatus(node, wanted.status ?? {}, now));
}

/** Puts an agent's status into a Node: its fields and its conditions; those of others (NetworkUnavailable) stay. False when nothing changes. */
export function applyNodeStatus(node: Node, status: NodeStatus, now: Date): void | false {
  const before = JSON.stringify(node.status);
  node.status = {
    ...node.status,
    ...status,
    conditions: mergeConditions(node.status?.conditions ?? [], status.conditions ?? [], now),
  };
  if (JSON.stringify(node.status) === before) return false;
}

/** A condition's transition time is when its status changed here: the agent does not know that it was Unknown meanwhile. */
function mergeConditions(
  current: readonly NodeCondition[],
  given: readonly NodeCondition[],
  now: Date,
): NodeCondition[] {
  const merged = given.map((condition) => {
    const old = current.find(({ type }) => type === condition.type);
    if (old === undefined) return { lastTransitionTime: formatTime(now), ...condition };
    const lastTransitionTime = old.status === condition.status ? old.lastTransitionTime : formatTime(now);
    return { ...condition, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) };
  });
  return [...merged, ...current.filter(({ type }) => !given.some((condition) => condition.type === type))];
}

/** The agent is silent: its conditions are Unknown (nodelifecycle: tryUpdateNodeHealth). False when they are so already. */
export function markUnknown(node: Node, now: Date): void | false {
  const conditions = [...(node.status?.conditions ?? [])];
  let changed = false;
  for (const type of AGENT_CONDITIONS) {
    const index = conditions.findIndex((condition) => condition.type === type);
    const old = conditions[index];
    if (old?.status === 'Unknown') continue;
    changed = true;
    const time = formatTime(now);
    if (old === undefined)
      conditions.push({
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        lastHeartbeatTime: node.metadata.creationTimestamp ?? time,
        lastTransitionTime: time,
      });
    else
      conditions[index] = {
        ...old,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: time,
      };
  }
  if (!changed) return false;
  node.status = { ...node.status, conditions };
}

/**
 * A pod's status as the agent sees it, joined with what others put there: conditions that the agent does not name (the scheduler's, readiness gates,
 * DisruptionTarget) and the nominated node (kubelet: mergePodStatus).
 */
export function mergePodStatus(current: PodStatus, given: PodStatus): PodStatus {
  const conditions = given.conditions ?? [];
  const others = (current.conditions ?? []).filter(({ type }) => !conditions.some((own) => own.type === type));
  return {
    ...(current.nominatedNodeName === undefined ? {} : { nominatedNodeName: current.nominatedNodeName }),
    ...(current.qosClass === undefined ? {} : { qosClass: current.qosClass }),
    ...given,
    conditions: [...conditions, ...others],
  };
}
