import {
  type Static,
  described,
  field,
  list,
  map,
  object,
  quantity,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { defineKind } from '#api/kind.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import {
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from '#api/kinds/core/resourcequota-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `core.v1.ScopedResourceSelectorRequirement`. */
export const ScopedResourceSelectorRequirement = object(
  'core.v1.ScopedResourceSelectorRequirement',
  {
    scopeName: required(1, described('The scope, e.g. PriorityClass.', string())),
    operator: required(2, described('In, NotIn, Exists or DoesNotExist.', string())),
    values: field(3, described('The values, for In and NotIn.', list(string()))),
  },
  { description: 'A scope and the values that count.' },
);
/** The JSON form of `core.v1.ScopedResourceSelectorRequirement`. */
export type ScopedResourceSelectorRequirement = Static<typeof ScopedResourceSelectorRequirement>;

/** `core.v1.ScopeSelector`. */
export const ScopeSelector = object(
  'core.v1.ScopeSelector',
  { matchExpressions: field(1, described('All of them must match.', list(ScopedResourceSelectorRequirement))) },
  { mapType: 'atomic', description: 'Which pods count, by their scopes.' },
);
/** The JSON form of `core.v1.ScopeSelector`. */
export type ScopeSelector = Static<typeof ScopeSelector>;

/** `core.v1.ResourceQuotaSpec`. */
export const ResourceQuotaSpec = object(
  'core.v1.ResourceQuotaSpec',
  {
    hard: field(1, described('The most that the namespace may have in all, by resource.', map(quantity()))),
    scopes: field(2, described('Count only pods of all these scopes, e.g. BestEffort.', list(string()))),
    scopeSelector: field(3, described('Count only what this selects, beside scopes.', ScopeSelector)),
  },
  { description: 'What is limited, and what counts.' },
);
/** The JSON form of `core.v1.ResourceQuotaSpec`. */
export type ResourceQuotaSpec = Static<typeof ResourceQuotaSpec>;

/** `core.v1.ResourceQuotaStatus`. */
export const ResourceQuotaStatus = object(
  'core.v1.ResourceQuotaStatus',
  {
    hard: field(1, described('The limits that are enforced.', map(quantity()))),
    used: field(2, described('What is in use now.', map(quantity()))),
  },
  { description: 'What is in use.' },
);
/** The JSON form of `core.v1.ResourceQuotaStatus`. */
export type ResourceQuotaStatus = Static<typeof ResourceQuotaStatus>;

/** `core.v1.ResourceQuota`. */
export const ResourceQuota = object(
  'core.v1.ResourceQuota',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('The limits.', value(ResourceQuotaSpec))),
    status: field(3, described('What is in use. Read-only.', value(ResourceQuotaStatus))),
  },
  { description: 'The most that a namespace may use of resources, and have of objects, in all.' },
);
/** The JSON form of `core.v1.ResourceQuota`. */
export type ResourceQuota = Static<typeof ResourceQuota>;

/** `cpu: 1/2, pods: 3/10`: those of limits, or the others. */
function usage({ status }: ResourceQuota, ofLimits: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === ofLimits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}

/** ResourceQuotas. */
export const resourceQuotaKind = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  schema: ResourceQuota,
  shortNames: ['quota'],
  hasStatus: true,
  columns: [
    nameColumn,
    textColumn('Request', 'What is used and allowed of requests and of objects.', (quota) => usage(quota, false)),
    textColumn('Limit', 'What is used and allowed of limits.', (quota) => usage(quota, true)),
    ageColumn,
  ],
  prepareForCreate(quota) {
    quota.status = {};
  },
  prepareForUpdate(quota, old) {
    carryOver(quota, old, 'status');
  },
  prepareForStatusUpdate(quota, old) {
    carryOver(quota, old, 'spec');
  },
  validate: validateResourceQuota,
  validateUpdate: validateResourceQuotaUpdate,
  validateStatusUpdate: validateResourceQuotaStatus,
});
