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
  string,
  value,
} from '#api/schema/builders.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { LocalObjectReference } from '#api/meta/references.ts';
import { Affinity } from '#api/podspec/affinity.ts';
import { Container, EphemeralContainer } from '#api/podspec/container.ts';
import { ResourceRequirements } from '#api/podspec/resources.ts';
import { PodSecurityContext } from '#api/podspec/security-context.ts';
import { Volume } from '#api/podspec/volume.ts';

/** `core.v1.PodDNSConfigOption`. */
export const PodDNSConfigOption = object('core.v1.PodDNSConfigOption', {
  name: field(1, string()),
  value: field(2, pointer(string())),
});
/** The JSON form of `core.v1.PodDNSConfigOption`. */
export type PodDNSConfigOption = Static<typeof PodDNSConfigOption>;

/** `core.v1.PodDNSConfig`. */
export const PodDNSConfig = object('core.v1.PodDNSConfig', {
  nameservers: field(1, list(string())),
  searches: field(2, list(string())),
  options: field(3, list(PodDNSConfigOption)),
});
/** The JSON form of `core.v1.PodDNSConfig`. */
export type PodDNSConfig = Static<typeof PodDNSConfig>;

/** `core.v1.HostAlias`. */
export const HostAlias = object('core.v1.HostAlias', {
  ip: required(1, string()),
  hostnames: field(2, list(string())),
});
/** The JSON form of `core.v1.HostAlias`. */
export type HostAlias = Static<typeof HostAlias>;

/** `core.v1.PodOS`. */
export const PodOS = object('core.v1.PodOS', {
  name: required(1, string()),
});
/** The JSON form of `core.v1.PodOS`. */
export type PodOS = Static<typeof PodOS>;

/** `core.v1.PodReadinessGate`. */
export const PodReadinessGate = object('core.v1.PodReadinessGate', {
  conditionType: required(1, string()),
});
/** The JSON form of `core.v1.PodReadinessGate`. */
export type PodReadinessGate = Static<typeof PodReadinessGate>;

/** `core.v1.PodResourceClaim`. */
export const PodResourceClaim = object('core.v1.PodResourceClaim', {
  name: required(1, string()),
  resourceClaimName: field(3, pointer(string())),
  resourceClaimTemplateName: field(4, pointer(string())),
});
/** The JSON form of `core.v1.PodResourceClaim`. */
export type PodResourceClaim = Static<typeof PodResourceClaim>;

/** `core.v1.PodSchedulingGate`. */
export const PodSchedulingGate = object('core.v1.PodSchedulingGate', {
  name: required(1, string()),
});
/** The JSON form of `core.v1.PodSchedulingGate`. */
export type PodSchedulingGate = Static<typeof PodSchedulingGate>;

/** `core.v1.PodSchedulingGroup`. */
export const PodSchedulingGroup = object('core.v1.PodSchedulingGroup', {
  podGroupName: field(1, pointer(string())),
});
/** The JSON form of `core.v1.PodSchedulingGroup`. */
export type PodSchedulingGroup = Static<typeof PodSchedulingGroup>;

/** `core.v1.Toleration`. */
export const Toleration = object('core.v1.Toleration', {
  key: field(1, string()),
  operator: field(2, string()),
  value: field(3, string()),
  effect: field(4, string()),
  tolerationSeconds: field(5, pointer(int64())),
});
/** The JSON form of `core.v1.Toleration`. */
export type Toleration = Static<typeof Toleration>;

/** `core.v1.TopologySpreadConstraint`. */
export const TopologySpreadConstraint = object('core.v1.TopologySpreadConstraint', {
  maxSkew: required(1, int32()),
  topologyKey: required(2, string()),
  whenUnsatisfiable: required(3, string()),
  labelSelector: field(4, LabelSelector),
  minDomains: field(5, pointer(int32())),
  nodeAffinityPolicy: field(6, pointer(string())),
  nodeTaintsPolicy: field(7, pointer(string())),
  matchLabelKeys: field(8, list(string())),
});
/** The JSON form of `core.v1.TopologySpreadConstraint`. */
export type TopologySpreadConstraint = Static<typeof TopologySpreadConstraint>;

/** `core.v1.PodSpec`. */
export const PodSpec = object(
  'core.v1.PodSpec',
  {
    volumes: field(
      1,
      described(
        'Directories that containers may mount.',
        listMap(Volume, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge,retainKeys' }),
      ),
    ),
    containers: required(
      2,
      described(
        'The containers, at least one. They cannot be added or removed later.',
        listMap(Container, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
    restartPolicy: field(
      3,
      described('When ended containers start again: Always (default), OnFailure or Never.', string()),
    ),
    terminationGracePeriodSeconds: field(
      4,
      described('Seconds between the request to stop and the kill. Default 30.', pointer(int64())),
    ),
    activeDeadlineSeconds: field(
      5,
      described('Seconds that the pod may run; then it is killed and counts as failed.', pointer(int64())),
    ),
    dnsPolicy: field(
      6,
      described('How names are looked up: ClusterFirst (default), ClusterFirstWithHostNet, Default or None.', string()),
    ),
    nodeSelector: field(
      7,
      described('Labels that a node must have to run the pod.', map(string(), { mapType: 'atomic' })),
    ),
    serviceAccountName: field(8, described('The ServiceAccount in whose name the pod speaks to the API.', string())),
    serviceAccount: field(9, string()),
    nodeName: field(
      10,
      described('The node that runs the pod. Set by the scheduler, or by hand to pass it by.', string()),
    ),
    hostNetwork: field(11, described('Use the network of the node instead of one of its own.', boolean())),
    hostPID: field(12, boolean()),
    hostIPC: field(13, boolean()),
    securityContext: field(14, described('User, groups and security settings for all containers.', PodSecurityContext)),
    imagePullSecrets: field(
      15,
      described(
        'Secrets with the credentials of image registries.',
        listMap(LocalObjectReference, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
    hostname: field(16, described("The name of the machine inside the pod. Default: the pod's name.", string())),
    subdomain: field(17, string()),
    affinity: field(18, described('Rules on which nodes, and near or far from which pods, the pod may run.', Affinity)),
    schedulerName: field(19, described('Who assigns the pod to a node. Default: default-scheduler.', string())),
    initContainers: field(
      20,
      described(
        'Containers that run one after the other, each to success, before the others start.',
        listMap(Container, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
    automountServiceAccountToken: field(21, pointer(boolean())),
    tolerations: field(22, described('Taints of nodes that do not keep the pod away.', list(Toleration))),
    hostAliases: field(23, listMap(HostAlias, { keys: ['ip'], mergeKey: 'ip', patchStrategy: 'merge' })),
    priorityClassName: field(24, described('The PriorityClass that says how important the pod is.', string())),
    priority: field(25, pointer(int32())),
    dnsConfig: field(26, PodDNSConfig),
    shareProcessNamespace: field(27, pointer(boolean())),
    readinessGates: field(28, list(PodReadinessGate)),
    runtimeClassName: field(29, pointer(string())),
    enableServiceLinks: field(30, pointer(boolean())),
    preemptionPolicy: field(31, pointer(string())),
    overhead: field(32, map(quantity())),
    topologySpreadConstraints: field(
      33,
      described(
        'How evenly pods are spread over zones or nodes.',
        listMap(TopologySpreadConstraint, {
          keys: ['topologyKey', 'whenUnsatisfiable'],
          mergeKey: 'topologyKey',
          patchStrategy: 'merge',
        }),
      ),
    ),
    ephemeralContainers: field(
      34,
      listMap(EphemeralContainer, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
    ),
    setHostnameAsFQDN: field(35, pointer(boolean())),
    os: field(36, PodOS),
    hostUsers: field(37, pointer(boolean())),
    schedulingGates: field(
      38,
      listMap(PodSchedulingGate, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
    ),
    resourceClaims: field(
      39,
      listMap(PodResourceClaim, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge,retainKeys' }),
    ),
    hostnameOverride: field(41, pointer(string())),
    resources: field(40, ResourceRequirements),
    schedulingGroup: field(43, PodSchedulingGroup),
  },
  { description: 'What a pod runs, and where and how it may run.' },
);
/** The JSON form of `core.v1.PodSpec`. */
export type PodSpec = Static<typeof PodSpec>;

/** `core.v1.PodTemplateSpec`. */
export const PodTemplateSpec = object(
  'core.v1.PodTemplateSpec',
  {
    metadata: field(1, described('Labels and annotations of the pods.', value(ObjectMeta))),
    spec: field(2, described('What the pods run.', value(PodSpec))),
  },
  { description: 'The metadata and spec of pods to be made.' },
);
/** The JSON form of `core.v1.PodTemplateSpec`. */
export type PodTemplateSpec = Static<typeof PodTemplateSpec>;
