import {
  type FieldError,
  duplicate,
  eachInvalid,
  goStrings,
  invalid,
  invalidShown,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { pathSegment } from '#api/meta/names.ts';
import type { RuleWithOperations } from './webhook.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];

/** The faults of a rule: operations, groups, versions, resources, scope. */
export function validateRule(rule: RuleWithOperations, path: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const errors: FieldError[] = [];
  if (operations.length === 0) errors.push(requiredValue(`${path}.operations`));
  if (operations.length > 1 && operations.includes('*'))
    errors.push(
      invalidShown(
        `${path}.operations`,
        `[]admissionregistration.OperationType{${operations.map((one) => JSON.stringify(one)).join(', ')}}`,
        "if '*' is present, must not specify other operations",
      ),
    );
  for (const [index, operation] of operations.entries())
    if (!OPERATIONS.includes(operation))
      errors.push(notSupported(`${path}.operations[${index}]`, operation, OPERATIONS));
  errors.push(...aloneOrListed(apiGroups, `${path}.apiGroups`, 'API groups'));
  errors.push(...aloneOrListed(apiVersions, `${path}.apiVersions`, 'API versions'));
  for (const [index, version] of apiVersions.entries())
    if (version === '') errors.push(requiredValue(`${path}.apiVersions[${index}]`));
  errors.push(...validateResources(resources, `${path}.resources`));
  if (scope !== undefined && !SCOPES.includes(scope)) errors.push(notSupported(`${path}.scope`, scope, SCOPES));
  return errors;
}

/** The faults of a rule that may name objects. */
export function validateNamedRule(
  rule: RuleWithOperations & { readonly resourceNames?: readonly string[] },
  path: string,
): FieldError[] {
  const names = rule.resourceNames ?? [];
  const errors = names.flatMap((name, index) => {
    const here = `${path}.resourceNames[${index}]`;
    return [
      ...eachInvalid(here, name, pathSegment(name)),
      ...(names.indexOf(name) < index ? [duplicate(here, name)] : []),
    ];
  });
  return [...errors, ...validateRule(rule, path)];
}

function aloneOrListed(values: readonly string[], path: string, what: string): FieldError[] {
  if (values.length === 0) return [requiredValue(path)];
  return values.length > 1 && values.includes('*')
    ? [invalidShown(path, goStrings(values), `if '*' is present, must not specify other ${what}`)]
    : [];
}

/** `pods`, `pods/log`, `pods/*`, a subresource of all, `*`, and the rule that none of them says what another does. */
function validateResources(resources: readonly string[], path: string): FieldError[] {
  if (resources.length === 0) return [requiredValue(path)];
  const errors: FieldError[] = [];
  const allOf = new Set<string>();
  const ofAll = new Set<string>();
  // Upstream looks at the last resource without a slash alone.
  let hasMainResource = false;
  for (const [index, one] of resources.entries()) {
    const here = `${path}[${index}]`;
    if (one === '') {
      errors.push(requiredValue(here));
      continue;
    }
    const slash = one.indexOf('/');
    if (slash === -1) {
      hasMainResource = one !== '*';
      continue;
    }
    const [resource, subresource] = [one.slice(0, slash), one.slice(slash + 1)];
    if (allOf.has(resource)) errors.push(invalid(here, one, `if '${resource}/*' is present, must not specify ${one}`));
    if (ofAll.has(subresource))
      errors.push(invalid(here, one, `if '*/${subresource}' is present, must not specify ${one}`));
    if (subresource === '*') allOf.add(resource);
    if (resource === '*') ofAll.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalidShown(path, goStrings(resources), "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && hasMainResource)
    errors.push(
      invalidShown(
        path,
        goStrings(resources),
        "if '*' is present, must not specify other resources without subresources",
      ),
    );
  return errors;
}
