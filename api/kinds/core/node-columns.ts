import type { Column } from '#api/kind.ts';
import { ageColumn, nameColumn, orNone, orUnknown, textColumn, wide } from '#api/kinds/columns.ts';
import type { Node } from '#api/kinds/core/node.ts';
import { findCondition } from '#api/meta/conditions.ts';

const ROLE = 'node-role.kubernetes.io/';

function status(node: Node): string {
  const ready = findCondition(node.status?.conditions, 'Ready');
  const health = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable === true ? `${health},SchedulingDisabled` : health;
}

function roles(node: Node): string {
  const found = Object.entries(node.metadata.labels ?? {}).map(([key, value]) =>
    key.startsWith(ROLE) ? key.slice(ROLE.length) : key === 'kubernetes.io/role' ? value : '',
  );
  return orNone([...new Set(found.filter((role) => role !== ''))].sort().join(','));
}

const address = (node: Node, type: string): string =>
  orNone(node.status?.addresses?.find((one) => one.type === type)?.address);

/** The columns of `kubectl get nodes`. */
export const nodeColumns: readonly Column<Node>[] = [
  nameColumn,
  textColumn('Status', 'Is it ready, and does it take new pods.', status),
  textColumn('Roles', 'The roles that its labels give it.', roles),
  ageColumn,
  textColumn('Version', 'The version of its agent.', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
  wide(textColumn('Internal-IP', 'Its address in the cluster.', (node) => address(node, 'InternalIP'))),
  wide(textColumn('External-IP', 'Its address outside.', (node) => address(node, 'ExternalIP'))),
  wide(textColumn('OS-Image', 'Its operating system.', (node) => orUnknown(node.status?.nodeInfo?.osImage))),
  wide(textColumn('Kernel-Version', 'Its kernel.', (node) => orUnknown(node.status?.nodeInfo?.kernelVersion))),
  wide(
    textColumn('Container-Runtime', 'What runs its containers.', (node) =>
      orUnknown(node.status?.nodeInfo?.containerRuntimeVersion),
    ),
  ),
];
