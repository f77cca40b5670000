import type { Kind } from '#api/kind.ts';
import type { Webhook } from '#api/kinds/admissionregistration/webhook.ts';
import type { WebhookClient } from '#server/proxy/webhook-client.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { CallError, Rejection, dryRunUnsupported } from './errors.ts';
import { type ReviewAnswer, readAnswer, reviewOf } from './review.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;
const WITHOUT_EFFECTS = ['None', 'NoneOnDryRun'];

/** What is asked of a webhook. */
export interface Call {
  readonly webhook: Webhook;
  readonly request: AdmissionRequest;
  /** The version in which the webhook wants to see the object. */
  readonly kind: Kind;
  readonly mutating: boolean;
}

/**
 * Asks a webhook. Rejects with CallError when it cannot be asked, with Rejection when it says no, with BadRequest when this is a dry run and it
 * has side effects.
 */
export async function callWebhook(
  client: WebhookClient,
  { webhook, request, kind, mutating }: Call,
): Promise<ReviewAnswer> {
  const { name, clientConfig, sideEffects, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = webhook;
  if (request.context.dryRun && !WITHOUT_EFFECTS.includes(sideEffects)) throw dryRunUnsupported(name);
  const review = await attempt(name, '', () => reviewOf(request, kind, webhook.admissionReviewVersions));
  const answer = await attempt(name, 'failed to call webhook: ', () =>
    client.call(clientConfig, review.body, timeoutSeconds * 1000),
  );
  const checked = await attempt(name, 'received invalid webhook response: ', () =>
    readAnswer(answer, review, mutating),
  );
  request.context.warnings.push(...checked.warnings);
  if (!checked.allowed) throw new Rejection(name, checked.result);
  return checked;
}

async function attempt<T>(name: string, head: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new CallError(name, `${head}${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
