import type { Variable } from '#api/kinds/admissionregistration/policy.ts';
import type { CostBudget } from '#api/cel/cost-budget.ts';
import type { Variable as VariableType } from '#api/cel/environment.ts';
import { programOf } from '../expressions/compiled.ts';
import { REQUEST_VARIABLES, type Values } from '../expressions/scope.ts';

/** The variables of a policy's expressions: those about the request, its parameters, and what it defines itself. */
export const POLICY_VARIABLES: Readonly<Record<string, VariableType>> = {
  ...REQUEST_VARIABLES,
  params: { type: 'dyn' },
  variables: { type: 'dyn' },
};

/**
 * The values with a policy's own variables, each computed when it is first read, and then kept. Variables see those before them.
 * One that cannot be computed throws where it is read.
 */
export function withVariables(values: Values, variables: readonly Variable[], budget: CostBudget): Values {
  const own: Record<string, unknown> = {};
  const all = { ...values, variables: own };
  for (const { name, expression } of variables) {
    let outcome: { readonly value: unknown } | { readonly error: Error } | undefined;
    Object.defineProperty(own, name, {
      enumerable: true,
      get() {
        outcome ??= compute(name, expression, all, budget);
        if ('error' in outcome) throw outcome.error;
        return outcome.value;
      },
    });
  }
  return all;
}

function compute(
  name: string,
  expression: string,
  values: Values,
  budget: CostBudget,
): { readonly value: unknown } | { readonly error: Error } {
  const failed = (step: string, error: unknown): { readonly error: Error } => {
    const why = error instanceof Error ? error.message : String(error);
    return {
      error: new Error(`composited variable ${JSON.stringify(name)} fails to ${step}: ${why}`, { cause: error }),
    };
  };
  let program: ReturnType<typeof programOf>;
  try {
    program = programOf(expression, POLICY_VARIABLES);
  } catch (error) {
    return failed('compile', error);
  }
  try {
    return { value: program.run(values, budget) };
  } catch (error) {
    return failed('evaluate', error);
  }
}
