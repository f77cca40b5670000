import type { KubeObject } from '#api/kind.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import {
  type ResourceList,
  addResourceLists,
  maskResourceList,
  printResourceList,
  subtractResourceLists,
} from '#api/meta/resource-list.ts';
import { forbiddenError } from '#api/meta/status.ts';
import { type Quota, type QuotaEvaluator, isInScope } from '#api/quota/evaluator.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';

/** A quota and what is used of it so far, requests that are not written yet included. */
export interface QuotaState {
  readonly quota: Quota;
  used: ResourceList;
}

/**
 * What each quota would have used after the request, by its place; undefined where it does not change (upstream: resourcequota CheckRequest).
 * Throws Forbidden when one does not suffice, when its use is not known yet, or when a pod does not say what it needs.
 */
export function usedAfter(
  states: readonly QuotaState[],
  request: AdmissionRequest,
  evaluator: QuotaEvaluator,
  nowMs: number,
): (ResourceList | undefined)[] {
  const { object, old } = request;
  if (object === undefined) return [];
  const usage = evaluator.usage(object, nowMs);
  return states.map((state) => {
    if (!matches(state.quota, evaluator, object)) return undefined;
    checkKnown(state, request, evaluator, object);
    const counted = old !== undefined && matches(state.quota, evaluator, old);
    const more = counted ? subtractResourceLists(usage, evaluator.usage(old, nowMs)) : usage;
    return afterwards(state, request, more);
  });
}

const matches = (quota: Quota, evaluator: QuotaEvaluator, object: KubeObject): boolean =>
  evaluator.matching(Object.keys(quota.status?.hard ?? {})).length > 0 && isInScope(quota, evaluator, object);

function checkKnown(
  { quota, used }: QuotaState,
  { kind, name }: AdmissionRequest,
  evaluator: QuotaEvaluator,
  object: KubeObject,
): void {
  const names = evaluator.matching(Object.keys(quota.status?.hard ?? {}));
  const quotaName = quota.metadata.name ?? '';
  const unsaid = evaluator.unsaid?.(names, object);
  if (unsaid !== undefined) throw forbiddenError(kind, name, `failed quota: ${quotaName}: ${unsaid}`);
  if (names.some((one) => used[one] === undefined))
    throw forbiddenError(kind, name, `status unknown for quota: ${quotaName}, resources: ${names.sort().join(',')}`);
}

function afterwards(
  { quota, used }: QuotaState,
  { kind, name, subresource }: AdmissionRequest,
  more: ResourceList,
): ResourceList | undefined {
  const hard = quota.status?.hard ?? {};
  const requested = Object.fromEntries(
    Object.entries(more).filter(([one, amount]) => hard[one] !== undefined && compareQuantity(amount, '0') > 0),
  );
  if (Object.keys(requested).length === 0) return undefined;
  const after = addResourceLists(used, requested);
  const exceeded = Object.keys(requested).filter((one) => compareQuantity(after[one], hard[one]) > 0);
  // What a node has set aside for a volume is there already, whatever the quota says.
  if (exceeded.length === 0 || subresource === 'status') return after;
  const [asked, before, limit] = [requested, used, hard].map((list) =>
    printResourceList(maskResourceList(list, exceeded)),
  );
  throw forbiddenError(
    kind,
    name,
    `exceeded quota: ${quota.metadata.name ?? ''}, requested: ${asked}, used: ${before}, limited: ${limit}`,
  );
}
