import type { MatchCondition } from '#api/kinds/admissionregistration/webhook.ts';
import type { CostBudget } from '#api/cel/cost-budget.ts';
import type { Variable } from '#api/cel/environment.ts';
import { aggregate } from '../aggregate.ts';
import { programOf } from './compiled.ts';
import { REQUEST_VARIABLES, type Values } from './scope.ts';

/** All conditions of one webhook or policy share this (upstream: RuntimeCELCostBudgetMatchConditions). */
const BUDGET = 2_500_000;

/**
 * Are all conditions true. One that is false decides, whatever becomes of the others; else, when some could not be evaluated, the answer is a
 * text if `fails`, and no if not (upstream: matchconditions.Match).
 */
export function meetsConditions(
  conditions: readonly MatchCondition[],
  values: Values,
  fails: boolean,
  variables: Readonly<Record<string, Variable>> = REQUEST_VARIABLES,
): boolean | string {
  const budget: CostBudget = { left: BUDGET };
  const errors: string[] = [];
  for (const { name, expression } of conditions) {
    try {
      if (programOf(expression, variables).run(values, budget) !== true) return false;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      errors.push(`expression '${expression}' resulted in error: ${why}`);
      if (budget.left < 0) errors.push(`validation failed due to running out of cost budget at ${name}`);
    }
  }
  if (errors.length === 0) return true;
  return fails ? aggregate(errors) : false;
}
