import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import type { OutsideParts } from './mutatingwebhook.ts';
import { callWebhook } from './webhooks/call.ts';
import { CallError, internalError } from './webhooks/errors.ts';
import { type Invocation, hooksIn, invocationOf } from './webhooks/hooks.ts';

const RESOURCE = 'validatingwebhookconfigurations.admissionregistration.k8s.io';

/** Asks validating webhooks, all at once; the refusal of the first in order is told. */
export class ValidatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook';
  readonly #parts: OutsideParts;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { store, matcher, scope } = this.#parts;
    const hooks = hooksIn(store, RESOURCE);
    if (hooks.length === 0) return;
    const meant: Invocation[] = [];
    for (const hook of hooks) {
      const invocation = await invocationOf(hook, request, matcher, scope);
      if (invocation !== undefined) meant.push(invocation);
    }
    const outcomes = await Promise.allSettled(meant.map((invocation) => this.#invoke(request, invocation)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #invoke(request: AdmissionRequest, { hook, kind }: Invocation): Promise<void> {
    try {
      await callWebhook(this.#parts.webhooks, { webhook: hook, request, kind, mutating: false });
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (hook.failurePolicy !== 'Ignore') throw internalError(error.message);
    }
  }
}
