import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  nonNegative,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1123Label, pathSegment } from '#api/meta/names.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import type {
  HPAScalingPolicy,
  HPAScalingRules,
  HorizontalPodAutoscaler,
} from '#api/kinds/autoscaling/horizontalpodautoscaler.ts';
import type {
  CrossVersionObjectReference,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '#api/kinds/autoscaling/metrics.ts';
import { validateResourceName } from '#api/podspec/validate-resources.ts';

const LONGEST_PERIOD_SECONDS = 1800;
const LONGEST_WINDOW_SECONDS = 3600;
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];
const POLICY_TYPES = ['Percent', 'Pods'];
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue'];
/** The types of metric by their field; upstream looks at them in this order. */
const SOURCES = {
  object: 'Object',
  external: 'External',
  pods: 'Pods',
  resource: 'Resource',
  containerResource: 'ContainerResource',
} as const;
const TYPES = Object.values(SOURCES).sort();

/** The faults of a new HorizontalPodAutoscaler, or of one that is to replace `old` (autoscaling validation). */
export function validateAutoscaler(autoscaler: HorizontalPodAutoscaler, old?: HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas, maxReplicas, scaleTargetRef, metrics = [], behavior } = autoscaler.spec;
  const errors = validateMinReplicas(minReplicas, old?.spec.minReplicas);
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  errors.push(...validateReference(scaleTargetRef, 'spec.scaleTargetRef'));
  errors.push(...metrics.flatMap((metric, index) => validateMetric(metric, `spec.metrics[${index}]`)));
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External'))
    errors.push(
      forbidden(
        'spec.metrics',
        'must specify at least one Object or External metric to support scaling to zero replicas',
      ),
    );
  errors.push(...validateRules(behavior?.scaleUp, 'spec.behavior.scaleUp'));
  errors.push(...validateRules(behavior?.scaleDown, 'spec.behavior.scaleDown'));
  return errors;
}

/** 1 at least: the gate HPAScaleToZero is off, as upstream's is by default. What was 0 may stay so. */
function validateMinReplicas(minReplicas: number | undefined, old: number | undefined): FieldError[] {
  const least = old === 0 ? 0 : 1;
  return minReplicas !== undefined && minReplicas < least
    ? [invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${least}`)]
    : [];
}

/** The faults of a status. */
export const validateAutoscalerStatus = ({ status }: HorizontalPodAutoscaler): FieldError[] => [
  ...nonNegative('status.currentReplicas', status?.currentReplicas),
  ...nonNegative('status.desiredReplicas', status?.desiredReplicas),
];

/** A name that has to be there and fit into a path. */
const validateSegment = (value: string, path: string, why = ''): FieldError[] =>
  value === '' ? [requiredValue(path, why)] : eachInvalid(path, value, pathSegment(value));

const validateReference = ({ kind, name }: CrossVersionObjectReference, path: string): FieldError[] => [
  ...validateSegment(kind, `${path}.kind`),
  ...validateSegment(name, `${path}.name`),
];

function validateMetric(metric: MetricSpec, path: string): FieldError[] {
  const { type } = metric;
  const unsupported = notSupported(`${path}.type`, type, TYPES);
  const known = TYPES.some((one) => one === type);
  const errors: FieldError[] = [];
  if (type === '') errors.push(requiredValue(`${path}.type`, 'must specify a metric source type'));
  if (!known) errors.push(unsupported);
  const fields = (Object.keys(SOURCES) as (keyof typeof SOURCES)[]).filter((field) => metric[field] !== undefined);
  // Only the first is looked into: there may be one only.
  const [first] = fields;
  if (first !== undefined) errors.push(...validateSource(metric, first, `${path}.${first}`));
  const wanted = (Object.keys(SOURCES) as (keyof typeof SOURCES)[]).find((field) => SOURCES[field] === type);
  if (wanted === undefined) errors.push(unsupported);
  else if (metric[wanted] === undefined)
    errors.push(requiredValue(`${path}.${wanted}`, 'must populate information for the given metric source'));
  if (fields.length !== 1)
    for (const field of fields)
      if (field !== wanted) errors.push(forbidden(`${path}.${field}`, 'must populate the given metric source only'));
  return errors;
}

function validateSource(metric: MetricSpec, field: keyof typeof SOURCES, path: string): FieldError[] {
  const { object, external, pods, resource, containerResource } = metric;
  switch (field) {
    case 'object':
      if (object === undefined) return [];
      return [
        ...validateReference(object.describedObject, `${path}.describedObject`),
        ...validateIdentified(object, path),
        ...validateEither(
          object.target,
          `${path}.target.averageValue`,
          'must set either a target value or averageValue',
        ),
      ];
    case 'external':
      if (external === undefined) return [];
      return [
        ...validateIdentified(external, path),
        ...validateEither(
          external.target,
          `${path}.target.averageValue`,
          'must set either a target value for metric or a per-pod target',
        ),
        ...(external.target.value !== undefined && external.target.averageValue !== undefined
          ? [forbidden(`${path}.target.value`, 'may not set both a target value for metric and a per-pod target')]
          : []),
      ];
    case 'pods':
      if (pods === undefined) return [];
      return [
        ...validateIdentified(pods, path),
        ...(pods.target.averageValue === undefined
          ? [requiredValue(`${path}.target.averageValue`, 'must specify a positive target averageValue')]
          : []),
      ];
    case 'resource':
      if (resource === undefined) return [];
      return [
        ...(resource.name === '' ? [requiredValue(`${path}.name`, 'must specify a resource name')] : []),
        ...validateResourceTarget(resource.target, `${path}.target`),
      ];
    case 'containerResource':
      if (containerResource === undefined) return [];
      return [...validateContainerResource(containerResource, path)];
  }
}

function validateContainerResource(
  { name, container, target }: NonNullable<MetricSpec['containerResource']>,
  path: string,
): FieldError[] {
  return [
    ...(name === ''
      ? [requiredValue(`${path}.name`, 'must specify a resource name')]
      : validateResourceName(name, `${path}.name`)),
    ...(container === ''
      ? [requiredValue(`${path}.container`, 'must specify a container')]
      : eachInvalid(`${path}.container`, container, dns1123Label(container))),
    ...validateResourceTarget(target, `${path}.target`),
  ];
}

const validateIdentified = (
  { metric, target }: { readonly metric: MetricIdentifier; readonly target: MetricTarget },
  path: string,
): FieldError[] => [
  ...validateSegment(metric.name, `${path}.metric.name`, 'must specify a metric name'),
  ...validateTarget(target, `${path}.target`),
];

const validateEither = ({ value, averageValue }: MetricTarget, path: string, why: string): FieldError[] =>
  value === undefined && averageValue === undefined ? [requiredValue(path, why)] : [];

function validateResourceTarget(target: MetricTarget, path: string): FieldError[] {
  const { averageUtilization, averageValue } = target;
  const errors = validateTarget(target, path);
  if (averageUtilization === undefined && averageValue === undefined)
    errors.push(
      requiredValue(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'),
    );
  if (averageUtilization !== undefined && averageValue !== undefined)
    errors.push(forbidden(`${path}.averageValue`, 'may not set both a target raw value and a target utilization'));
  return errors;
}

function validateTarget({ type, value, averageValue, averageUtilization }: MetricTarget, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (type === '') errors.push(requiredValue(`${path}.type`, 'must specify a metric target type'));
  if (!TARGET_TYPES.includes(type))
    errors.push(invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  for (const [field, amount] of Object.entries({ value, averageValue }))
    if (amount !== undefined && compareQuantity(amount, '0') <= 0)
      errors.push(invalid(`${path}.${field}`, amount, 'must be positive'));
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'));
  return errors;
}

function validateRules(rules: HPAScalingRules | undefined, path: string): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules;
  const here = `${path}.stabilizationWindowSeconds`;
  const errors: FieldError[] = [];
  if (window < 0) errors.push(invalid(here, window, 'must be greater than or equal to zero'));
  if (window > LONGEST_WINDOW_SECONDS)
    errors.push(invalid(here, window, `must be less than or equal to ${LONGEST_WINDOW_SECONDS}`));
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy))
    errors.push(notSupported(`${path}.selectPolicy`, selectPolicy, SELECT_POLICIES));
  if (policies.length === 0) errors.push(requiredValue(`${path}.policies`, 'must specify at least one Policy'));
  errors.push(...policies.flatMap((policy, index) => validatePolicy(policy, `${path}.policies[${index}]`)));
  if (tolerance !== undefined && compareQuantity(tolerance, '0') < 0)
    errors.push(invalid(`${path}.tolerance`, tolerance, 'must be greater than or equal to 0'));
  return errors;
}

function validatePolicy({ type, value, periodSeconds }: HPAScalingPolicy, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, POLICY_TYPES));
  if (value <= 0) errors.push(invalid(`${path}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0) errors.push(invalid(`${path}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > LONGEST_PERIOD_SECONDS)
    errors.push(
      invalid(`${path}.periodSeconds`, periodSeconds, `must be less than or equal to ${LONGEST_PERIOD_SECONDS}`),
    );
  return errors;
}
