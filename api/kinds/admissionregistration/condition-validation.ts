import { type FieldError, duplicate, eachInvalid, requiredValue } from '#api/meta/field-error.ts';
import { qualifiedName } from '#api/meta/names.ts';
import { validateExpression } from './expression-validation.ts';
import type { MatchCondition } from './webhook.ts';

const MAX_CONDITIONS = 64;

/** The faults of match conditions; `params`: they may read the parameters of a policy. */
export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  path: string,
  params?: 'dyn',
): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.length > MAX_CONDITIONS)
    errors.push({
      type: 'FieldValueTooMany',
      field: path,
      detail: `Too many: ${conditions.length}: must have at most ${MAX_CONDITIONS} items`,
    });
  const names = new Set<string>();
  for (const [index, { name, expression }] of conditions.entries()) {
    const here = `${path}[${index}]`;
    const source = expression.trim();
    if (source === '') errors.push(requiredValue(`${here}.expression`));
    else
      errors.push(
        ...validateExpression({ source, results: ['bool'] }, { params, hasAuthorizer: true }, `${here}.expression`),
      );
    if (name === '') errors.push(requiredValue(`${here}.name`));
    else errors.push(...eachInvalid(`${here}.name`, name, qualifiedName(name)));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${here}.name`, name));
    names.add(name);
  }
  return errors;
}
