import { type Static, boolean, field, int32, list, listMap, object, required, set, string } from '#api/schema/builders.ts';
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
  operator: required(0, string()),
  values: field(0, set(int32())),
});
/** The JSON form of `core.v1.ContainerRestartRuleOnExitCodes`. */
export type ContainerRestartRuleOnExitCodes = Static<typeof ContainerRestartRuleOnExitCodes>;

/** `core.v1.ContainerRestartRule`. */
export const ContainerRestartRule = object('core.v1.ContainerRestartRule', {
  action: required(0, string()),
  exitCodes: field(0, ContainerRestartRuleOnExitCodes),
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
  mountPropagation: field(5, string()),
  subPathExpr: field(6, string()),
  recursiveReadOnly: field(0, string()),
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
  resources: field(8, ResourceRequirements),
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
  restartPolicy: field(24, string()),
  restartPolicyRules: field(0, list(ContainerRestartRule)),
});
/** The JSON form of `core.v1.Container`. */
export type Container = Static<typeof Container>;

/** `core.v1.EphemeralContainer`. */
export const EphemeralContainer = object('core.v1.EphemeralContainer', {
  targetContainerName: field(2, string()),
  args: field(0, list(string())),
  command: field(0, list(string())),
  env: field(0, listMap(EnvVar, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' })),
  envFrom: field(0, list(EnvFromSource)),
  image: field(0, string()),
  imagePullPolicy: field(0, string()),
  lifecycle: field(0, Lifecycle),
  livenessProbe: field(0, Probe),
  name: required(0, string()),
  ports: field(0, listMap(ContainerPort, { keys: ['containerPort', 'protocol'], mergeKey: 'containerPort', patchStrategy: 'merge' })),
  readinessProbe: field(0, Probe),
  resizePolicy: field(0, list(ContainerResizePolicy)),
  resources: field(0, ResourceRequirements),
  restartPolicy: field(0, string()),
  restartPolicyRules: field(0, list(ContainerRestartRule)),
  securityContext: field(0, SecurityContext),
  startupProbe: field(0, Probe),
  stdin: field(0, boolean()),
  stdinOnce: field(0, boolean()),
  terminationMessagePath: field(0, string()),
  terminationMessagePolicy: field(0, string()),
  tty: field(0, boolean()),
  volumeDevices: field(0, listMap(VolumeDevice, { keys: ['devicePath'], mergeKey: 'devicePath', patchStrategy: 'merge' })),
  volumeMounts: field(0, listMap(VolumeMount, { keys: ['mountPath'], mergeKey: 'mountPath', patchStrategy: 'merge' })),
  workingDir: field(0, string()),
});
/** The JSON form of `core.v1.EphemeralContainer`. */
export type EphemeralContainer = Static<typeof EphemeralContainer>;
