import type { Kind } from '#api/kind.ts';
import type { MutatingAdmissionPolicy as Policy } from '#api/kinds/admissionregistration/mutatingadmissionpolicy.ts';
import { untyped } from '#api/cel/cel-value.ts';
import { type CostBudget, OBJECT_BUDGET } from '#api/cel/cost-budget.ts';
import { StatusError, forbiddenError } from '#api/meta/status.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { meetsConditions } from './expressions/conditions.ts';
import { changeableKind, isExempt, namespaceOf, objectsIn } from './matching/request-matcher.ts';
import type { OutsideParts } from './mutatingwebhook.ts';
import { type Binding, bindingsByPolicy, criteriaOf } from './policies/bindings.ts';
import { mutated } from './policies/mutations.ts';
import { ConfigurationError, paramKindOf, paramsOf } from './policies/params.ts';
import { POLICY_VARIABLES, withVariables } from './policies/variables.ts';
import { type Invocations, invocationsOf } from './reinvocation.ts';
import { replaceObject } from './replace-object.ts';

const POLICIES = 'mutatingadmissionpolicies.admissionregistration.k8s.io';
const BINDINGS = 'mutatingadmissionpolicybindings.admissionregistration.k8s.io';

/** What is wrong with a policy or a binding. */
interface Fault {
  readonly message: string;
  readonly reason: 'Forbidden' | 'Invalid';
}

/** One policy, by one of its bindings. */
interface Bound {
  readonly policy: Policy;
  readonly binding: Binding;
  /** The version in which the policy sees the object. */
  readonly kind: Kind;
}

/** Lets MutatingAdmissionPolicies change objects, for each of their bindings and parameters; each sees what those before it made. */
export class MutatingAdmissionPolicy implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy';
  readonly #parts: OutsideParts;
  readonly #kinds: Kinds;

  constructor(parts: OutsideParts, kinds: Kinds) {
    this.#parts = parts;
    this.#kinds = kinds;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const { store, matcher } = this.#parts;
    const policies = store.list(POLICIES);
    if (policies.length === 0 || request.object === undefined || isExempt(request)) return;
    const bindings = bindingsByPolicy(store, BINDINGS);
    const invocations = invocationsOf(request);
    invocations.begin(request.object);
    const faults: Fault[] = [];
    for (const { name, object } of policies) {
      const policy = object as Policy;
      const kind = matcher.match(criteriaOf(policy.spec?.matchConstraints), request);
      if (kind === undefined) continue;
      for (const binding of bindings.get(name) ?? []) {
        const fault = await this.#run(request, { policy, binding, kind }, invocations);
        if (fault !== undefined && policy.spec?.failurePolicy !== 'Ignore') faults.push(fault);
      }
    }
    invocations.lastOutput = JSON.stringify(request.object);
    const [first] = faults;
    if (first === undefined) return;
    const { details } = forbiddenError(request.kind, request.name, '');
    const causes = faults.map(({ message }) => ({ message }));
    throw new StatusError(first.reason, first.message, { ...details, causes }, 403);
  }

  /** What is wrong with the policy or the binding, if anything is. */
  async #run(request: AdmissionRequest, bound: Bound, invocations: Invocations): Promise<Fault | undefined> {
    const { policy, binding } = bound;
    const { store, matcher } = this.#parts;
    const { matchResources, paramRef } = binding.spec ?? {};
    const names = [policy.metadata.name ?? '', binding.metadata.name ?? ''];
    try {
      if (matchResources !== undefined && matcher.match(criteriaOf(matchResources), request) === undefined)
        return undefined;
      const kind = paramKindOf(this.#kinds, policy.spec?.paramKind);
      const params = await paramsOf({ store, kind, namespace: namespaceOf(request) }, paramRef);
      for (const param of params) {
        const key = [POLICIES, ...names, param?.metadata.namespace ?? '', param?.metadata.name ?? ''].join('/');
        if (invocations.isSecond && !invocations.stale.has(key)) continue;
        if (await this.#mutate(request, bound, untyped(param ?? null))) invocations.changed();
        if (policy.spec?.reinvocationPolicy === 'IfNeeded') invocations.interested.add(key);
      }
      return undefined;
    } catch (error) {
      if (error instanceof StatusError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      const message = `policy '${names[0] ?? ''}' with binding '${names[1] ?? ''}' denied request: ${why}`;
      return { message, reason: error instanceof ConfigurationError ? 'Forbidden' : 'Invalid' };
    }
  }

  /** Did the object change. */
  async #mutate(request: AdmissionRequest, { policy, kind }: Bound, params: unknown): Promise<boolean> {
    const { spec = {} } = policy;
    const changeable = changeableKind(request, kind);
    if (changeable === undefined) return false;
    const budget: CostBudget = { left: OBJECT_BUDGET };
    const valuesNow = async () =>
      withVariables({ ...(await this.#parts.scope.variables(request, kind)), params }, spec.variables ?? [], budget);
    const conditions = spec.matchConditions ?? [];
    if (conditions.length > 0) {
      const meant = meetsConditions(conditions, await valuesNow(), true, POLICY_VARIABLES);
      if (typeof meant === 'string') throw new Error(meant);
      if (!meant) return false;
    }
    let changed = false;
    for (const mutation of spec.mutations ?? []) {
      const [object] = await objectsIn(kind, request);
      if (object === undefined) break;
      const json = mutated(mutation, { kind: changeable, object, values: await valuesNow(), budget });
      if (await replaceObject(request, changeable, json)) changed = true;
    }
    return changed;
  }
}
