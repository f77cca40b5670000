import { type Environment, Optional, type ParseResult } from '@marcbachmann/cel-js';
import { compileError, sourceError } from './compile-error.ts';
import { CostExceeded, type CostBudget, EXPRESSION_BUDGET, charging, spend } from './cost-budget.ts';
import { type Variable, environmentFor, isFunction } from './environment.ts';
import { type ComprehensionParts, countNodes, treeOf, visitTree } from './expression-tree.ts';
import { LED_TO_OURS } from './libraries/strings.ts';
import { estimateCost } from './static-cost.ts';

/** An expression cannot be compiled; the message is what upstream says after the rule. */
export class CelCompileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CelCompileError';
  }
}

/** An expression could not be evaluated; the message is in the words of cel-go. */
export class CelEvaluationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CelEvaluationError';
  }
}

/** What an expression may use and must answer. */
export interface CompileOptions {
  readonly variables: Readonly<Record<string, Variable>>;
  /** The type that the answer must have, and how its absence is told: `must evaluate to a bool`. Default: any. */
  readonly result?: { readonly types: readonly string[]; readonly message: string };
}

/** A compiled expression. */
export interface Program {
  /** The library's name of the answer's type. */
  readonly resultType: string;
  /** The most that it may cost by the sizes that the types allow. */
  readonly estimatedCost: number;
  /** Does it read this variable. */
  uses(variable: string): boolean;
  /**
   * Evaluates; variables are CEL's own values (`celValue`, `untyped`). Charges `budget` too. Throws CelEvaluationError, or CostExceeded
   * when this expression or all that share the budget have had enough.
   */
  run(variables: Readonly<Record<string, unknown>>, budget?: CostBudget): unknown;
}

/** An optional's value; none for undefined. */
export const optionalOf = (value: unknown): unknown => (value === undefined ? Optional.none() : Optional.of(value));

/** Compiles an expression. Throws CelCompileError. */
export function compile(source: string, { variables, result }: CompileOptions): Program {
  const environment = environmentFor(variables);
  const parsed = parse(environment, source);
  const tree = treeOf(parsed.ast);
  visitTree(tree, (node) => {
    const ours =
      node.op === 'call' || node.op === 'rcall' ? LED_TO_OURS.get(String((node.args as unknown[])[0])) : undefined;
    if (ours !== undefined && Array.isArray(node.args)) node.args[0] = ours;
  });
  const checked = parsed.check();
  if (!checked.valid)
    throw new CelCompileError(`compilation failed: ${compileError(source, checked.error, isFunction)}`);
  const resultType = checked.type ?? 'dyn';
  if (result !== undefined && resultType !== 'dyn' && !result.types.includes(resultType))
    throw new CelCompileError(result.message);
  const estimate = estimateCost(tree, variables);
  if (estimate.undefinedField !== undefined) {
    const { name, offset } = estimate.undefinedField;
    throw new CelCompileError(`compilation failed: ${sourceError(source, offset, `undefined field '${name}'`)}`);
  }
  chargeSteps(tree);
  const used = new Set<string>();
  visitTree(tree, (node) => void (node.op === 'id' && used.add(String(node.args))));
  const nodes = countNodes(tree);
  return {
    resultType,
    estimatedCost: estimate.cost,
    uses: (variable) => used.has(variable),
    run: (values, budget) => evaluate(parsed, values, nodes, budget),
  };
}

function parse(environment: Environment, source: string): ParseResult {
  try {
    return environment.parse(source);
  } catch (error) {
    throw new CelCompileError(`compilation failed: ${compileError(source, error, isFunction)}`);
  }
}

/** Each round of a comprehension is charged with the size of what it runs. */
function chargeSteps(tree: ReturnType<typeof treeOf>): void {
  visitTree(tree, (node) => {
    if (node.op !== 'comprehension') return;
    const { step } = node.args as ComprehensionParts;
    const run = step.meta.evaluate;
    if (typeof run !== 'function') return;
    const units = countNodes(step);
    step.setMeta('evaluate', (...args: unknown[]): unknown => {
      spend(units);
      return run(...args);
    });
  });
}

function evaluate(
  parsed: ParseResult,
  values: Readonly<Record<string, unknown>>,
  nodes: number,
  budget: CostBudget | undefined,
): unknown {
  const own = { left: Math.min(EXPRESSION_BUDGET, budget?.left ?? EXPRESSION_BUDGET) };
  const before = own.left;
  try {
    return charging(own, () => {
      spend(nodes);
      return parsed(values) as unknown;
    });
  } catch (error) {
    if (own.left < 0) throw new CostExceeded();
    throw new CelEvaluationError(inGoWords(error), { cause: error });
  } finally {
    if (budget !== undefined) budget.left -= before - own.left;
  }
}

function inGoWords(error: unknown): string {
  if (error instanceof RangeError) return 'expression is nested too deeply';
  const said =
    error instanceof Error && 'summary' in error
      ? String(error.summary)
      : error instanceof Error
        ? error.message
        : String(error);
  return said
    .replace(/^No such key: index out of bounds, index (-?\d+).*$/, 'index out of bounds: $1')
    .replace(/^No such key: /, 'no such key: ')
    .replace(/^integer overflow: .*$/, 'integer overflow')
    .replace(/^(?:found no matching overload for|no such overload:).*$/, 'no such overload')
    .replace(/^Optional value is not present$/, 'optional.none() dereference')
    .replace(/^modulo by zero$/, 'modulus by zero');
}
