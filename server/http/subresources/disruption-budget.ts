import type { PodDisruptionBudget } from '#api/kinds/policy/poddisruptionbudget.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { setCondition } from '#api/meta/conditions.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';
import { StatusError, forbiddenError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { ObjectStore } from '#server/store/object-store.ts';

/** More pods than these that were evicted and are not gone yet: who counts them is not there (upstream: MaxDisruptedPodSize). */
const MOST_DISRUPTED = 2_000;
const REFUSAL = "Cannot evict pod as it would violate the pod's disruption budget.";
const RETRY_SECONDS = 10;
const RESOURCE = { group: 'policy', plural: 'poddisruptionbudget' };

/** The budgets that a pod counts for. */
export function budgetsOf(store: Pick<ObjectStore, 'list'>, { metadata }: Pod): PodDisruptionBudget[] {
  const budgets = store.list('poddisruptionbudgets.policy', metadata.namespace ?? '');
  return budgets
    .map(({ object }) => object as PodDisruptionBudget)
    .filter(({ spec }) => labelSelectorMatcher(spec?.selector)(metadata.labels));
}

/** 429 for a client to try again: the budget's numbers are not those of now. */
export const stillProcessed = (name: string): StatusError =>
  refusal(`The disruption budget ${name} is still being processed by the server.`, RETRY_SECONDS);

const refusal = (why: string, retryAfterSeconds: number): StatusError =>
  new StatusError('TooManyRequests', REFUSAL, {
    causes: [{ reason: 'DisruptionBudget', message: why }],
    ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
  });

/**
 * The budget with one disruption less, for the pod of this name. Throws 429 when it allows none, 403 when its numbers make no sense.
 * The pod is noted in it until it is gone, so that nobody counts it as available meanwhile.
 */
export function withDisruption(budget: PodDisruptionBudget, podName: string, now: Date): PodDisruptionBudget {
  const { metadata, status } = budget;
  const name = metadata.name ?? '';
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0, observedGeneration = 0 } = status ?? {};
  const disrupted = status?.disruptedPods ?? {};
  if (observedGeneration < (metadata.generation ?? 0)) throw stillProcessed(name);
  if (disruptionsAllowed < 0) throw forbiddenError(RESOURCE, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disrupted).length > MOST_DISRUPTED)
    throw forbiddenError(
      RESOURCE,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  if (disruptionsAllowed === 0)
    throw refusal(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
      0,
    );
  const left = disruptionsAllowed - 1;
  const exhausted = {
    type: 'DisruptionAllowed',
    status: 'False',
    observedGeneration,
    lastTransitionTime: formatTime(now),
    reason: 'InsufficientPods',
    message: '',
  };
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: left,
      currentHealthy,
      desiredHealthy,
      expectedPods: status?.expectedPods ?? 0,
      disruptedPods: { ...disrupted, [podName]: formatTime(now) },
      ...(left === 0 ? { conditions: setCondition(status?.conditions, exhausted, now) } : {}),
    },
  };
}

/** May a pod that is not ready go without counting: its budget says so, or is kept by the others. */
export function ignoresUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (desiredHealthy > 0 && currentHealthy >= desiredHealthy);
}
