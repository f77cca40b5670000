import { type Static, boolean, embedded, field, int32, list, listMap, object, pointer, required, set, string, value } from '#api/schema/builders.ts';
import { EnvFromSource, EnvVar } from '#api/podspec/env.ts';
import { Lifecycle, Probe } from '#api/podspec/lifecycle.ts';
import { ResourceRequirements } from '#api/podspec/resources.ts';
import { SecurityContext } from '#api/podspec/security-context.ts';

/** `core.v1.ContainerPort`. */
export const ContainerPort = object('core.v1.ContainerPort', {
  name: field(1, string()),
  hostPort: field(2, int32()),
  containerPort: required(3, int32()),
  protocol: field(4, string()),
  hostIP: field(5, string()),
});
/** The JSON form of `core.v1.ContainerPort`. */
export type ContainerPort = Static<typeof ContainerPort>;

/** `core.v1.ContainerResizePolicy`. */
export const ContainerResizePolicy = object('core.v1.ContainerResizePolicy', {
  resourceName: required(1, string()),
  restartPolicy: required(2, string()),
});
/** The JSON form of `core.v1.ContainerResizePolicy`. */
export type ContainerResizePolicy = Static<typeof ContainerResizePolicy>;

/** `core.v1.ContainerRestartRuleOnExitCodes`. */
export const ContainerRestartRuleOnExitCodes = object('core.v1.ContainerRestartRuleOnExitCodes', {
  operator: required(1, string()),
  values: field(2, set(int32())),
});
/** The JSON form of `core.v1.ContainerRestartRuleOnExitCodes`. */
export type ContainerRestartRuleOnExitCodes = Static<typeof ContainerRestartRuleOnExitCodes>;

/** `core.v1.ContainerRestartRule`. */
export const ContainerRestartRule = object('core.v1.ContainerRestartRule', {
  action: required(1, string()),
  exitCodes: field(2, ContainerRestartRuleOnExitCodes),
});
/** The JSON form of `core.v1.ContainerRestartRule`. */
export type ContainerRestartRule = Static<typeof ContainerRestartRule>;

/** `core.v1.VolumeDevice`. */
export const VolumeDevice = object('core.v1.VolumeDevice', {
  name: required(1, string()),
  devicePath: required(2, string()),
});
/** The JSON form of `core.v1.VolumeDevice`. */
export type VolumeDevice = Static<typeof VolumeDevice>;

/** `core.v1.VolumeMount`. */
export const VolumeMount = object('core.v1.VolumeMount', {
  name: required(1, string()),
  readOnly: field(2, boolean()),
  mountPath: required(3, string()),
  subPath: field(4, string()),
  mountPropagation: field(5, pointer(string())),
  subPathExpr: field(6, string()),
  recursiveReadOnly: field(7, pointer(string())),
});
/** The JSON form of `core.v1.VolumeMount`. */
export type VolumeMount = Static<typeof VolumeMount>;

/** `core.v1.Container`. */
export const Container = object('core.v1.Container', {
  name: required(1, string()),
  image: field(2, string()),
  command: field(3, list(string())),
  args: field(4, list(string())),
  workingDir: field(5, string()),
  ports: field(6, listMap(ContainerPort, { keys: ['containerPort', 'protocol'], mergeKey: 'containerPort', patchStrategy: 'merge' })),
  env: field(7, listMap(EnvVar, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' })),
  resources: field(8, value(ResourceRequirements)),
  volumeMounts: field(9, listMap(VolumeMount, { keys: ['mountPath'], mergeKey: 'mountPath', patchStrategy: 'merge' })),
  livenessProbe: field(10, Probe),
  readinessProbe: field(11, Probe),
  lifecycle: field(12, Lifecycle),
  terminationMessagePath: field(13, string()),
  imagePullPolicy: field(14, string()),
  securityContext: field(15, SecurityContext),
  stdin: field(16, boolean()),
  stdinOnce: field(17, boolean()),
  tty: field(18, boolean()),
  envFrom: field(19, list(EnvFromSource)),
  terminationMessagePolicy: field(20, string()),
  volumeDevices: field(21, listMap(VolumeDevice, { keys: ['devicePath'], mergeKey: 'devicePath', patchStrategy: 'merge' })),
  startupProbe: field(22, Probe),
  resizePolicy: field(23, list(ContainerResizePolicy)),
  restartPolicy: field(24, pointer(string())),
  restartPolicyRules: field(25, list(ContainerRestartRule)),
});
/** The JSON form of `core.v1.Container`. */
export type Container = Static<typeof Container>;

/** `core.v1.EphemeralContainer`. */
export const EphemeralContainer = object('core.v1.EphemeralContainer', {
  targetContainerName: field(2, string()),
  args: field(4, embedded(1, list(string()))),
  command: field(3, embedded(1, list(string()))),
  env: field(7, embedded(1, listMap(EnvVar, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }))),
  envFrom: field(19, embedded(1, list(EnvFromSource))),
  image: field(2, embedded(1, string())),
  imagePullPolicy: field(14, embedded(1, string())),
  lifecycle: field(12, embedded(1, Lifecycle)),
  livenessProbe: field(10, embedded(1, Probe)),
  name: required(1, embedded(1, string())),
  ports: field(6, embedded(1, listMap(ContainerPort, { keys: ['containerPort', 'protocol'], mergeKey: 'containerPort', patchStrategy: 'merge' }))),
  readinessProbe: field(11, embedded(1, Probe)),
  resizePolicy: field(23, embedded(1, list(ContainerResizePolicy))),
  resources: field(8, embedded(1, value(ResourceRequirements))),
  restartPolicy: field(24, embedded(1, pointer(string()))),
  restartPolicyRules: field(25, embedded(1, list(ContainerRestartRule))),
  securityContext: field(15, embedded(1, SecurityContext)),
  startupProbe: field(22, embedded(1, Probe)),
  stdin: field(16, embedded(1, boolean())),
  stdinOnce: field(17, embedded(1, boolean())),
  terminationMessagePath: field(13, embedded(1, string())),
  terminationMessagePolicy: field(20, embedded(1, string())),
  tty: field(18, embedded(1, boolean())),
  volumeDevices: field(21, embedded(1, listMap(VolumeDevice, { keys: ['devicePath'], mergeKey: 'devicePath', patchStrategy: 'merge' }))),
  volumeMounts: field(9, embedded(1, listMap(VolumeMount, { keys: ['mountPath'], mergeKey: 'mountPath', patchStrategy: 'merge' }))),
  workingDir: field(5, embedded(1, string())),
});
/** The JSON form of `core.v1.EphemeralContainer`. */
export type EphemeralContainer = Static<typeof EphemeralContainer>;
