import type { Pod } from '#api/kinds/core/pod.ts';
import type { PodStatus } from '#api/kinds/core/pod-status.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { DesiredState } from '../state/desired-state.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { PodPlace } from '../volumes/field-ref.ts';
import type { Images } from './images/images.ts';
import type { PodEvents } from './pod-events.ts';
import type { StartSlots } from './start-slots.ts';

/** What all pod workers of a node share. */
export interface PodContext {
  readonly runtime: ContainerRuntime;
  readonly state: Pick<DesiredState, 'get' | 'list'>;
  readonly volumes: Volumes;
  readonly images: Images;
  readonly events: PodEvents;
  readonly slots: StartSlots;
  /** Bounds how many sandboxes are being removed at once. */
  readonly removals: StartSlots;
  readonly clock: Clock;
  readonly log: Logger;
  readonly dataDir: string;
  readonly nodeName: string;
  readonly nodeHostname: string;
  readonly nodeMemoryBytes: number;
  readonly hostIPs: () => readonly string[];
  readonly clusterDNS: () => readonly string[];
  readonly clusterDomain: () => string;
  readonly allocatable: () => Readonly<Record<string, string>>;
  readonly sendStatus: (pod: Pod, status: PodStatus) => void;
  readonly sendGone: (pod: Pod) => void;
}

/** What a pod may ask about where it runs. */
export const placeOf = (context: PodContext, podIPs: readonly string[]): PodPlace => ({
  nodeName: context.nodeName,
  hostIPs: context.hostIPs(),
  podIPs,
  allocatable: context.allocatable(),
});

/** Where an event says that a container is: `spec.containers{c}`. */
export const fieldPathOf = (pod: Pod, container: string): string => {
  const { initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const has = (list: readonly { readonly name: string }[]): boolean => list.some(({ name }) => name === container);
  const field = has(initContainers)
    ? 'initContainers'
    : has(ephemeralContainers)
      ? 'ephemeralContainers'
      : 'containers';
  return `spec.${field}{${container}}`;
};
