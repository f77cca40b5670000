import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { evictionKind } from '#api/kinds/policy/eviction.ts';
import { podDisruptionBudgetKind } from '#api/kinds/policy/poddisruptionbudget.ts';
import { isConditionTrue, setCondition } from '#api/meta/conditions.ts';
import type { DeleteOptions } from '#api/meta/delete-options.ts';
import { invalid } from '#api/meta/field-error.ts';
import { StatusError, badRequest, conflict, invalidError } from '#api/meta/status.ts';
import type { WriteContext } from '#server/store/registry.ts';
import { statusResponse } from '../status-response.ts';
import { budgetsOf, ignoresUnhealthy, stillProcessed, withDisruption } from './disruption-budget.ts';
import { type SubresourceParts, admitPost, readPost } from './request.ts';
import type { Subresource } from './subresource.ts';

const STORE_READ_ERROR = 'ignoreStoreReadErrorWithClusterBreakingPotential';
/** How often it is tried when the pod changes meanwhile (upstream: EvictionsRetry). */
const ATTEMPTS = 20;

/** pods/eviction: a delete that disruption budgets may refuse (upstream: registry/core/pod/storage/eviction.go). */
export const evictionSubresource = (parts: SubresourceParts): Subresource => ({
  resource: 'pods',
  name: 'eviction',
  methods: ['POST'],
  verbs: ['create'],
  shows: evictionKind,
  async handle(request) {
    const { body, context } = await readPost(request, parts.kinds, evictionKind);
    const { name = '' } = body.metadata;
    if (name !== '' && name !== request.name) throw badRequest('name in URL does not match name in Eviction object');
    await admitPost(parts.registry, evictionKind, { ...request, body, context });
    const options = body.deleteOptions ?? {};
    if (options[STORE_READ_ERROR] === true)
      throw invalidError('policy', 'Eviction', request.name, [
        invalid(
          `deleteOptions.${STORE_READ_ERROR}`,
          true,
          'can not be set for pod eviction, try after removing the option',
        ),
      ]);
    const dryRun = context.dryRun || (options.dryRun ?? []).length > 0;
    const eviction = { namespace: request.namespace, name: request.name, options, context: { ...context, dryRun } };
    await evict(parts, eviction);
    return statusResponse({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
  },
});

/** What is to go, and how. */
interface Eviction {
  readonly namespace: string;
  readonly name: string;
  readonly options: DeleteOptions;
  readonly context: WriteContext;
}

async function evict(parts: SubresourceParts, eviction: Eviction): Promise<void> {
  const isConditional = eviction.options.preconditions?.resourceVersion !== undefined;
  for (let attempt = 1; ; attempt++) {
    const pod = parts.registry.get(podKind, eviction.namespace, eviction.name).object;
    if (!goesAnyway(pod)) return evictWithinBudget(parts, eviction, pod);
    try {
      // A pod that has yet to start may have started meanwhile: then its budget has a say.
      const mayStart = pod.status?.phase === 'Pending' && pod.metadata.deletionTimestamp === undefined;
      return await remove(parts, mayStart && !isConditional ? onlyAsSeen(eviction, pod) : eviction);
    } catch (error) {
      if (!isConflict(error) || isConditional || attempt === ATTEMPTS) throw error;
    }
  }
}

const isConflict = (error: unknown): boolean => error instanceof StatusError && error.reason === 'Conflict';

/** Does it disturb nobody any more, or not yet. */
const goesAnyway = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '');

async function evictWithinBudget(parts: SubresourceParts, eviction: Eviction, pod: Pod): Promise<void> {
  const { namespace, name, options, context } = eviction;
  const [budget, ...others] = budgetsOf(parts.store, pod);
  if (others.length > 0)
    throw new StatusError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  if (budget === undefined) return remove(parts, eviction);
  const budgetName = budget.metadata.name ?? '';
  if (!isConditionTrue(pod.status?.conditions, 'Ready') && ignoresUnhealthy(budget)) {
    try {
      return await remove(parts, onlyAsSeen(eviction, pod));
    } catch (error) {
      // It may have become ready meanwhile.
      if (isConflict(error) && options.preconditions?.resourceVersion === undefined) throw stillProcessed(budgetName);
      throw error;
    }
  }
  await parts.registry.update(
    podDisruptionBudgetKind,
    namespace,
    budgetName,
    (current) => withDisruption(current, name, new Date()),
    context,
    { subresource: 'status' },
  );
  return remove(parts, eviction);
}

const onlyAsSeen = (eviction: Eviction, { metadata: { resourceVersion = '' } }: Pod): Eviction => ({
  ...eviction,
  options: { ...eviction.options, preconditions: { ...eviction.options.preconditions, resourceVersion } },
});

/** Notes on the pod why it goes, and deletes it. */
async function remove({ registry }: SubresourceParts, eviction: Eviction): Promise<void> {
  const { namespace, name, options, context } = eviction;
  let conditions = options;
  if (!context.dryRun) {
    const change = (pod: Pod): Pod => withDisruptionTarget(checked(pod, options), new Date());
    const { revision } = await registry.update(podKind, namespace, name, change, context, { subresource: 'status' });
    const { preconditions } = options;
    if (preconditions?.resourceVersion !== undefined)
      conditions = { ...options, preconditions: { ...preconditions, resourceVersion: String(revision) } };
  }
  await registry.delete(podKind, namespace, name, conditions, context);
}

/** The pod, when it is the one that the preconditions mean. Throws 409. */
function checked(pod: Pod, { preconditions = {} }: DeleteOptions): Pod {
  const { uid = '', resourceVersion = '' } = pod.metadata;
  const refuse = (why: string): StatusError => conflict({ group: '', plural: 'Pod' }, pod.metadata.name ?? '', why);
  if ((preconditions.uid ?? '') !== '' && preconditions.uid !== uid)
    throw refuse(
      `the UID in the precondition (${preconditions.uid ?? ''}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  if ((preconditions.resourceVersion ?? '') !== '' && preconditions.resourceVersion !== resourceVersion)
    throw refuse(
      `the ResourceVersion in the precondition (${preconditions.resourceVersion ?? ''}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  return pod;
}

function withDisruptionTarget(pod: Pod, now: Date): Pod {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  return { ...pod, status: { ...pod.status, conditions: setCondition(pod.status?.conditions, condition, now) } };
}
