import type { ResourceQuota, ResourceQuotaSpec } from '#api/kinds/core/resourcequota.ts';
import { type FieldError, invalid, requiredValue } from '#api/meta/field-error.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { isQuotaPage, validateAnyResourceName, validateResourceQuantity } from '#api/podspec/validate-resources.ts';

const QUOTA_RESOURCES = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);
const PODS = new Set(['pods']);
const POD_RESOURCES = new Set([
  ...PODS,
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
]);
const CLAIM_RESOURCES = new Set(['persistentvolumeclaims', 'requests.storage']);
/** The scopes, with the standard resources that each makes sense for (core helper: IsResourceQuotaScopeValidForResource). */
const SCOPES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['Terminating', POD_RESOURCES],
  ['NotTerminating', POD_RESOURCES],
  ['BestEffort', PODS],
  ['NotBestEffort', POD_RESOURCES],
  ['PriorityClass', POD_RESOURCES],
  ['CrossNamespacePodAffinity', POD_RESOURCES],
  ['VolumeAttributesClass', CLAIM_RESOURCES],
]);
/** Scopes that a pod has or has not, without values. */
const PLAIN_SCOPES = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'CrossNamespacePodAffinity',
]);
const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

function validateAmounts(amounts: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  return Object.entries(amounts ?? {}).flatMap(([name, value]) => {
    const here = `${path}[${name}]`;
    const errors = validateAnyResourceName(name, here);
    if (!name.includes('/') && !QUOTA_RESOURCES.has(name) && !isQuotaPage(name))
      errors.push(invalid(here, name, 'must be a standard resource for quota'));
    return [...errors, ...validateResourceQuantity(name, value, here)];
  });
}

/** The faults of a ResourceQuota (core validation: ValidateResourceQuotaSpec). */
export const validateResourceQuota = ({ spec = {} }: ResourceQuota): FieldError[] => [
  ...validateAmounts(spec.hard, 'spec.hard'),
  ...validateScopes(spec),
  ...validateScopeSelector(spec),
];

/** How many of the quota's resources a scope says nothing of; unknown scopes are told of elsewhere. */
const misfits = (scope: string, { hard }: ResourceQuotaSpec): number => {
  const fits = SCOPES.get(scope);
  return fits === undefined
    ? 0
    : Object.keys(hard ?? {}).filter((name) => (QUOTA_RESOURCES.has(name) || isQuotaPage(name)) && !fits.has(name))
        .length;
};

function validateScopes(spec: ResourceQuotaSpec): FieldError[] {
  const path = 'spec.scopes';
  const { scopes = [] } = spec;
  const errors: FieldError[] = [];
  for (const scope of scopes) {
    if (!SCOPES.has(scope)) errors.push(invalid(path, scopes, 'unsupported scope'));
    for (let count = misfits(scope, spec); count > 0; count -= 1)
      errors.push(invalid(path, scopes, 'unsupported scope applied to resource'));
  }
  for (const pair of OPPOSITES)
    if (pair.every((one) => scopes.includes(one))) errors.push(invalid(path, scopes, 'conflicting scopes'));
  return errors;
}

function validateScopeSelector(spec: ResourceQuotaSpec): FieldError[] {
  const path = 'spec.scopeSelector.matchExpressions';
  const expressions = spec.scopeSelector?.matchExpressions ?? [];
  const errors: FieldError[] = [];
  for (const { scopeName = '', operator = '', values = [] } of expressions) {
    if (!SCOPES.has(scopeName)) errors.push(invalid(`${path}.scopeName`, scopeName, 'unsupported scope'));
    for (let count = misfits(scopeName, spec); count > 0; count -= 1)
      errors.push(invalid(path, spec.scopeSelector, 'unsupported scope applied to resource'));
    if (PLAIN_SCOPES.has(scopeName) && operator !== 'Exists')
      errors.push(
        invalid(
          `${path}.operator`,
          operator,
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        ),
      );
    errors.push(...validateOperator(operator, values, path));
  }
  for (const pair of OPPOSITES)
    if (pair.every((one) => expressions.some(({ scopeName }) => scopeName === one)))
      errors.push(invalid(path, spec.scopes, 'conflicting scopes'));
  return errors;
}

function validateOperator(operator: string, values: readonly string[], path: string): FieldError[] {
  if (operator === 'In' || operator === 'NotIn')
    return values.length > 0
      ? []
      : [
          requiredValue(
            `${path}.values`,
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
          ),
        ];
  if (operator === 'Exists' || operator === 'DoesNotExist')
    return values.length === 0
      ? []
      : [
          invalid(
            `${path}.values`,
            values,
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
          ),
        ];
  return [invalid(`${path}.operator`, operator, 'not a valid selector operator')];
}

/** The faults of a change: the scopes stay. */
export function validateResourceQuotaUpdate({ spec }: ResourceQuota, { spec: before }: ResourceQuota): FieldError[] {
  const now = new Set(spec?.scopes);
  const then = new Set(before?.scopes);
  return now.size === then.size && [...now].every((one) => then.has(one))
    ? []
    : [invalid('spec.scopes', spec?.scopes, IMMUTABLE)];
}

/** The faults of what is said to be in use. */
export const validateResourceQuotaStatus = ({ status }: ResourceQuota): FieldError[] => [
  ...validateAmounts(status?.hard, 'status.hard'),
  ...validateAmounts(status?.used, 'status.used'),
];
