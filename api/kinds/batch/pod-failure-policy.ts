import {
  type FieldError,
  duplicate,
  eachInvalid,
  invalid,
  invalidUnshown,
  notSupported,
  requiredValue,
  tooMany,
} from '#api/meta/field-error.ts';
import { qualifiedName } from '#api/meta/names.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '#api/kinds/batch/job.ts';

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];
const MOST_RULES = 20;
const MOST_VALUES = 255;
const MOST_PATTERNS = 20;

/** A value that has to be there and has to be one of these. */
const validateChoice = (value: string, choices: readonly string[], path: string): FieldError[] => {
  if (value === '') return [requiredValue(path, `valid values: [${choices.map((one) => `"${one}"`).join(' ')}]`)];
  return choices.includes(value) ? [] : [notSupported(path, value, choices)];
};

/** The faults of a Job's podFailurePolicy at `path`. */
export function validatePodFailurePolicy(spec: JobSpec, path: string): FieldError[] {
  const { podFailurePolicy, backoffLimitPerIndex, template } = spec;
  const rules = podFailurePolicy?.rules ?? [];
  const containers = [...(template.spec?.containers ?? []), ...(template.spec?.initContainers ?? [])];
  const names = new Set(containers.map(({ name }) => name));
  return [
    ...(rules.length > MOST_RULES ? [tooMany(`${path}.rules`, rules.length, MOST_RULES)] : []),
    ...rules.flatMap((rule, index) => {
      const here = `${path}.rules[${index}]`;
      return [...validateAction(rule, backoffLimitPerIndex, `${here}.action`), ...validateMatch(rule, names, here)];
    }),
  ];
}

function validateAction(
  { action }: PodFailurePolicyRule,
  limitPerIndex: number | undefined,
  path: string,
): FieldError[] {
  if (action !== 'FailIndex') return validateChoice(action, ACTIONS, path);
  return limitPerIndex === undefined ? [invalid(path, action, 'requires the backoffLimitPerIndex to be set')] : [];
}

function validateMatch(rule: PodFailurePolicyRule, names: ReadonlySet<string>, path: string): FieldError[] {
  const { onExitCodes, onPodConditions = [] } = rule;
  const errors: FieldError[] = [];
  if (onExitCodes !== undefined) errors.push(...validateExitCodes(onExitCodes, names, `${path}.onExitCodes`));
  errors.push(...validatePatterns(onPodConditions, `${path}.onPodConditions`));
  if (onExitCodes !== undefined && onPodConditions.length > 0)
    errors.push(invalidUnshown(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (onExitCodes === undefined && onPodConditions.length === 0)
    errors.push(invalidUnshown(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return errors;
}

function validatePatterns(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: string): FieldError[] {
  return [
    ...(patterns.length > MOST_PATTERNS ? [tooMany(path, patterns.length, MOST_PATTERNS)] : []),
    ...patterns.flatMap(({ type, status = '' }, index) => [
      ...eachInvalid(`${path}[${index}].type`, type, qualifiedName(type)),
      ...validateChoice(status, STATUSES, `${path}[${index}].status`),
    ]),
  ];
}

function validateExitCodes(
  { operator, containerName, values }: PodFailurePolicyOnExitCodesRequirement,
  names: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const errors = validateChoice(operator, OPERATORS, `${path}.operator`);
  if (containerName !== undefined && !names.has(containerName))
    errors.push(
      invalid(
        `${path}.containerName`,
        containerName,
        'must be one of the container or initContainer names in the pod template',
      ),
    );
  const here = `${path}.values`;
  if (values.length === 0) errors.push(invalid(here, values, 'at least one value is required'));
  else if (values.length > MOST_VALUES) errors.push(tooMany(here, values.length, MOST_VALUES));
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0)
      errors.push(invalid(`${here}[${index}]`, value, 'must not be 0 for the In operator'));
    if (values.indexOf(value) < index) errors.push(duplicate(`${here}[${index}]`, value));
  }
  if (values.some((value, index) => index > 0 && (values[index - 1] ?? value) > value))
    errors.push(invalid(here, values, 'must be ordered'));
  return errors;
}
