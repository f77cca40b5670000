import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import type { ContainerConfig, RuntimeImage, RuntimeMount } from '../../runtime/runtime.ts';
import type { Variable } from './environment.ts';
import { expand } from './expansion.ts';
import { containerLogPath } from '../pod-paths.ts';
import { containerResources } from './resources.ts';
import { LABELS, ownerLabels } from '../sandbox/sandbox-config.ts';
import { containerSecurity } from './security.ts';

/** The annotations a container bears, so that it is known again after a restart of the agent. */
export const ANNOTATIONS = {
  image: 'skep.dev/image',
  restartCount: 'io.kubernetes.container.restartCount',
  terminationGracePeriod: 'io.kubernetes.pod.terminationGracePeriod',
} as const;

/** What a container is made from besides the pod. */
export interface ContainerPlace {
  readonly attempt: number;
  readonly image: RuntimeImage;
  readonly variables: readonly Variable[];
  readonly mounts: readonly RuntimeMount[];
  readonly nodeMemoryBytes: number;
  /** The container whose processes an ephemeral one is to see. */
  readonly targetContainerId?: string;
}

/** The container that a pod asks for. @throws ContainerFailure when runAsNonRoot does not hold. */
export function containerConfig(pod: Pod, container: Container, place: ContainerPlace): ContainerConfig {
  const { spec = { containers: [] } } = pod;
  const values = new Map(place.variables.map(({ name, value }) => [name, value]));
  const filled = (words: readonly string[] | undefined): string[] =>
    (words ?? []).map((word) => expand(word, (name) => values.get(name)));
  return {
    name: container.name,
    attempt: place.attempt,
    image: place.image.id,
    command: filled(container.command),
    args: filled(container.args),
    workingDir: container.workingDir ?? '',
    env: place.variables,
    mounts: place.mounts,
    labels: { ...ownerLabels(pod), [LABELS.containerName]: container.name },
    annotations: {
      [ANNOTATIONS.image]: container.image ?? '',
      [ANNOTATIONS.restartCount]: String(place.attempt),
      [ANNOTATIONS.terminationGracePeriod]: String(spec.terminationGracePeriodSeconds ?? 30),
    },
    logPath: containerLogPath(container.name, place.attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    resources: containerResources(spec, container, place.nodeMemoryBytes),
    security: containerSecurity(pod, container, place.image),
    ...(place.targetContainerId === undefined ? {} : { targetContainerId: place.targetContainerId }),
  };
}
