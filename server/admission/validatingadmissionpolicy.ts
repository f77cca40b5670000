import type { Kind } from '#api/kind.ts';
import type { ValidatingAdmissionPolicy as Policy } from '#api/kinds/admissionregistration/validatingadmissionpolicy.ts';
import { type StatusReason, StatusError, forbiddenError } from '#api/meta/status.ts';
import { untyped } from '#api/cel/cel-value.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { isExempt, namespaceOf } from './matching/request-matcher.ts';
import type { OutsideParts } from './mutatingwebhook.ts';
import { type Binding, bindingsByPolicy, criteriaOf } from './policies/bindings.ts';
import { ConfigurationError, paramKindOf, paramsOf } from './policies/params.ts';
import { type Denial, violationsOf } from './policies/validations.ts';

const POLICIES = 'validatingadmissionpolicies.admissionregistration.k8s.io';
const BINDINGS = 'validatingadmissionpolicybindings.admissionregistration.k8s.io';

/** Reasons that a policy may give. */
const REASONS: readonly StatusReason[] = ['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge'];

/** Evaluates ValidatingAdmissionPolicies for each of their bindings; the first denial is told. */
export class ValidatingAdmissionPolicy implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy';
  readonly #parts: OutsideParts;
  readonly #kinds: Kinds;

  constructor(parts: OutsideParts, kinds: Kinds) {
    this.#parts = parts;
    this.#kinds = kinds;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    const { store } = this.#parts;
    const policies = store.list(POLICIES);
    if (policies.length === 0 || isExempt(request)) return;
    const bindings = bindingsByPolicy(store, BINDINGS);
    let denied: StatusError | undefined;
    for (const { name, object } of policies) {
      // Those after a denial still warn.
      const first = await this.#evaluate(request, object as Policy, bindings.get(name) ?? []);
      denied ??= first;
    }
    if (denied !== undefined) throw denied;
  }

  /** The first denial of a policy. */
  async #evaluate(
    request: AdmissionRequest,
    policy: Policy,
    bindings: readonly Binding[],
  ): Promise<StatusError | undefined> {
    const { spec = {} } = policy;
    if (bindings.length === 0) return undefined;
    const kind = this.#parts.matcher.match(criteriaOf(spec.matchConstraints), request);
    if (kind === undefined) return undefined;
    let first: StatusError | undefined;
    for (const binding of bindings) {
      try {
        const denials = await this.#bound(request, policy, binding, kind);
        for (const denial of denials) first ??= act(request, policy, binding, denial);
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        if (spec.failurePolicy === 'Ignore') continue;
        first ??= refusal(request, policy, error.ofPolicy ? undefined : binding, {
          message: `failed to configure ${error.ofPolicy ? 'policy' : 'binding'}: ${error.message}`,
        });
      }
    }
    return first;
  }

  async #bound(request: AdmissionRequest, { spec = {} }: Policy, binding: Binding, kind: Kind): Promise<Denial[]> {
    const { store, matcher, scope } = this.#parts;
    const paramKind = paramKindOf(this.#kinds, spec.paramKind);
    const { matchResources, paramRef } = binding.spec ?? {};
    if (matchResources !== undefined && matcher.match(criteriaOf(matchResources), request) === undefined) return [];
    const params = await paramsOf({ store, kind: paramKind, namespace: namespaceOf(request) }, paramRef);
    if (params.length === 0) return [];
    const values = await scope.variables(request, kind);
    return params.flatMap((one) => violationsOf(spec, { ...values, params: untyped(one ?? null) }));
  }
}

/** What a binding does about a violation: it warns, or denies, or both. */
function act(request: AdmissionRequest, policy: Policy, binding: Binding, denial: Denial): StatusError | undefined {
  const actions = binding.spec?.validationActions ?? [];
  if (actions.includes('Warn') && denial.always !== true)
    request.context.warnings.push(
      `Validation failed for ValidatingAdmissionPolicy '${policy.metadata.name ?? ''}' with binding '${binding.metadata.name ?? ''}': ${denial.message}`,
    );
  return denial.always === true || actions.includes('Deny') ? refusal(request, policy, binding, denial) : undefined;
}

function refusal(
  { kind, name }: AdmissionRequest,
  policy: Policy,
  binding: Binding | undefined,
  { message, reason = 'Invalid' }: Denial,
): StatusError {
  const by = binding === undefined ? '' : ` with binding '${binding.metadata.name ?? ''}'`;
  const text = `ValidatingAdmissionPolicy '${policy.metadata.name ?? ''}'${by} denied request: ${message}`;
  const about = forbiddenError(kind, name, text);
  const known = REASONS.find((one) => one === reason) ?? 'Invalid';
  return new StatusError(known, about.message, { ...about.details, causes: [{ message: text }] });
}
