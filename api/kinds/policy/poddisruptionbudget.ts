import {
  type Static,
  described,
  field,
  int32,
  int64,
  intOrString,
  listMap,
  map,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { Condition } from '#api/meta/condition.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { defineKind } from '#api/kind.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { notMoreThan100Percent, validateIntOrPercent } from '#api/kinds/apps/int-or-percent.ts';
import { validateConditions } from '#api/meta/condition-validation.ts';
import { type FieldError, invalid, nonNegative, notSupported } from '#api/meta/field-error.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `policy.v1.PodDisruptionBudgetSpec`. */
export const PodDisruptionBudgetSpec = object(
  'policy.v1.PodDisruptionBudgetSpec',
  {
    minAvailable: field(
      1,
      described(
        'An eviction is allowed when so many are still available after it, as a number or percentage. Not together with maxUnavailable.',
        intOrString(),
      ),
    ),
    selector: field(
      2,
      described('Which pods the budget is about; an empty one means all of the namespace.', LabelSelector),
      'replace',
    ),
    maxUnavailable: field(
      3,
      described(
        'An eviction is allowed when at most so many are unavailable after it, as a number or percentage.',
        intOrString(),
      ),
    ),
    unhealthyPodEvictionPolicy: field(
      4,
      described(
        'When pods that are not ready may be evicted: IfHealthyBudget (default) or AlwaysAllow.',
        pointer(string()),
      ),
    ),
  },
  { description: 'How many pods have to stay.' },
);
/** The JSON form of `policy.v1.PodDisruptionBudgetSpec`. */
export type PodDisruptionBudgetSpec = Static<typeof PodDisruptionBudgetSpec>;

/** `policy.v1.PodDisruptionBudgetStatus`. */
export const PodDisruptionBudgetStatus = object(
  'policy.v1.PodDisruptionBudgetStatus',
  {
    observedGeneration: field(1, described('The metadata.generation that this status is about.', int64())),
    disruptedPods: field(
      2,
      described('Pods whose eviction was allowed and that are not gone yet, with the time of it.', map(time())),
    ),
    disruptionsAllowed: field(3, described('How many pods may be evicted now.', value(int32()))),
    currentHealthy: field(4, described('How many pods are ready.', value(int32()))),
    desiredHealthy: field(5, described('How many have to be.', value(int32()))),
    expectedPods: field(6, described('How many pods the budget is about.', value(int32()))),
    conditions: field(
      7,
      described(
        'What is known of the budget, one fact each.',
        listMap(Condition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'How many evictions the budget allows now.' },
);
/** The JSON form of `policy.v1.PodDisruptionBudgetStatus`. */
export type PodDisruptionBudgetStatus = Static<typeof PodDisruptionBudgetStatus>;

/** `policy.v1.PodDisruptionBudget`. */
export const PodDisruptionBudget = object(
  'policy.v1.PodDisruptionBudget',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('How many.', value(PodDisruptionBudgetSpec))),
    status: field(3, described('How many evictions that allows now. Read-only.', value(PodDisruptionBudgetStatus))),
  },
  { description: 'Says how many pods of a set have to stay when pods are evicted.' },
);
/** The JSON form of `policy.v1.PodDisruptionBudget`. */
export type PodDisruptionBudget = Static<typeof PodDisruptionBudget>;

const NO_DISRUPTIONS = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
const POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];

/** PodDisruptionBudgets. */
export const podDisruptionBudgetKind = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  schema: PodDisruptionBudget,
  shortNames: ['pdb'],
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('Min Available', 'How many pods have to stay.', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
    textColumn('Max Unavailable', 'How many pods may go.', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
    integerColumn(
      'Allowed Disruptions',
      'How many pods may be evicted now.',
      ({ status }) => status?.disruptionsAllowed ?? 0,
    ),
    ageColumn,
  ],
  prepareForCreate(budget) {
    budget.status = { ...NO_DISRUPTIONS };
  },
  prepareForUpdate(budget, old) {
    carryOver(budget, old, 'status');
  },
  prepareForStatusUpdate(budget, old) {
    carryOver(budget, old, 'spec');
  },
  validate: ({ spec }) => validateSpec(spec ?? {}),
  validateStatusUpdate: ({ status }) => [
    ...validateConditions(status?.conditions, 'status.conditions'),
    ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((field) =>
      nonNegative(`status.${field}`, status?.[field]),
    ),
  ],
});

function validateSpec(spec: PodDisruptionBudgetSpec): FieldError[] {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  for (const [field, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value === undefined) continue;
    errors.push(...validateIntOrPercent(value, `spec.${field}`), ...notMoreThan100Percent(value, `spec.${field}`));
  }
  errors.push(...validateLabelSelector(spec.selector, 'spec.selector'));
  if (policy !== undefined && !POLICIES.includes(policy))
    errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, POLICIES));
  return errors;
}
