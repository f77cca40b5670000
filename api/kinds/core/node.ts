import {
  type Static,
  boolean,
  described,
  field,
  int32,
  int64,
  list,
  listMap,
  map,
  object,
  pointer,
  quantity,
  required,
  set,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { nodeColumns } from '#api/kinds/core/node-columns.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { validateNode, validateNodeUpdate } from '#api/kinds/core/node-validation.ts';

/** `core.v1.ConfigMapNodeConfigSource`. */
export const ConfigMapNodeConfigSource = object('core.v1.ConfigMapNodeConfigSource', {
  namespace: required(1, string()),
  name: required(2, string()),
  uid: field(3, string()),
  resourceVersion: field(4, string()),
  kubeletConfigKey: required(5, string()),
});
/** The JSON form of `core.v1.ConfigMapNodeConfigSource`. */
export type ConfigMapNodeConfigSource = Static<typeof ConfigMapNodeConfigSource>;

/** `core.v1.NodeConfigSource`. */
export const NodeConfigSource = object('core.v1.NodeConfigSource', {
  configMap: field(2, ConfigMapNodeConfigSource),
});
/** The JSON form of `core.v1.NodeConfigSource`. */
export type NodeConfigSource = Static<typeof NodeConfigSource>;

/** `core.v1.Taint`. */
export const Taint = object('core.v1.Taint', {
  key: required(1, string()),
  value: field(2, string()),
  effect: required(3, string()),
  timeAdded: field(4, time()),
});
/** The JSON form of `core.v1.Taint`. */
export type Taint = Static<typeof Taint>;

/** `core.v1.NodeSpec`. */
export const NodeSpec = object('core.v1.NodeSpec', {
  podCIDR: field(1, string()),
  externalID: field(2, string()),
  providerID: field(3, string()),
  unschedulable: field(4, described('Assign no new pods to the node (cordon).', boolean())),
  taints: field(5, described('Marks that keep away pods which do not tolerate them.', list(Taint))),
  configSource: field(6, NodeConfigSource),
  podCIDRs: field(7, set(string(), { patchStrategy: 'merge' })),
});
/** The JSON form of `core.v1.NodeSpec`. */
export type NodeSpec = Static<typeof NodeSpec>;

/** `core.v1.NodeAddress`. */
export const NodeAddress = object('core.v1.NodeAddress', {
  type: required(1, string()),
  address: required(2, string()),
});
/** The JSON form of `core.v1.NodeAddress`. */
export type NodeAddress = Static<typeof NodeAddress>;

/** `core.v1.NodeCondition`. */
export const NodeCondition = object('core.v1.NodeCondition', {
  type: required(1, string()),
  status: required(2, string()),
  lastHeartbeatTime: field(3, time()),
  lastTransitionTime: field(4, time()),
  reason: field(5, string()),
  message: field(6, string()),
});
/** The JSON form of `core.v1.NodeCondition`. */
export type NodeCondition = Static<typeof NodeCondition>;

/** `core.v1.NodeConfigStatus`. */
export const NodeConfigStatus = object('core.v1.NodeConfigStatus', {
  assigned: field(1, NodeConfigSource),
  active: field(2, NodeConfigSource),
  lastKnownGood: field(3, NodeConfigSource),
  error: field(4, string()),
});
/** The JSON form of `core.v1.NodeConfigStatus`. */
export type NodeConfigStatus = Static<typeof NodeConfigStatus>;

/** `core.v1.DaemonEndpoint`. */
export const DaemonEndpoint = object('core.v1.DaemonEndpoint', {
  Port: required(1, int32()),
});
/** The JSON form of `core.v1.DaemonEndpoint`. */
export type DaemonEndpoint = Static<typeof DaemonEndpoint>;

/** `core.v1.NodeDaemonEndpoints`. */
export const NodeDaemonEndpoints = object('core.v1.NodeDaemonEndpoints', {
  kubeletEndpoint: field(1, value(DaemonEndpoint)),
});
/** The JSON form of `core.v1.NodeDaemonEndpoints`. */
export type NodeDaemonEndpoints = Static<typeof NodeDaemonEndpoints>;

/** `core.v1.NodeFeatures`. */
export const NodeFeatures = object('core.v1.NodeFeatures', {
  supplementalGroupsPolicy: field(1, pointer(boolean())),
});
/** The JSON form of `core.v1.NodeFeatures`. */
export type NodeFeatures = Static<typeof NodeFeatures>;

/** `core.v1.ContainerImage`. */
export const ContainerImage = object('core.v1.ContainerImage', {
  names: field(1, list(string())),
  sizeBytes: field(2, int64()),
});
/** The JSON form of `core.v1.ContainerImage`. */
export type ContainerImage = Static<typeof ContainerImage>;

/** `core.v1.NodeSwapStatus`. */
export const NodeSwapStatus = object('core.v1.NodeSwapStatus', {
  capacity: field(1, pointer(int64())),
});
/** The JSON form of `core.v1.NodeSwapStatus`. */
export type NodeSwapStatus = Static<typeof NodeSwapStatus>;

/** `core.v1.NodeSystemInfo`. */
export const NodeSystemInfo = object('core.v1.NodeSystemInfo', {
  machineID: required(1, string()),
  systemUUID: required(2, string()),
  bootID: required(3, string()),
  kernelVersion: required(4, string()),
  osImage: required(5, string()),
  containerRuntimeVersion: required(6, string()),
  kubeletVersion: required(7, string()),
  kubeProxyVersion: required(8, string()),
  operatingSystem: required(9, string()),
  architecture: required(10, string()),
  swap: field(11, NodeSwapStatus),
});
/** The JSON form of `core.v1.NodeSystemInfo`. */
export type NodeSystemInfo = Static<typeof NodeSystemInfo>;

/** `core.v1.NodeRuntimeHandlerFeatures`. */
export const NodeRuntimeHandlerFeatures = object('core.v1.NodeRuntimeHandlerFeatures', {
  recursiveReadOnlyMounts: field(1, pointer(boolean())),
  userNamespaces: field(2, pointer(boolean())),
});
/** The JSON form of `core.v1.NodeRuntimeHandlerFeatures`. */
export type NodeRuntimeHandlerFeatures = Static<typeof NodeRuntimeHandlerFeatures>;

/** `core.v1.NodeRuntimeHandler`. */
export const NodeRuntimeHandler = object('core.v1.NodeRuntimeHandler', {
  features: field(2, NodeRuntimeHandlerFeatures),
  name: field(1, string()),
});
/** The JSON form of `core.v1.NodeRuntimeHandler`. */
export type NodeRuntimeHandler = Static<typeof NodeRuntimeHandler>;

/** `core.v1.AttachedVolume`. */
export const AttachedVolume = object('core.v1.AttachedVolume', {
  name: required(1, string()),
  devicePath: required(2, string()),
});
/** The JSON form of `core.v1.AttachedVolume`. */
export type AttachedVolume = Static<typeof AttachedVolume>;

/** `core.v1.NodeStatus`. */
export const NodeStatus = object('core.v1.NodeStatus', {
  capacity: field(1, map(quantity())),
  allocatable: field(2, map(quantity())),
  phase: field(3, string()),
  conditions: field(4, listMap(NodeCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' })),
  addresses: field(5, listMap(NodeAddress, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' })),
  daemonEndpoints: field(6, value(NodeDaemonEndpoints)),
  nodeInfo: field(7, value(NodeSystemInfo)),
  images: field(8, list(ContainerImage)),
  volumesInUse: field(9, list(string())),
  volumesAttached: field(10, list(AttachedVolume)),
  config: field(11, NodeConfigStatus),
  declaredFeatures: field(14, list(string())),
  features: field(13, NodeFeatures),
  runtimeHandlers: field(12, list(NodeRuntimeHandler)),
});
/** The JSON form of `core.v1.NodeStatus`. */
export type NodeStatus = Static<typeof NodeStatus>;

/** `core.v1.Node`. */
export const Node = object(
  'core.v1.Node',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, value(NodeSpec)),
    status: field(3, value(NodeStatus)),
  },
  { description: 'A machine that runs pods.' },
);
/** The JSON form of `core.v1.Node`. */
export type Node = Static<typeof Node>;

/** Nodes. */
export const nodeKind = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  schema: Node,
  shortNames: ['no'],
  scope: 'Cluster',
  hasStatus: true,
  fieldLabels: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false) },
  columns: nodeColumns,
  applyDefaults({ spec, status }) {
    if (spec?.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
    const [first] = spec?.podCIDRs ?? [];
    if (spec !== undefined && first !== undefined) spec.podCIDR = first;
    if (status?.capacity !== undefined) status.allocatable ??= { ...status.capacity };
  },
  prepareForUpdate(node, old) {
    carryOver(node, old, 'status');
  },
  prepareForStatusUpdate(node, old) {
    carryOver(node, old, 'spec');
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatusUpdate: validateNode,
});
