import type { Deployment } from '#api/kinds/apps/deployment.ts';
import type { ReplicaSet } from '#api/kinds/apps/replicaset.ts';

/** The number of a rollout, counted up; `kubectl rollout history` shows it. */
export const REVISION = 'deployment.kubernetes.io/revision';
/** The numbers that a ReplicaSet had before, when it was rolled back to. */
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
/** What the Deployment's replicas were when the ReplicaSet was last scaled. */
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
/** The same with maxSurge. */
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** The label that keeps the pods of a Deployment's ReplicaSets apart. */
export const TEMPLATE_HASH = 'pod-template-hash';

const OURS: ReadonlySet<string> = new Set([
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
]);
/** The history of revisions is cut to so many characters. */
const MAX_HISTORY_LENGTH = 2000;

/** The number that an annotation of a ReplicaSet holds, if it is one. */
export function annotatedNumber(set: ReplicaSet, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation];
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** The revision of a ReplicaSet; 0 when it has none. */
export const revisionOf = (set: ReplicaSet): number => annotatedNumber(set, REVISION) ?? 0;

/** The highest revision of several. */
export const maxRevision = (sets: readonly ReplicaSet[]): number => Math.max(0, ...sets.map(revisionOf));

/**
 * The annotations that the new ReplicaSet of a Deployment should have: the Deployment's own (but those of this controller and of kubectl
 * apply), and the revision; one that was lower is kept in the history (deploymentutil.SetNewReplicaSetAnnotations).
 */
export function newSetAnnotations(deployment: Deployment, set: ReplicaSet, revision: number): Record<string, string> {
  const annotations = { ...set.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!OURS.has(key)) annotations[key] = value;
  }
  const before = annotations[REVISION];
  if (revisionOf(set) >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (before === undefined) return annotations;
  const history = [...(annotations[REVISION_HISTORY] ?? '').split(',').filter((one) => one !== ''), before];
  while (history.length > 1 && history.join(',').length > MAX_HISTORY_LENGTH) history.shift();
  annotations[REVISION_HISTORY] = history.join(',');
  return annotations;
}

/** The two annotations by which a later scaling is shared in proportion. */
export const sizeAnnotations = (desired: number, maxSurge: number): Record<string, string> => ({
  [DESIRED_REPLICAS]: String(desired),
  [MAX_REPLICAS]: String(desired + maxSurge),
});
