import type { APIServiceSpec } from './apiservice.ts';

/** The group that APIServices are of. It serves itself, without one of them, and comes before all others. */
const OWN_GROUP = 'apiregistration.k8s.io';

/** The priorities of built-in groups (kube-apiserver: apiVersionPriorities). */
const GROUPS: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  // As metrics-server's: `pods` and `nodes` are core's for who names no group.
  'metrics.k8s.io': 100,
};
/** Of group versions whose priority is not 15. */
const VERSIONS: Readonly<Record<string, number>> = {
  '/v1': 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
  'metrics.k8s.io/v1beta1': 100,
};
/** Of groups that definitions bring (kube-apiserver: crdRegistrationController). */
const CUSTOM = { groupPriorityMinimum: 1000, versionPriority: 100 } as const;

/** What the APIService of a group version that this server serves says of its place among others. */
export function localPriorities(
  group: string,
  version: string,
): Pick<APIServiceSpec, 'groupPriorityMinimum' | 'versionPriority'> {
  const groupPriorityMinimum = GROUPS[group];
  if (groupPriorityMinimum === undefined) return CUSTOM;
  return { groupPriorityMinimum, versionPriority: VERSIONS[`${group}/${version}`] ?? 15 };
}

/** Has the group version an APIService. */
export const hasAPIService = (group: string): boolean => group !== OWN_GROUP;

/** The order of groups in discovery: the greater priority first, then by name. */
export function compareGroups(a: string, b: string): number {
  const place = (group: string): number =>
    group === OWN_GROUP ? Number.POSITIVE_INFINITY : (GROUPS[group] ?? CUSTOM.groupPriorityMinimum);
  const [left, right] = [place(a), place(b)];
  if (left !== right) return left > right ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
