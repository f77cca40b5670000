import {
  type FieldError,
  duplicate,
  eachInvalid,
  invalid,
  notSupported,
  requiredValue,
  tooLong,
} from './field-error.ts';
import { byteLength, qualifiedName, regexError } from './names.ts';

const STATUSES = ['False', 'True', 'Unknown'];
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const LONGEST_REASON = 1024;
const LONGEST_MESSAGE = 32 * 1024;
const REASON_FAULT = regexError(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  REASON,
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
);

/** The fields of a condition that have rules. */
interface Checked {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The faults of a list of `meta.v1.Condition` at `path` (apimachinery: ValidateConditions). */
export function validateConditions(conditions: readonly Checked[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap((condition, index) => {
    const { type } = condition;
    const here = `${path}[${index}]`;
    const errors = seen.has(type) ? [duplicate(`${here}.type`, type)] : [];
    seen.add(type);
    return [...errors, ...validateCondition(condition, here)];
  });
}

function validateCondition(condition: Checked, path: string): FieldError[] {
  const { type, status, observedGeneration = 0, lastTransitionTime, reason = '', message = '' } = condition;
  const errors = eachInvalid(`${path}.type`, type, qualifiedName(type));
  if (!STATUSES.includes(status)) errors.push(notSupported(`${path}.status`, status, STATUSES));
  if (observedGeneration < 0)
    errors.push(invalid(`${path}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'));
  if (lastTransitionTime === undefined) errors.push(requiredValue(`${path}.lastTransitionTime`, 'must be set'));
  if (reason === '') errors.push(requiredValue(`${path}.reason`, 'must be set'));
  else if (!new RegExp(`^${REASON}$`).test(reason)) errors.push(invalid(`${path}.reason`, reason, REASON_FAULT));
  if (byteLength(reason) > LONGEST_REASON) errors.push(tooLong(`${path}.reason`, LONGEST_REASON));
  if (byteLength(message) > LONGEST_MESSAGE) errors.push(tooLong(`${path}.message`, LONGEST_MESSAGE));
  return errors;
}
