import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import type { RuntimeImage, SecurityOptions } from '../../runtime/runtime.ts';
import { ContainerFailure } from './container-failure.ts';

/** What a sandbox may do: the pod's part of the security context. */
export function sandboxSecurity(pod: Pod): SecurityOptions {
  const context = pod.spec?.securityContext;
  const privileged = (pod.spec?.containers ?? []).some((container) => container.securityContext?.privileged === true);
  return {
    privileged,
    ...(context?.runAsUser === undefined ? {} : { runAsUser: context.runAsUser }),
    ...(context?.runAsGroup === undefined || context.runAsUser === undefined ? {} : { runAsGroup: context.runAsGroup }),
    supplementalGroups: groups(pod),
    readOnlyRootFilesystem: false,
    noNewPrivileges: false,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp: seccomp(context?.seccompProfile?.type),
  };
}

/**
 * What a container may do: its own security context over the pod's (kubelet: determineEffectiveSecurityContext).
 * @throws ContainerFailure CreateContainerConfigError when runAsNonRoot does not hold.
 */
export function containerSecurity(
  pod: Pod,
  container: Pick<Container, 'name' | 'securityContext'>,
  image: RuntimeImage,
): SecurityOptions {
  const own = container.securityContext;
  const shared = pod.spec?.securityContext;
  const asked = own?.runAsUser ?? shared?.runAsUser;
  if (own?.runAsNonRoot ?? shared?.runAsNonRoot ?? false) verifyNonRoot(pod, container.name, asked, image);
  const user = asked ?? image.uid;
  const group = own?.runAsGroup ?? shared?.runAsGroup;
  return {
    privileged: own?.privileged ?? false,
    ...(user === undefined ? {} : { runAsUser: user }),
    ...(user === undefined && image.username !== undefined && image.username !== ''
      ? { runAsUsername: image.username }
      : {}),
    ...(group === undefined ? {} : { runAsGroup: group }),
    supplementalGroups: groups(pod),
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
    addCapabilities: own?.capabilities?.add ?? [],
    dropCapabilities: own?.capabilities?.drop ?? [],
    seccomp:
      own?.privileged === true ? 'Unconfined' : seccomp(own?.seccompProfile?.type ?? shared?.seccompProfile?.type),
  };
}

function verifyNonRoot(pod: Pod, name: string, asked: number | undefined, image: RuntimeImage): void {
  const { metadata } = pod;
  const who = `(pod: "${metadata.name}_${metadata.namespace}(${metadata.uid})", container: ${name})`;
  const refuse = (text: string): never => {
    throw new ContainerFailure('CreateContainerConfigError', `${text} ${who}`);
  };
  if (asked === 0) refuse("container's runAsUser breaks non-root policy");
  if (asked !== undefined) return;
  const { uid, username = '' } = image;
  if (uid === undefined && username !== '')
    refuse(`container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root`);
  if (uid === undefined || uid === 0) refuse('container has runAsNonRoot and image will run as root');
}

function groups(pod: Pod): number[] {
  const { fsGroup, supplementalGroups = [] } = pod.spec?.securityContext ?? {};
  return fsGroup === undefined ? [...supplementalGroups] : [...supplementalGroups, fsGroup];
}

const seccomp = (type: string | undefined): SecurityOptions['seccomp'] =>
  type === 'RuntimeDefault' ? 'RuntimeDefault' : 'Unconfined';
