import type { Kind, KubeObject } from '#api/kind.ts';
import type { MutatingAdmissionPolicySpec } from '#api/kinds/admissionregistration/mutatingadmissionpolicy.ts';
import type { CostBudget } from '#api/cel/cost-budget.ts';
import { fieldContext } from '#api/patch/apply/kind-fields.ts';
import { mergeConfiguration } from '#api/patch/apply/merge-configuration.ts';
import { type JsonPatchOperation, applyJsonPatch } from '#api/patch/json-patch.ts';
import { isObject } from '#api/schema/structural.ts';
import { programOf } from '../expressions/compiled.ts';
import { withoutTypes } from '#api/cel/object-literals.ts';
import { plainValue } from '../expressions/plain-value.ts';
import type { Values } from '../expressions/scope.ts';
import { failure } from './validations.ts';
import { POLICY_VARIABLES } from './variables.ts';

type Mutation = NonNullable<MutatingAdmissionPolicySpec['mutations']>[number];

/** What a mutation is applied to: the object in the version `kind`, and the variables that show it. */
export interface MutationInput {
  readonly kind: Kind;
  readonly object: KubeObject;
  readonly values: Values;
  readonly budget: CostBudget;
}

/** The object with a mutation applied, as JSON. Throws an Error that tells what is wrong with the policy. */
export function mutated(mutation: Mutation, input: MutationInput): unknown {
  const { kind, object } = input;
  const plain = JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
  if (mutation.patchType === 'JSONPatch') {
    const operations = evaluate(mutation.jsonPatch?.expression ?? '', input);
    if (!Array.isArray(operations)) throw new Error('type mismatch: JSONPatchType.expression should evaluate to array');
    try {
      return applyJsonPatch(plain, operations as JsonPatchOperation[]);
    } catch (error) {
      throw new Error(`JSON Patch: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  const configuration = evaluate(mutation.applyConfiguration?.expression ?? '', input);
  if (!isObject(configuration)) throw new Error('unsupported return type from ApplyConfiguration expression');
  return mergeConfiguration(fieldContext(kind, '', 0).type, plain, configuration);
}

function evaluate(expression: string, { values, budget }: MutationInput): unknown {
  try {
    return plainValue(programOf(withoutTypes(expression), POLICY_VARIABLES).run(values, budget));
  } catch (error) {
    throw new Error(failure(expression, error, budget), { cause: error });
  }
}
