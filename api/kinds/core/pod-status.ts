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
import { ResourceRequirements } from '#api/podspec/resources.ts';

/** `core.v1.ResourceHealth`. */
export const ResourceHealth = object('core.v1.ResourceHealth', {
  health: field(2, string()),
  message: field(6, string()),
  resourceID: required(1, string()),
});
/** The JSON form of `core.v1.ResourceHealth`. */
export type ResourceHealth = Static<typeof ResourceHealth>;

/** `core.v1.ResourceStatus`. */
export const ResourceStatus = object('core.v1.ResourceStatus', {
  name: required(1, string()),
  resources: field(2, listMap(ResourceHealth, { keys: ['resourceID'] })),
});
/** The JSON form of `core.v1.ResourceStatus`. */
export type ResourceStatus = Static<typeof ResourceStatus>;

/** `core.v1.ContainerStateRunning`. */
export const ContainerStateRunning = object('core.v1.ContainerStateRunning', {
  startedAt: field(1, time()),
});
/** The JSON form of `core.v1.ContainerStateRunning`. */
export type ContainerStateRunning = Static<typeof ContainerStateRunning>;

/** `core.v1.ContainerStateTerminated`. */
export const ContainerStateTerminated = object('core.v1.ContainerStateTerminated', {
  exitCode: required(1, int32()),
  signal: field(2, int32()),
  reason: field(3, string()),
  message: field(4, string()),
  startedAt: field(5, time()),
  finishedAt: field(6, time()),
  containerID: field(7, string()),
});
/** The JSON form of `core.v1.ContainerStateTerminated`. */
export type ContainerStateTerminated = Static<typeof ContainerStateTerminated>;

/** `core.v1.ContainerStateWaiting`. */
export const ContainerStateWaiting = object('core.v1.ContainerStateWaiting', {
  reason: field(1, string()),
  message: field(2, string()),
});
/** The JSON form of `core.v1.ContainerStateWaiting`. */
export type ContainerStateWaiting = Static<typeof ContainerStateWaiting>;

/** `core.v1.ContainerState`. */
export const ContainerState = object('core.v1.ContainerState', {
  waiting: field(1, ContainerStateWaiting),
  running: field(2, ContainerStateRunning),
  terminated: field(3, ContainerStateTerminated),
});
/** The JSON form of `core.v1.ContainerState`. */
export type ContainerState = Static<typeof ContainerState>;

/** `core.v1.LinuxContainerUser`. */
export const LinuxContainerUser = object('core.v1.LinuxContainerUser', {
  gid: required(2, int64()),
  supplementalGroups: field(3, list(int64())),
  uid: required(1, int64()),
});
/** The JSON form of `core.v1.LinuxContainerUser`. */
export type LinuxContainerUser = Static<typeof LinuxContainerUser>;

/** `core.v1.ContainerUser`. */
export const ContainerUser = object('core.v1.ContainerUser', {
  linux: field(1, LinuxContainerUser),
});
/** The JSON form of `core.v1.ContainerUser`. */
export type ContainerUser = Static<typeof ContainerUser>;

/** `core.v1.ImageVolumeStatus`. */
export const ImageVolumeStatus = object('core.v1.ImageVolumeStatus', {
  imageRef: required(1, string()),
});
/** The JSON form of `core.v1.ImageVolumeStatus`. */
export type ImageVolumeStatus = Static<typeof ImageVolumeStatus>;

/** `core.v1.VolumeStatus`. */
export const VolumeStatus = object('core.v1.VolumeStatus', {
  image: field(1, ImageVolumeStatus),
});
/** The JSON form of `core.v1.VolumeStatus`. */
export type VolumeStatus = Static<typeof VolumeStatus>;

/** `core.v1.VolumeMountStatus`. */
export const VolumeMountStatus = object('core.v1.VolumeMountStatus', {
  mountPath: required(2, string()),
  name: required(1, string()),
  readOnly: field(3, boolean()),
  recursiveReadOnly: field(4, pointer(string())),
  volumeStatus: field(5, VolumeStatus),
});
/** The JSON form of `core.v1.VolumeMountStatus`. */
export type VolumeMountStatus = Static<typeof VolumeMountStatus>;

/** `core.v1.ContainerStatus`. */
export const ContainerStatus = object('core.v1.ContainerStatus', {
  name: required(1, string()),
  state: field(2, value(ContainerState)),
  lastState: field(3, value(ContainerState)),
  ready: required(4, boolean()),
  restartCount: required(5, int32()),
  image: required(6, string()),
  imageID: required(7, string()),
  containerID: field(8, string()),
  started: field(9, pointer(boolean())),
  allocatedResources: field(10, map(quantity())),
  resources: field(11, ResourceRequirements),
  allocatedResourcesStatus: field(
    14,
    listMap(ResourceStatus, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
  ),
  stopSignal: field(15, pointer(string())),
  user: field(13, ContainerUser),
  volumeMounts: field(
    12,
    listMap(VolumeMountStatus, { keys: ['mountPath'], mergeKey: 'mountPath', patchStrategy: 'merge' }),
  ),
});
/** The JSON form of `core.v1.ContainerStatus`. */
export type ContainerStatus = Static<typeof ContainerStatus>;

/** `core.v1.PodCondition`. */
export const PodCondition = object('core.v1.PodCondition', {
  type: required(1, string()),
  status: required(2, string()),
  lastProbeTime: field(3, time()),
  lastTransitionTime: field(4, time()),
  reason: field(5, string()),
  message: field(6, string()),
  observedGeneration: field(7, int64()),
});
/** The JSON form of `core.v1.PodCondition`. */
export type PodCondition = Static<typeof PodCondition>;

/** `core.v1.ContainerExtendedResourceRequest`. */
export const ContainerExtendedResourceRequest = object('core.v1.ContainerExtendedResourceRequest', {
  containerName: required(1, string()),
  requestName: required(3, string()),
  resourceName: required(2, string()),
});
/** The JSON form of `core.v1.ContainerExtendedResourceRequest`. */
export type ContainerExtendedResourceRequest = Static<typeof ContainerExtendedResourceRequest>;

/** `core.v1.PodExtendedResourceClaimStatus`. */
export const PodExtendedResourceClaimStatus = object('core.v1.PodExtendedResourceClaimStatus', {
  requestMappings: required(1, list(ContainerExtendedResourceRequest)),
  resourceClaimName: required(2, string()),
});
/** The JSON form of `core.v1.PodExtendedResourceClaimStatus`. */
export type PodExtendedResourceClaimStatus = Static<typeof PodExtendedResourceClaimStatus>;

/** `core.v1.HostIP`. */
export const HostIP = object('core.v1.HostIP', {
  ip: required(1, string()),
});
/** The JSON form of `core.v1.HostIP`. */
export type HostIP = Static<typeof HostIP>;

/** `core.v1.NodeAllocatableResourceClaimStatus`. */
export const NodeAllocatableResourceClaimStatus = object('core.v1.NodeAllocatableResourceClaimStatus', {
  containers: field(2, set(string())),
  resourceClaimName: required(1, string()),
  resources: required(0, map(quantity())),
});
/** The JSON form of `core.v1.NodeAllocatableResourceClaimStatus`. */
export type NodeAllocatableResourceClaimStatus = Static<typeof NodeAllocatableResourceClaimStatus>;

/** `core.v1.PodIP`. */
export const PodIP = object('core.v1.PodIP', {
  ip: required(1, string()),
});
/** The JSON form of `core.v1.PodIP`. */
export type PodIP = Static<typeof PodIP>;

/** `core.v1.PodResourceClaimStatus`. */
export const PodResourceClaimStatus = object('core.v1.PodResourceClaimStatus', {
  name: required(1, string()),
  resourceClaimName: field(2, pointer(string())),
});
/** The JSON form of `core.v1.PodResourceClaimStatus`. */
export type PodResourceClaimStatus = Static<typeof PodResourceClaimStatus>;

/** `core.v1.PodStatus`. */
export const PodStatus = object(
  'core.v1.PodStatus',
  {
    phase: field(1, described('Pending, Running, Succeeded, Failed or Unknown.', string())),
    conditions: field(
      2,
      described(
        'How far the pod has come: PodScheduled, Initialized, ContainersReady, Ready.',
        listMap(PodCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
    message: field(3, described('Why the pod is in this state.', string())),
    reason: field(4, described('Why the pod is in this state, in one word.', string())),
    hostIP: field(5, described('The address of its node.', string())),
    podIP: field(6, described("The pod's address.", string())),
    startTime: field(7, described('When the node took the pod up.', time())),
    containerStatuses: field(8, described('The state of each container.', list(ContainerStatus))),
    qosClass: field(9, string()),
    initContainerStatuses: field(10, list(ContainerStatus)),
    nominatedNodeName: field(11, string()),
    podIPs: field(12, listMap(PodIP, { keys: ['ip'], mergeKey: 'ip', patchStrategy: 'merge' })),
    ephemeralContainerStatuses: field(13, list(ContainerStatus)),
    resize: field(14, string()),
    resourceClaimStatuses: field(
      15,
      listMap(PodResourceClaimStatus, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge,retainKeys' }),
    ),
    hostIPs: field(16, list(HostIP, { mergeKey: 'ip', patchStrategy: 'merge' })),
    allocatedResources: field(19, map(quantity())),
    extendedResourceClaimStatus: field(18, PodExtendedResourceClaimStatus),
    nodeAllocatableResourceClaimStatuses: field(21, list(NodeAllocatableResourceClaimStatus)),
    observedGeneration: field(17, int64()),
    resources: field(20, ResourceRequirements),
  },
  { description: 'What was last seen of a pod.' },
);
/** The JSON form of `core.v1.PodStatus`. */
export type PodStatus = Static<typeof PodStatus>;
