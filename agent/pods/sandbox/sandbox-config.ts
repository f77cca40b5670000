import type { Pod } from '#api/kinds/core/pod.ts';
import type { SandboxConfig } from '../../runtime/runtime.ts';
import type { ContainerOwner } from '../../stats/usage-sampler.ts';
import type { DnsConfig } from './dns.ts';
import { podHostname } from './hosts-file.ts';
import { cgroupParent } from '../containers/resources.ts';
import { sandboxSecurity } from '../containers/security.ts';

/** The labels by which a sandbox or container is known to be a pod's (kubelet: pkg/kubelet/types/labels.go). */
export const LABELS = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
} as const;

/** The labels that say whose a sandbox or container is. */
export const ownerLabels = ({ metadata }: Pod): Record<string, string> => ({
  [LABELS.podName]: metadata.name ?? '',
  [LABELS.podNamespace]: metadata.namespace ?? '',
  [LABELS.podUid]: metadata.uid ?? '',
});

/** Whose a container with these labels is; undefined = no pod's. */
export function ownerOf(labels: Readonly<Record<string, string>>): ContainerOwner | undefined {
  const { [LABELS.podName]: name, [LABELS.podNamespace]: namespace, [LABELS.podUid]: uid } = labels;
  const container = labels[LABELS.containerName];
  if (name === undefined || namespace === undefined || uid === undefined || container === undefined) return undefined;
  return { namespace, name, uid, container };
}

/** What a sandbox is made from besides the pod. */
export interface SandboxPlace {
  readonly attempt: number;
  readonly nodeHostname: string;
  readonly logDirectory: string;
  readonly dns: DnsConfig;
}

/** The sandbox that a pod asks for. */
export function sandboxConfig(pod: Pod, place: SandboxPlace): SandboxConfig {
  const { metadata, spec = { containers: [] } } = pod;
  const uid = metadata.uid ?? '';
  const hostNetwork = spec.hostNetwork === true;
  return {
    metadata: { name: metadata.name ?? '', namespace: metadata.namespace ?? '', uid, attempt: place.attempt },
    hostname: podHostname(pod, place.nodeHostname),
    logDirectory: place.logDirectory,
    dns: place.dns,
    portMappings: hostNetwork ? [] : portMappings(pod),
    labels: { ...metadata.labels, ...ownerLabels(pod) },
    annotations: { ...metadata.annotations },
    cgroupParent: cgroupParent(spec, uid),
    hostNetwork,
    hostPID: spec.hostPID === true,
    hostIPC: spec.hostIPC === true,
    shareProcessNamespace: spec.shareProcessNamespace === true,
    sysctls: Object.fromEntries((spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value])),
    security: sandboxSecurity(pod),
  };
}

function portMappings(pod: Pod): SandboxConfig['portMappings'] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const ports = containers.flatMap((container) => container.ports ?? []);
  return ports.flatMap(({ containerPort, hostPort = 0, hostIP, protocol }) =>
    hostPort === 0
      ? []
      : [
          {
            protocol: protocolOf(protocol),
            containerPort,
            hostPort,
            ...(hostIP === undefined || hostIP === '' ? {} : { hostIP }),
          },
        ],
  );
}

const protocolOf = (protocol: string | undefined): 'TCP' | 'UDP' | 'SCTP' =>
  protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
