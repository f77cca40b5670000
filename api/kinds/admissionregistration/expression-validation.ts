import {
  type AdmissionExpression,
  type AdmissionScope,
  UNKNOWN_VARIABLE,
  compileAdmission,
  variableType,
} from '#api/cel/admission-expressions.ts';
import type { CelType } from '#api/cel/cel-type.ts';
import { goType } from '#api/cel/compile-error.ts';
import { withoutTypes } from '#api/cel/object-literals.ts';
import { CelCompileError } from '#api/cel/program.ts';
import { type FieldError, invalid } from '#api/meta/field-error.ts';
import type { Variable } from './policy.ts';

/** The fault of an expression that does not compile or answers with a wrong type; `shown` is the value that is told. */
export function validateExpression(
  expression: AdmissionExpression,
  scope: AdmissionScope,
  path: string,
  shown = expression.source,
): FieldError[] {
  try {
    compileAdmission(expression, scope);
    return [];
  } catch (error) {
    if (error instanceof CelCompileError) return [invalid(path, shown, error.message)];
    throw error;
  }
}

/** What the expressions of a policy may read: a variable knows those before it. `faults` are of the variables' expressions, by index. */
export function policyScope(
  variables: readonly Variable[],
  hasParams: boolean,
  path: string,
): { readonly scope: AdmissionScope; readonly faults: readonly (readonly FieldError[])[] } {
  const params: AdmissionScope['params'] = hasParams ? 'dyn' : undefined;
  if (variables.length === 0) return { scope: { params, hasAuthorizer: true }, faults: [] };
  const types = new Map<string, CelType>();
  const faults = variables.map(({ name, expression }, index): readonly FieldError[] => {
    const source = withoutTypes(expression);
    // What is empty is told by others.
    if (source.trim() === '') return [];
    try {
      const scope = { params, hasAuthorizer: true, variables: new Map(types) };
      types.set(name, variableType(compileAdmission({ source, results: [] }, scope)));
      return [];
    } catch (error) {
      if (!(error instanceof CelCompileError)) throw error;
      types.set(name, UNKNOWN_VARIABLE);
      return [invalid(`${path}[${index}].expression`, expression, error.message)];
    }
  });
  return { scope: { params, hasAuthorizer: true, variables: types }, faults };
}

/** The fault of the expression of a mutation. Objects by their type are maps here, so that nothing is known of the fields of an Object. */
export function validateMutationExpression(
  expression: string,
  form: 'applyConfiguration' | 'jsonPatch',
  scope: AdmissionScope,
  path: string,
): FieldError[] {
  const [wanted, name] = form === 'jsonPatch' ? (['list', 'list(JSONPatch)'] as const) : (['map', 'Object'] as const);
  try {
    const { resultType } = compileAdmission({ source: withoutTypes(expression), results: [] }, scope);
    if (resultType === 'dyn' || resultType.startsWith(wanted)) return [];
    return [invalid(path, expression, `must evaluate to ${name} but got ${goType(resultType)}`)];
  } catch (error) {
    if (error instanceof CelCompileError) return [invalid(path, expression, error.message)];
    throw error;
  }
}
