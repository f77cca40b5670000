import { EvaluationError, type Environment } from '@marcbachmann/cel-js';

/** Adds functions to an environment: `[signature, handler]`, all of them synchronous. */
export function define(
  environment: Environment,
  functions: readonly (readonly [signature: string, handler: (...args: never[]) => unknown])[],
): void {
  for (const [signature, handler] of functions)
    environment.registerFunction(signature, handler, { async: false } as object);
}

/** What an expression's author sees when a function cannot answer. */
export const refuse = (message: string): EvaluationError => new EvaluationError(message);
