import {
  type FieldError,
  forbidden,
  invalid,
  invalidShown,
  nonNegative,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { labelSelectorMatcher, validateLabelSelector } from '#api/meta/selectors.ts';
import { validatePodTemplate } from '#api/podspec/validate-pod-spec.ts';
import type { DaemonSet, DaemonSetUpdateStrategy } from '#api/kinds/apps/daemonset.ts';
import {
  amountOf,
  goIntOrString,
  notMoreThan100Percent,
  validateIntOrPercent,
} from '#api/kinds/apps/int-or-percent.ts';
import { isEvaluable, notDecremented } from '#api/kinds/apps/workload-validation.ts';

/** The faults of a DaemonSet (apps validation: ValidateDaemonSetSpec). */
export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  if (spec === undefined) return [requiredValue('spec.selector')];
  const { selector, template } = spec;
  const labels = template.metadata?.labels;
  const errors = validateLabelSelector(selector, 'spec.selector');
  if (isEvaluable(selector) && !labelSelectorMatcher(selector)(labels))
    errors.push(invalid('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`'));
  if (
    selector !== undefined &&
    Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0
  )
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for daemonset'));
  errors.push(...validatePodTemplate(template, 'spec.template'));
  const policy = template.spec?.restartPolicy ?? '';
  if (policy !== 'Always') errors.push(notSupported('spec.template.spec.restartPolicy', policy, ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined)
    errors.push(
      forbidden('spec.template.spec.activeDeadlineSeconds', 'activeDeadlineSeconds in DaemonSet is not Supported'),
    );
  return [
    ...errors,
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy'),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
}

function validateStrategy(strategy: DaemonSetUpdateStrategy, path: string): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [notSupported(path, strategy, ['RollingUpdate', 'OnDelete'])];
  const here = `${path}.rollingUpdate`;
  if (rollingUpdate === undefined) return [requiredValue(here)];
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${here}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${here}.maxSurge`),
    ...notMoreThan100Percent(maxUnavailable, `${here}.maxUnavailable`),
    ...notMoreThan100Percent(maxSurge, `${here}.maxSurge`),
  ];
  const [unavailable, surge] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0];
  if (unavailable && surge)
    errors.push(
      invalidShown(`${here}.maxSurge`, goIntOrString(maxSurge), 'may not be set when maxUnavailable is non-zero'),
    );
  if (!unavailable && !surge) errors.push(requiredValue(`${here}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  return errors;
}

/** The selector of a DaemonSet stays as it was. */
export const validateDaemonSetUpdate = (set: DaemonSet, old: DaemonSet): FieldError[] =>
  deepEqual(set.spec?.selector, old.spec?.selector) ? [] : [invalid('spec.selector', set.spec?.selector, IMMUTABLE)];

/** The faults of a status. */
export const validateDaemonSetStatus = ({ status }: DaemonSet, old: DaemonSet): FieldError[] => [
  ...(
    [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ] as const
  ).flatMap((field) => nonNegative(`status.${field}`, status?.[field])),
  ...notDecremented(status?.collisionCount, old.status?.collisionCount),
];
