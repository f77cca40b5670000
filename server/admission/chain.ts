import type { Admission, AdmissionRequest } from '#server/store/registry.ts';
import { invocationsOf } from './reinvocation.ts';

/** One rule on writes. `mutate` may change `request.object`; `validate` may not. Both reject with StatusError. */
export interface AdmissionPlugin {
  /** Upstream's name, e.g. `NamespaceLifecycle`. */
  readonly name: string;
  mutate?(request: AdmissionRequest): Promise<void> | void;
  validate?(request: AdmissionRequest): Promise<void> | void;
}

/**
 * Runs plugins in order: all that mutate before validation, all that validate after it. The first refusal ends it. When a webhook or a policy
 * has changed the object, those that mutate see it once more.
 */
export class AdmissionChain implements Admission {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) await plugin.mutate?.(request);
    const invocations = invocationsOf(request);
    if (!invocations.again) return;
    invocations.isSecond = true;
    for (const plugin of this.#plugins) await plugin.mutate?.(request);
  }

  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) await plugin.validate?.(request);
  }
}
