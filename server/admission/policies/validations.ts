import type {
  AuditAnnotation,
  Validation,
  ValidatingAdmissionPolicySpec,
} from '#api/kinds/admissionregistration/validatingadmissionpolicy.ts';
import { CelCompileError } from '#api/cel/program.ts';
import { type CostBudget, OBJECT_BUDGET } from '#api/cel/cost-budget.ts';
import { meetsConditions } from '../expressions/conditions.ts';
import { programOf } from '../expressions/compiled.ts';
import type { Values } from '../expressions/scope.ts';
import { POLICY_VARIABLES, withVariables } from './variables.ts';

/** Why a policy is against a request. */
export interface Denial {
  readonly message: string;
  /** A reason of Status; default `Invalid`. */
  readonly reason?: string | undefined;
  /** It is told to be denied, whatever the binding does about violations: the policy itself failed. */
  readonly always?: boolean;
}

/** The longest text that an expression may make (upstream: MaxEvaluatedMessageExpressionSizeBytes). */
const MAX_MESSAGE_BYTES = 5 * 1024;

/**
 * Runs a policy for one set of parameters: its conditions, validations and audit annotations (upstream: validating.validator). What cannot be
 * evaluated denies, unless the policy's failurePolicy is Ignore.
 */
export function violationsOf(spec: ValidatingAdmissionPolicySpec, values: Values): Denial[] {
  const fails = spec.failurePolicy !== 'Ignore';
  const budget: CostBudget = { left: OBJECT_BUDGET };
  const all = withVariables(values, spec.variables ?? [], budget);
  const conditions = spec.matchConditions ?? [];
  const meant = conditions.length === 0 || meetsConditions(conditions, all, fails, POLICY_VARIABLES);
  if (typeof meant === 'string') return [{ message: meant }];
  if (!meant) return [];
  return [
    ...(spec.validations ?? []).flatMap((validation) => violation(validation, all, budget, fails)),
    ...(spec.auditAnnotations ?? []).flatMap((annotation) => annotationFault(annotation, all, budget, fails)),
  ];
}

function violation(validation: Validation, values: Values, budget: CostBudget, fails: boolean): Denial[] {
  const { expression, reason } = validation;
  try {
    if (run(expression, values, budget) === true) return [];
  } catch (error) {
    return fails ? [{ message: failure(expression, error, budget) }] : [];
  }
  return [{ message: messageOf(validation, values, budget), reason }];
}

function messageOf(
  { expression, message = '', messageExpression = '' }: Validation,
  values: Values,
  budget: CostBudget,
) {
  const given = message.trim() === '' ? `failed expression: ${expression.trim()}` : message.trim();
  if (messageExpression === '') return given;
  try {
    const made = run(messageExpression, values, budget);
    if (typeof made !== 'string') return given;
    const text = made.trim();
    const fits = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= MAX_MESSAGE_BYTES;
    return fits ? text : given;
  } catch {
    return given;
  }
}

/** Nobody keeps the annotations yet; but one that cannot be made is a fault of the policy. */
function annotationFault(
  { valueExpression }: AuditAnnotation,
  values: Values,
  budget: CostBudget,
  fails: boolean,
): Denial[] {
  const always = true;
  try {
    const value = run(valueExpression, values, budget);
    if (value === null || typeof value === 'string') return [];
    const message = `valueExpression '${valueExpression}' resulted in unsupported return type: ${typeof value}. Return type must be either string or null.`;
    return [{ message, always }];
  } catch (error) {
    return fails ? [{ message: failure(valueExpression, error, budget), always }] : [];
  }
}

const run = (expression: string, values: Values, budget: CostBudget): unknown =>
  programOf(expression, POLICY_VARIABLES).run(values, budget);

/** What is told of an expression that could not be evaluated. */
export function failure(expression: string, error: unknown, budget: CostBudget): string {
  if (budget.left < 0)
    return 'validation failed due to running out of cost budget, no further validation rules will be run';
  if (error instanceof CelCompileError) return `compilation error: ${error.message}`;
  return `expression '${expression}' resulted in error: ${error instanceof Error ? error.message : String(error)}`;
}
