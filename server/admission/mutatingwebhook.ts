import { applyJsonPatch, parseJsonPatch } from '#api/patch/json-patch.ts';
import type { WebhookClient } from '#server/proxy/webhook-client.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import type { ExpressionScope } from './expressions/scope.ts';
import { type RequestMatcher, changeableKind, objectsIn } from './matching/request-matcher.ts';
import { invocationsOf } from './reinvocation.ts';
import { replaceObject } from './replace-object.ts';
import { callWebhook } from './webhooks/call.ts';
import { CallError, internalError } from './webhooks/errors.ts';
import { type Invocation, hooksIn, invocationOf } from './webhooks/hooks.ts';
import type { ReviewAnswer } from './webhooks/review.ts';

const RESOURCE = 'mutatingwebhookconfigurations.admissionregistration.k8s.io';

/** What plugins need that ask somebody outside or evaluate expressions. */
export interface OutsideParts {
  readonly store: Pick<ObjectStore, 'get' | 'list'>;
  readonly matcher: RequestMatcher;
  readonly scope: ExpressionScope;
  readonly webhooks: WebhookClient;
}

/** Asks mutating webhooks, one after the other, each about what the one before made of the object. */
export class MutatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook';
  readonly #parts: OutsideParts;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const { store, matcher, scope } = this.#parts;
    const hooks = hooksIn(store, RESOURCE);
    if (hooks.length === 0) return;
    const invocations = invocationsOf(request);
    invocations.begin(request.object);
    for (const hook of hooks) {
      const key = `${RESOURCE}/${hook.configuration}/${hook.name}`;
      if (invocations.isSecond && !invocations.stale.has(key)) continue;
      const invocation = await invocationOf(hook, request, matcher, scope);
      if (invocation === undefined) continue;
      if (await this.#invoke(request, invocation)) invocations.changed();
      if (hook.reinvocationPolicy === 'IfNeeded') invocations.interested.add(key);
    }
    invocations.lastOutput = JSON.stringify(request.object);
  }

  /** Did the webhook change the object. */
  async #invoke(request: AdmissionRequest, { hook, kind }: Invocation): Promise<boolean> {
    try {
      const answer = await callWebhook(this.#parts.webhooks, { webhook: hook, request, kind, mutating: true });
      return await patched(request, { hook, kind }, answer);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (hook.failurePolicy === 'Ignore') return false;
      throw internalError(error.message);
    }
  }
}

async function patched(
  request: AdmissionRequest,
  { hook, kind }: Invocation,
  { patch, patchType }: ReviewAnswer,
): Promise<boolean> {
  if (patch === undefined) return false;
  if (patchType !== 'JSONPatch') throw new CallError(hook.name, `unsupported patch type ${JSON.stringify(patchType)}`);
  let result: unknown;
  try {
    const { operations } = parseJsonPatch(Buffer.from(patch, 'base64'));
    if (operations.length === 0) return false;
    const changeable = changeableKind(request, kind);
    const [object] = await objectsIn(kind, request);
    if (object === undefined || changeable === undefined)
      throw new Error(
        `admission webhook ${JSON.stringify(hook.name)} attempted to modify the object, which is not supported for this operation`,
      );
    result = applyJsonPatch(object, operations);
    return await replaceObject(request, changeable, result);
  } catch (error) {
    throw internalError(error instanceof Error ? error.message : String(error));
  }
}
