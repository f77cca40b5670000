import {
  type FieldError,
  invalid,
  invalidShown,
  nonNegative,
  notSupported,
  forbidden,
  requiredValue,
} from '#api/meta/field-error.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import type { LabelSelector } from '#api/meta/label-selector.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { requirementsOf, validateLabelSelector } from '#api/meta/selectors.ts';
import {
  amountOf,
  goIntOrString,
  notMoreThan100Percent,
  validateIntOrPercent,
} from '#api/kinds/apps/int-or-percent.ts';
import { validateOwnedTemplate } from '#api/podspec/validate-owned-template.ts';
import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import type { Deployment, DeploymentStrategy } from './deployment.ts';
import type { ReplicaSet } from './replicaset.ts';

function validateSelectorAndTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
): FieldError[] {
  const path = 'spec.selector';
  const errors: FieldError[] = [];
  if (selector === undefined || selector === null) errors.push(requiredValue(path));
  else {
    errors.push(...validateLabelSelector(selector, path));
    if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0)
      errors.push(invalid(path, selector, 'empty selector is invalid for deployment'));
  }
  // A selector that cannot be evaluated says nothing of the template: its own fault is enough.
  if (!isEvaluable(selector)) return [...errors, invalid(path, selector, 'invalid label selector')];
  return [...errors, ...validateOwnedTemplate(template ?? {}, requirementsOf(selector), 'ReplicaSet', 'spec.template')];
}

/** Could a selector be asked at all (apimachinery: LabelSelectorAsSelector gives no error). */
export function isEvaluable(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).every(({ operator, values = [] }) => {
    if (operator === 'In' || operator === 'NotIn') return values.length > 0;
    return (operator === 'Exists' || operator === 'DoesNotExist') && values.length === 0;
  });
}

/** The faults of a Deployment (apps validation: ValidateDeploymentSpec). */
export function validateDeployment({ spec }: Deployment): FieldError[] {
  const minReady = spec?.minReadySeconds ?? 0;
  const deadline = spec?.progressDeadlineSeconds;
  return [
    ...nonNegative('spec.replicas', spec?.replicas),
    ...validateSelectorAndTemplate(spec?.selector, spec?.template),
    ...validateStrategy(spec?.strategy ?? {}, 'spec.strategy'),
    ...nonNegative('spec.minReadySeconds', minReady),
    ...nonNegative('spec.revisionHistoryLimit', spec?.revisionHistoryLimit),
    ...nonNegative('spec.progressDeadlineSeconds', deadline),
    ...(deadline !== undefined && deadline <= minReady
      ? [invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')]
      : []),
  ];
}

/** The selector of a Deployment or a ReplicaSet stays as it was. */
export const validateSelectorUpdate = (object: Deployment | ReplicaSet, old: Deployment | ReplicaSet): FieldError[] =>
  deepEqual(object.spec?.selector, old.spec?.selector)
    ? []
    : [invalid('spec.selector', object.spec?.selector, IMMUTABLE)];

function validateStrategy(strategy: DeploymentStrategy, path: string): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  if (type === 'Recreate')
    return rollingUpdate === undefined
      ? []
      : [forbidden(`${path}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")];
  if (type !== 'RollingUpdate') return [notSupported(path, strategy, ['Recreate', 'RollingUpdate'])];
  if (rollingUpdate === undefined)
    return [requiredValue(`${path}.rollingUpdate`, 'this should be defaulted and never be nil')];
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const here = `${path}.rollingUpdate`;
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${here}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${here}.maxSurge`),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0)
    errors.push(
      invalidShown(`${here}.maxUnavailable`, goIntOrString(maxUnavailable), 'may not be 0 when `maxSurge` is 0'),
    );
  errors.push(...notMoreThan100Percent(maxUnavailable, `${here}.maxUnavailable`));
  return errors;
}

/** The faults of a Deployment's status: counts, and what cannot be more than what. */
export function validateDeploymentStatus({ status = {} }: Deployment): FieldError[] {
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const errors = (
    [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'collisionCount',
    ] as const
  ).flatMap((field) => nonNegative(`status.${field}`, status[field]));
  const atMost = (field: string, value: number, limit: number, what: string): void => {
    if (value > limit) errors.push(invalid(`status.${field}`, value, `cannot be greater than ${what}`));
  };
  atMost('updatedReplicas', updatedReplicas, replicas, 'status.replicas');
  atMost('readyReplicas', readyReplicas, replicas, 'status.replicas');
  atMost('availableReplicas', availableReplicas, replicas, 'status.replicas');
  atMost('availableReplicas', availableReplicas, readyReplicas, 'readyReplicas');
  return errors;
}

/** The faults of a ReplicaSet. */
export const validateReplicaSet = ({ spec }: ReplicaSet): FieldError[] => [
  ...nonNegative('spec.replicas', spec?.replicas),
  ...nonNegative('spec.minReadySeconds', spec?.minReadySeconds),
  ...validateSelectorAndTemplate(spec?.selector, spec?.template),
];

/** The faults of the status of a ReplicaSet or a ReplicationController. */
export function validateReplicaStatus(status: ReplicaSet['status']): FieldError[] {
  const { replicas = 0, fullyLabeledReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status ?? {};
  const errors = (
    ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const
  ).flatMap((field) => nonNegative(`status.${field}`, status?.[field]));
  const atMost = (field: string, value: number, limit: number, what: string): void => {
    if (value > limit) errors.push(invalid(`status.${field}`, value, `cannot be greater than ${what}`));
  };
  atMost('fullyLabeledReplicas', fullyLabeledReplicas, replicas, 'status.replicas');
  atMost('readyReplicas', readyReplicas, replicas, 'status.replicas');
  atMost('availableReplicas', availableReplicas, replicas, 'status.replicas');
  atMost('availableReplicas', availableReplicas, readyReplicas, 'readyReplicas');
  return errors;
}

/** A fault when status.collisionCount goes down or away. */
export const notDecremented = (count: number | undefined, old: number | undefined): FieldError[] =>
  old !== undefined && (count ?? 0) < old
    ? [invalid('status.collisionCount', count ?? 0, 'cannot be decremented')]
    : [];
