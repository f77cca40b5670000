import type { KubeObject } from '#api/kind.ts';
import type { MutatingWebhook } from '#api/kinds/admissionregistration/mutatingwebhookconfiguration.ts';
import { forbiddenError } from '#api/meta/status.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { Kind } from '#api/kind.ts';
import type { ExpressionScope } from '../expressions/scope.ts';
import { meetsConditions } from '../expressions/conditions.ts';
import { isExempt, type RequestMatcher } from '../matching/request-matcher.ts';

/** A webhook of either sort; validating ones know no reinvocationPolicy. */
export type Hook = MutatingWebhook & { readonly configuration: string };

/** What is known of a request that a webhook is to be asked about. */
export interface Invocation {
  readonly hook: Hook;
  readonly kind: Kind;
}

/** All webhooks of a sort: configurations by name, those of one in their order. */
export const hooksIn = (store: Pick<ObjectStore, 'list'>, resource: string): Hook[] =>
  store.list(resource).flatMap(({ name, object }) => {
    const { webhooks = [] } = object as KubeObject & { webhooks?: MutatingWebhook[] };
    return webhooks.map((webhook) => ({ ...webhook, configuration: name }));
  });

/** Is a webhook to be asked, and in which version. Throws Forbidden when one of its conditions fails and its failurePolicy says so. */
export async function invocationOf(
  hook: Hook,
  request: AdmissionRequest,
  matcher: RequestMatcher,
  scope: ExpressionScope,
): Promise<Invocation | undefined> {
  if (isExempt(request)) return undefined;
  const { rules = [], namespaceSelector, objectSelector, matchPolicy, matchConditions = [], failurePolicy } = hook;
  const kind = matcher.match({ rules, namespaceSelector, objectSelector, matchPolicy }, request);
  if (kind === undefined) return undefined;
  if (matchConditions.length === 0) return { hook, kind };
  const outcome = meetsConditions(matchConditions, await scope.variables(request, kind), failurePolicy !== 'Ignore');
  if (typeof outcome === 'string') throw forbiddenError(request.kind, request.name, outcome);
  return outcome ? { hook, kind } : undefined;
}
