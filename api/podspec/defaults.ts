import type { Container } from '#api/podspec/container.ts';
import type { EnvVar } from '#api/podspec/env.ts';
import { imageTag } from '#api/podspec/image.ts';
import type { HTTPGetAction, LifecycleHandler, Probe } from '#api/podspec/lifecycle.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import { applyVolumeDefaults } from '#api/podspec/volume-defaults.ts';

/**
 * The defaults of a pod spec wherever it stands, in a pod or in a template (upstream: SetDefaults_PodSpec and those of its parts).
 * Those that only a pod gets are in `applyPodDefaults`: adding one to templates would restart every workload at an upgrade.
 */
export function applyPodSpecDefaults(spec: PodSpec): void {
  for (const volume of spec.volumes ?? []) applyVolumeDefaults(volume);
  for (const container of spec.initContainers ?? []) applyContainerDefaults(container);
  for (const container of spec.containers ?? []) applyContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) applyContainerDefaults(container);
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  syncServiceAccount(spec);
}

/** `serviceAccount` is the old name of `serviceAccountName`; every answer has both. */
export function syncServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (name === undefined || name === '') return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

/** What a pod gets beyond the defaults of its spec: requests from limits, host ports of the host's network, service links. */
export function applyPodDefaults(spec: PodSpec): void {
  applyPodSpecDefaults(spec);
  spec.enableServiceLinks ??= true;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (spec.hostNetwork === true)
      for (const port of container.ports ?? []) if (!port.hostPort) port.hostPort = port.containerPort;
    const limits = container.resources?.limits;
    if (container.resources !== undefined && limits !== undefined && Object.keys(limits).length > 0)
      container.resources.requests = { ...limits, ...container.resources.requests };
  }
}

/** The fields of containers of every sort that have defaults. */
type AnyContainer = Pick<
  Container,
  | 'image'
  | 'imagePullPolicy'
  | 'terminationMessagePath'
  | 'terminationMessagePolicy'
  | 'ports'
  | 'env'
  | 'livenessProbe'
  | 'readinessProbe'
  | 'startupProbe'
  | 'lifecycle'
  | 'resources'
>;

function applyContainerDefaults(container: AnyContainer): void {
  container.resources ??= {};
  container.imagePullPolicy ||= imageTag(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) applyEnvDefaults(variable);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    if (probe !== undefined) applyProbeDefaults(probe);
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop])
    if (handler !== undefined) applyHandlerDefaults(handler);
}

function applyEnvDefaults({ valueFrom }: EnvVar): void {
  if (valueFrom?.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ||= 'v1';
  if (valueFrom?.resourceFieldRef !== undefined) valueFrom.resourceFieldRef.divisor ||= '0';
}

function applyProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
  if (probe.httpGet !== undefined) applyHttpGetDefaults(probe.httpGet);
}

function applyHandlerDefaults(handler: LifecycleHandler): void {
  if (handler.httpGet !== undefined) applyHttpGetDefaults(handler.httpGet);
}

function applyHttpGetDefaults(action: HTTPGetAction): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}
