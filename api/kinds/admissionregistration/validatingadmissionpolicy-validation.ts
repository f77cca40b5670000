import type { AdmissionScope } from '#api/cel/admission-expressions.ts';
import { validateConditions } from '#api/meta/condition-validation.ts';
import {
  type FieldError,
  duplicate,
  eachInvalid,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { byteLength, qualifiedName } from '#api/meta/names.ts';
import { validateMatchConditions } from './condition-validation.ts';
import { policyScope, validateExpression } from './expression-validation.ts';
import {
  validateConstraints,
  validateFailurePolicy,
  validateParamKind,
  validateVariable,
} from './policy-validation.ts';
import type { AuditAnnotation, ValidatingAdmissionPolicy, Validation } from './validatingadmissionpolicy.ts';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const MAX_ANNOTATIONS = 20;
const MAX_VALUE_BYTES = 5 * 1024;
const ANNOTATION_TYPES = ['string', 'null_type'];
const EMPTY = 'validations or auditAnnotations must contain at least one item';

/** The faults of a policy (admissionregistration validation). */
export function validateValidatingPolicy({ metadata, spec = {} }: ValidatingAdmissionPolicy): FieldError[] {
  const { validations = [], auditAnnotations = [], variables = [], paramKind } = spec;
  const params = paramKind === undefined ? undefined : 'dyn';
  const { scope, faults } = policyScope(variables, params !== undefined, 'spec.variables');
  const errors = [
    ...validateFailurePolicy(spec.failurePolicy, 'spec.failurePolicy'),
    ...(paramKind === undefined ? [] : validateParamKind(paramKind, 'spec.paramKind')),
    ...validateConstraints(spec.matchConstraints, 'spec.matchConstraints'),
    ...validateMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions', params),
    ...variables.flatMap((one, index) => [
      ...validateVariable(one, `spec.variables[${index}]`),
      ...(faults[index] ?? []),
    ]),
  ];
  if (validations.length === 0 && auditAnnotations.length === 0)
    return [...errors, requiredValue('spec.validations', EMPTY), requiredValue('spec.auditAnnotations', EMPTY)];
  for (const [index, one] of validations.entries())
    errors.push(...validateRule(one, scope, `spec.validations[${index}]`));
  if (auditAnnotations.length > MAX_ANNOTATIONS)
    errors.push(
      invalid('spec.auditAnnotations', auditAnnotations, `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`),
    );
  const keys = new Set<string>();
  for (const [index, one] of auditAnnotations.entries()) {
    const here = `spec.auditAnnotations[${index}]`;
    errors.push(...validateAnnotation(one, metadata.name ?? '', scope, here));
    if (keys.has(one.key)) errors.push(duplicate(`${here}.key`, one.key));
    keys.add(one.key);
  }
  return errors;
}

function validateRule(
  { expression, message = '', messageExpression = '', reason }: Validation,
  scope: AdmissionScope,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (expression.trim() === '') errors.push(requiredValue(`${path}.expression`, 'expression is not specified'));
  else errors.push(...validateExpression({ source: expression, results: ['bool'] }, scope, `${path}.expression`));
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(invalid(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified'));
  else if (messageExpression !== '') {
    const said = { source: messageExpression, results: ['string'] };
    errors.push(...validateExpression(said, { ...scope, hasAuthorizer: false }, `${path}.messageExpression`));
  }
  if (message !== '' && message.trim() === '')
    errors.push(invalid(`${path}.message`, message, 'message must be non-empty if specified'));
  else if (/[\n\r]/.test(message.trim()))
    errors.push(invalid(`${path}.message`, message, 'message must not contain line breaks'));
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS));
  return errors;
}

function validateAnnotation(
  { key, valueExpression }: AuditAnnotation,
  policy: string,
  scope: AdmissionScope,
  path: string,
): FieldError[] {
  const whole = `${policy}/${key}`;
  const errors =
    policy === ''
      ? [invalid(`${path}.key`, key, 'requires metadata.name be non-empty')]
      : eachInvalid(`${path}.key`, whole, qualifiedName(whole));
  const here = `${path}.valueExpression`;
  const trimmed = valueExpression.trim();
  if (trimmed === '') errors.push(requiredValue(here, 'valueExpression is not specified'));
  else if (byteLength(trimmed) > MAX_VALUE_BYTES)
    errors.push(requiredValue(here, `must not exceed ${MAX_VALUE_BYTES} bytes in length`));
  else errors.push(...validateExpression({ source: trimmed, results: ANNOTATION_TYPES }, scope, here, valueExpression));
  return errors;
}

/** The faults of what is said of a policy. */
export const validatePolicyStatus = ({ status }: ValidatingAdmissionPolicy): FieldError[] => [
  ...(status?.typeChecking?.expressionWarnings ?? []).flatMap(({ fieldRef, warning }, index) => {
    const here = `status.typeChecking.expressionWarnings[${index}]`;
    return [
      ...(warning === '' ? [requiredValue(`${here}.warning`)] : []),
      ...(fieldRef.trim() === '' ? [requiredValue(`${here}.fieldRef`)] : []),
    ];
  }),
  ...validateConditions(status?.conditions ?? [], 'status.conditions'),
];
