import type { ObjectMeta } from '#api/meta/object-meta.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';

/** The pod, or the pod that a template makes. */
export interface CheckedPod {
  readonly metadata: ObjectMeta;
  readonly spec: PodSpec;
}

/** What a check finds wrong: `privileged (container "c" must not …)`. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** What checks look at of a container of any sort. */
export type CheckedContainer = Pick<NonNullable<PodSpec['containers']>[number], 'name' | 'securityContext' | 'ports'>;

/** One form of a check; undefined = nothing is wrong. */
export type CheckPod = (pod: CheckedPod) => Violation | undefined;

/** A check with all its forms. */
export interface Check {
  /** Messages list violations in the order of these, baseline before restricted. */
  readonly id: string;
  readonly level: 'baseline' | 'restricted';
  /** From which minor version on which form holds, ascending. */
  readonly versions: readonly (readonly [minor: number, check: CheckPod])[];
  /** A baseline check that this one stands for. */
  readonly overrides?: string;
}

/** Every container: init, ordinary, ephemeral. */
export const containersOf = ({ spec }: CheckedPod): readonly CheckedContainer[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
];

/** The names of the containers that `isBad` picks. */
export const namesOf = (pod: CheckedPod, isBad: (container: CheckedContainer) => boolean): string[] =>
  containersOf(pod)
    .filter((container) => isBad(container))
    .map(({ name }) => name);

/** `"a", "b"`. */
export const quoted = (texts: Iterable<string>): string => [...texts].map((one) => JSON.stringify(one)).join(', ');

/** Each but once, in byte order. */
export const sortedSet = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** The word for so many. */
export const plural = (count: number, one: string, several = `${one}s`): string => (count === 1 ? one : several);

/** `container "a"`, `containers "a", "b"`. */
export const containers = (names: readonly string[]): string => `${plural(names.length, 'container')} ${quoted(names)}`;

/** Who set something: `pod`, `container "c"`, `pod and container "c"`; empty when nobody did. */
export const setters = (byPod: boolean, names: readonly string[]): string =>
  [...(byPod ? ['pod'] : []), ...(names.length > 0 ? [containers(names)] : [])].join(' and ');

/** Pods for Windows know nothing of what some checks ask for. */
export const unlessWindows =
  (check: CheckPod): CheckPod =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : check(pod);
