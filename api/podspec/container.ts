import {
  type Static,
  boolean,
  described,
  embedded,
  field,
  int32,
  list,
  listMap,
  object,
  pointer,
  required,
  set,
  string,
  value,
} from '#api/schema/builders.ts';
import { EnvFromSource, EnvVar } from '#api/podspec/env.ts';
import { Lifecycle, Probe } from '#api/podspec/lifecycle.ts';
import { ResourceRequirements } from '#api/podspec/resources.ts';
import { SecurityContext } from '#api/podspec/security-context.ts';

/** `core.v1.ContainerPort`. */
export const ContainerPort = object(
  'core.v1.ContainerPort',
  {
    name: field(1, described('The name of the port, by which Services may refer to it.', string())),
    hostPort: field(2, described('The port number on the node, where the pod should be reachable there.', int32())),
    containerPort: required(3, described('The port number in the pod.', int32())),
    protocol: field(4, described('TCP (default), UDP or SCTP.', string())),
    hostIP: field(5, string()),
  },
  { description: 'A port of a container.' },
);
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
export const VolumeMount = object(
  'core.v1.VolumeMount',
  {
    name: required(1, described('The name of the volume.', string())),
    readOnly: field(2, described('Forbid writing.', boolean())),
    mountPath: required(3, described('Where in the container the volume is.', string())),
    subPath: field(4, described('The path within the volume to mount. Default: its root.', string())),
    mountPropagation: field(5, pointer(string())),
    subPathExpr: field(6, string()),
    recursiveReadOnly: field(7, pointer(string())),
  },
  { description: 'A volume as a container sees it.' },
);
/** The JSON form of `core.v1.VolumeMount`. */
export type VolumeMount = Static<typeof VolumeMount>;

/** `core.v1.Container`. */
export const Container = object(
  'core.v1.Container',
  {
    name: required(1, described('The name of the container, unique in the pod.', string())),
    image: field(2, described('The image to run, e.g. docker.io/library/nginx:1.27.', string())),
    command: field(
      3,
      described("The program to run instead of the image's entrypoint. $(VAR) is replaced.", list(string())),
    ),
    args: field(4, described("Arguments of the program, instead of the image's. $(VAR) is replaced.", list(string()))),
    workingDir: field(5, described("The directory to start in. Default: the image's.", string())),
    ports: field(
      6,
      described(
        'Ports that the container listens on; for information, except hostPort.',
        listMap(ContainerPort, {
          keys: ['containerPort', 'protocol'],
          mergeKey: 'containerPort',
          patchStrategy: 'merge',
        }),
      ),
    ),
    env: field(
      7,
      described(
        'Environment variables.',
        listMap(EnvVar, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
    resources: field(
      8,
      described('CPU and memory that the container asks for, and may use at most.', value(ResourceRequirements)),
    ),
    volumeMounts: field(
      9,
      described(
        'Which volumes are seen where in the container.',
        listMap(VolumeMount, { keys: ['mountPath'], mergeKey: 'mountPath', patchStrategy: 'merge' }),
      ),
    ),
    livenessProbe: field(10, described('A check that restarts the container when it fails.', Probe)),
    readinessProbe: field(11, described('A check that takes the pod out of its Services while it fails.', Probe)),
    lifecycle: field(12, described('What to do after the start and before the stop.', Lifecycle)),
    terminationMessagePath: field(13, described('The file whose content becomes the termination message.', string())),
    imagePullPolicy: field(
      14,
      described(
        'When to fetch the image: Always, IfNotPresent or Never. Default: Always for the tag latest, else IfNotPresent.',
        string(),
      ),
    ),
    securityContext: field(
      15,
      described('User, capabilities and other security settings of the container.', SecurityContext),
    ),
    stdin: field(16, described('Keep standard input open for attach.', boolean())),
    stdinOnce: field(17, boolean()),
    tty: field(18, described('Give the container a terminal.', boolean())),
    envFrom: field(
      19,
      described('ConfigMaps and Secrets whose keys become environment variables.', list(EnvFromSource)),
    ),
    terminationMessagePolicy: field(20, string()),
    volumeDevices: field(
      21,
      listMap(VolumeDevice, { keys: ['devicePath'], mergeKey: 'devicePath', patchStrategy: 'merge' }),
    ),
    startupProbe: field(22, described('A check that has to succeed once before the other probes begin.', Probe)),
    resizePolicy: field(23, list(ContainerResizePolicy)),
    restartPolicy: field(24, pointer(string())),
    restartPolicyRules: field(25, list(ContainerRestartRule)),
  },
  { description: 'One program in a pod: its image, command, environment and limits.' },
);
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
  ports: field(
    6,
    embedded(
      1,
      listMap(ContainerPort, {
        keys: ['containerPort', 'protocol'],
        mergeKey: 'containerPort',
        patchStrategy: 'merge',
      }),
    ),
  ),
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
  volumeDevices: field(
    21,
    embedded(1, listMap(VolumeDevice, { keys: ['devicePath'], mergeKey: 'devicePath', patchStrategy: 'merge' })),
  ),
  volumeMounts: field(
    9,
    embedded(1, listMap(VolumeMount, { keys: ['mountPath'], mergeKey: 'mountPath', patchStrategy: 'merge' })),
  ),
  workingDir: field(5, embedded(1, string())),
});
/** The JSON form of `core.v1.EphemeralContainer`. */
export type EphemeralContainer = Static<typeof EphemeralContainer>;
