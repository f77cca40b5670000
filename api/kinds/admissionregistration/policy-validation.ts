import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1035Label, dns1123Subdomain, pathSegment } from '#api/meta/names.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import type { MatchResources, NamedRuleWithOperations, ParamKind, ParamRef, Variable } from './policy.ts';
import { validateNamedRule } from './rule-validation.ts';
import { FAILURE_POLICIES, MATCH_POLICIES } from './webhook-validation.ts';

const MUTATING_OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** The faults of `failurePolicy`. */
export function validateFailurePolicy(policy: string | undefined, path: string): FieldError[] {
  if (policy === undefined) return [requiredValue(path)];
  return FAILURE_POLICIES.includes(policy) ? [] : [notSupported(path, policy, FAILURE_POLICIES)];
}

/** The faults of the kind of parameters. */
export function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, path: string): FieldError[] {
  const errors =
    apiVersion === '' ? [requiredValue(`${path}.apiVersion`)] : validateVersion(apiVersion, `${path}.apiVersion`);
  if (kind === '') return [...errors, requiredValue(`${path}.kind`)];
  const texts = dns1035Label(kind.toLowerCase());
  if (texts.length > 0)
    errors.push(invalid(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${texts.join(',')}`));
  return errors;
}

function validateVersion(apiVersion: string, path: string): FieldError[] {
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [group, version] = parts.length === 2 ? [parts[0] ?? '', parts[1] ?? ''] : ['', apiVersion];
  const errors: FieldError[] = [];
  const ofGroup = group === '' ? [] : dns1123Subdomain(group);
  if (ofGroup.length > 0) errors.push(invalid(path, group, ofGroup.join(',')));
  const ofVersion = version === '' ? [] : dns1035Label(version);
  if (version === '') errors.push(invalid(path, apiVersion, 'version must be specified'));
  else if (ofVersion.length > 0) errors.push(invalid(path, version, ofVersion.join(',')));
  return errors;
}

/** The faults of the choice of requests of a binding. */
export function validateMatchResources(match: MatchResources, path: string): FieldError[] {
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = match;
  const errors: FieldError[] = [];
  if (matchPolicy === undefined) errors.push(requiredValue(`${path}.matchPolicy`));
  else if (!MATCH_POLICIES.includes(matchPolicy))
    errors.push(notSupported(`${path}.matchPolicy`, matchPolicy, MATCH_POLICIES));
  const selector = (field: string, given: typeof namespaceSelector): FieldError[] =>
    given === undefined ? [requiredValue(`${path}.${field}`)] : validateLabelSelector(given, `${path}.${field}`);
  errors.push(...selector('namespaceSelector', namespaceSelector), ...selector('objectSelector', objectSelector));
  const rules = (field: string, given: readonly NamedRuleWithOperations[]): FieldError[] =>
    given.flatMap((rule, index) => validateNamedRule(rule, `${path}.${field}[${index}]`));
  return [...errors, ...rules('resourceRules', resourceRules), ...rules('excludeResourceRules', excludeResourceRules)];
}

/** The faults of the choice of requests of a policy, which has to name resources. */
export function validateConstraints(match: MatchResources | undefined, path: string): FieldError[] {
  if (match === undefined) return [requiredValue(path)];
  const errors = validateMatchResources(match, path);
  return match.resourceRules?.length ? errors : [...errors, requiredValue(`${path}.resourceRules`)];
}

/** What is deleted cannot be changed. */
export const validateMutatingOperations = (match: MatchResources | undefined, path: string): FieldError[] =>
  (match?.resourceRules ?? [])
    .flatMap(({ operations = [] }) => operations)
    .filter((operation) => !MUTATING_OPERATIONS.includes(operation))
    .map((operation) => notSupported(`${path}.resourceRules.operations`, operation, MUTATING_OPERATIONS));

/** The faults of a variable, beside those of `policyScope`. */
export function validateVariable({ name, expression }: Variable, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (name.trim() === '') errors.push(requiredValue(`${path}.name`, 'name is not specified'));
  else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || RESERVED.has(name))
    errors.push(invalid(`${path}.name`, name, 'name is not a valid CEL identifier'));
  if (expression.trim() === '') errors.push(requiredValue(`${path}.expression`, 'expression is not specified'));
  return errors;
}

/** The faults of the name of a policy and of the reference to its parameters, in a binding. */
export function validateBindingReferences(
  { policyName, paramRef }: { readonly policyName: string; readonly paramRef?: ParamRef },
  path: string,
): FieldError[] {
  const here = `${path}.policyName`;
  const errors =
    policyName === '' ? [requiredValue(here)] : eachInvalid(here, policyName, dns1123Subdomain(policyName));
  return paramRef === undefined ? errors : [...errors, ...validateParamRef(paramRef, `${path}.paramRef`)];
}

function validateParamRef(
  { name = '', selector, parameterNotFoundAction: action }: ParamRef,
  path: string,
): FieldError[] {
  const both = name !== '' && selector !== undefined;
  const EXCLUSIVE = 'name and selector are mutually exclusive';
  const errors: FieldError[] = [];
  if (name !== '') errors.push(...eachInvalid(`${path}.name`, name, pathSegment(name)));
  if (both) errors.push(forbidden(`${path}.name`, EXCLUSIVE));
  errors.push(...validateLabelSelector(selector, `${path}.selector`));
  if (both) errors.push(forbidden(`${path}.selector`, EXCLUSIVE));
  if (name === '' && selector === undefined)
    errors.push(requiredValue(path, 'one of name or selector must be specified'));
  if (!action) errors.push(requiredValue(`${path}.parameterNotFoundAction`));
  else if (action !== 'Deny' && action !== 'Allow')
    errors.push(notSupported(`${path}.parameterNotFoundAction`, action, ['Deny', 'Allow']));
  return errors;
}
