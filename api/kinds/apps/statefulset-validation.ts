import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  invalidShown,
  nonNegative,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { dns1123Label } from '#api/meta/names.ts';
import { validateAnnotations, validateLabels } from '#api/meta/object-meta-validation.ts';
import { labelSelectorMatcher, validateLabelSelector } from '#api/meta/selectors.ts';
import {
  amountOf,
  goIntOrString,
  notMoreThan100Percent,
  validateIntOrPercent,
} from '#api/kinds/apps/int-or-percent.ts';
import type { StatefulSet, StatefulSetSpec } from '#api/kinds/apps/statefulset.ts';
import { isEvaluable, notDecremented } from '#api/kinds/apps/workload-validation.ts';

const RETENTION = ['Retain', 'Delete'];
/** What of a spec may change (upstream names them in the message below). */
const CHANGEABLE = new Set([
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]);

/** The faults of a StatefulSet that hold for new and for changed ones (apps validation: ValidateStatefulSetSpec). */
export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  if (spec === undefined) return [requiredValue('spec.selector')];
  return [
    ...validateManagement(spec.podManagementPolicy ?? ''),
    ...validateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy'),
    ...validateRetention(spec.persistentVolumeClaimRetentionPolicy, 'spec.persistentVolumeClaimRetentionPolicy'),
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
    ...validateSelector(spec),
    ...validateTemplate(spec),
  ];
}

/** Beside those, of a new one only: old ones may have names that were let through once. */
export const validateServiceName = ({ spec }: StatefulSet): FieldError[] =>
  spec?.serviceName ? eachInvalid('spec.serviceName', spec.serviceName, dns1123Label(spec.serviceName)) : [];

const validateManagement = (policy: string): FieldError[] => {
  if (policy === '') return [requiredValue('spec.podManagementPolicy')];
  return policy === 'OrderedReady' || policy === 'Parallel'
    ? []
    : [invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")];
};

function validateStrategy(strategy: NonNullable<StatefulSetSpec['updateStrategy']>, path: string): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  if (type === '') return [requiredValue(path)];
  if (type === 'OnDelete')
    return rollingUpdate === undefined
      ? []
      : [invalid(`${path}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")];
  if (type !== 'RollingUpdate') return [invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  const { partition, maxUnavailable } = rollingUpdate ?? {};
  const errors = nonNegative(`${path}.rollingUpdate.partition`, partition);
  if (maxUnavailable === undefined) return errors;
  const here = `${path}.rollingUpdate.maxUnavailable`;
  errors.push(...validateIntOrPercent(maxUnavailable, here));
  if (amountOf(maxUnavailable) === 0) errors.push(invalidShown(here, goIntOrString(maxUnavailable), 'cannot be 0'));
  return [...errors, ...notMoreThan100Percent(maxUnavailable, here)];
}

function validateRetention(
  policy: StatefulSetSpec['persistentVolumeClaimRetentionPolicy'],
  path: string,
): FieldError[] {
  if (policy === undefined) return [];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((field) => {
    const value = policy[field] ?? '';
    return RETENTION.includes(value) ? [] : [notSupported(`${path}.${field}`, value, RETENTION)];
  });
}

function validateSelector({ selector }: StatefulSetSpec): FieldError[] {
  if (selector === undefined) return [requiredValue('spec.selector')];
  const errors = validateLabelSelector(selector, 'spec.selector');
  if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0)
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for statefulset'));
  return isEvaluable(selector) ? errors : [...errors, invalid('spec.selector', selector, '')];
}

/** As upstream, of the pods' own spec only these two are looked at: a claim template may stand for a volume that the template does not have. */
function validateTemplate({ selector, template }: StatefulSetSpec): FieldError[] {
  const errors: FieldError[] = [];
  const labels = template.metadata?.labels;
  if (isEvaluable(selector)) {
    if (!labelSelectorMatcher(selector)(labels))
      errors.push(
        invalid('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`'),
      );
    errors.push(...validateLabels(labels, 'spec.template.labels'));
    errors.push(...validateAnnotations(template.metadata?.annotations, 'spec.template.annotations'));
  }
  const policy = template.spec?.restartPolicy ?? '';
  if (policy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', policy, ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined)
    errors.push(
      forbidden('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in StatefulSet is not Supported'),
    );
  return errors;
}

/** Only some fields of a StatefulSet may change. */
export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const fixed = ({ spec }: StatefulSet): object =>
    Object.fromEntries(Object.entries(spec ?? {}).filter(([field]) => !CHANGEABLE.has(field)));
  return deepEqual(fixed(set), fixed(old))
    ? []
    : [
        forbidden(
          'spec',
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ),
      ];
}

/** The faults of a status: counts, and what cannot be more than what. */
export function validateStatefulSetStatus({ status }: StatefulSet, old: StatefulSet): FieldError[] {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0, collisionCount } = status ?? {};
  const errors = (
    [
      'replicas',
      'readyReplicas',
      'currentReplicas',
      'updatedReplicas',
      'availableReplicas',
      'observedGeneration',
      'collisionCount',
    ] as const
  ).flatMap((field) => nonNegative(`status.${field}`, status?.[field]));
  for (const field of ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const) {
    const value = status?.[field] ?? 0;
    if (value > replicas) errors.push(invalid(`status.${field}`, value, 'cannot be greater than status.replicas'));
  }
  if (availableReplicas > readyReplicas)
    errors.push(invalid('status.availableReplicas', availableReplicas, 'cannot be greater than status.readyReplicas'));
  return [...errors, ...notDecremented(collisionCount, old.status?.collisionCount)];
}
