import type { LabelSelector } from '#api/meta/label-selector.ts';
import type { MetricSpec, MetricStatus, MetricTarget } from '#api/kinds/autoscaling/metrics.ts';
import type { MetricSpecV1, MetricStatusV1 } from '#api/kinds/autoscaling/metrics-v1.ts';

/** The fields that are given: an absent one stays away rather than being undefined. */
type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

const identifier = (name: string, selector: LabelSelector | undefined) => given({ name, selector });

/** A metric of autoscaling/v2 in the form of v1's annotation (upstream: pkg/apis/autoscaling/v1/conversion.go). */
export function specToV1({ type, object, pods, resource, containerResource, external }: MetricSpec): MetricSpecV1 {
  const ofResource = ({ averageUtilization, averageValue }: MetricTarget) => ({
    targetAverageUtilization: averageUtilization,
    targetAverageValue: averageValue,
  });
  return given({
    type,
    object:
      object &&
      given({
        target: object.describedObject,
        metricName: object.metric.name,
        targetValue: object.target.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.target.averageValue,
      }),
    pods:
      pods &&
      given({
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue ?? '0',
        selector: pods.metric.selector,
      }),
    resource: resource && given({ name: resource.name, ...ofResource(resource.target) }),
    containerResource:
      containerResource &&
      given({
        name: containerResource.name,
        ...ofResource(containerResource.target),
        container: containerResource.container,
      }),
    external:
      external &&
      given({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  }) as MetricSpecV1;
}

/** And back. */
export function specFromV1({ type, object, pods, resource, containerResource, external }: MetricSpecV1): MetricSpec {
  const ofResource = (from: NonNullable<MetricSpecV1['resource']>) =>
    given({
      type: from.targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
      averageValue: from.targetAverageValue,
      averageUtilization: from.targetAverageUtilization,
    });
  return given({
    type,
    object: object && {
      describedObject: object.target,
      target: given({
        type: object.averageValue === undefined ? 'Value' : 'AverageValue',
        value: object.targetValue,
        averageValue: object.averageValue,
      }),
      metric: identifier(object.metricName, object.selector),
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue },
    },
    resource: resource && { name: resource.name, target: ofResource(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      target: ofResource(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      target: given({
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  }) as MetricSpec;
}

/** A metric's status of autoscaling/v2 in the form of v1's annotation. */
export function statusToV1({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: MetricStatus): MetricStatusV1 {
  const ofResource = ({ averageUtilization, averageValue }: NonNullable<MetricStatus['resource']>['current']) => ({
    currentAverageUtilization: averageUtilization,
    currentAverageValue: averageValue ?? '0',
  });
  return given({
    type,
    object:
      object &&
      given({
        target: object.describedObject,
        metricName: object.metric.name,
        currentValue: object.current.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.current.averageValue,
      }),
    pods:
      pods &&
      given({
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue ?? '0',
        selector: pods.metric.selector,
      }),
    resource: resource && given({ name: resource.name, ...ofResource(resource.current) }),
    containerResource:
      containerResource &&
      given({
        name: containerResource.name,
        ...ofResource(containerResource.current),
        container: containerResource.container,
      }),
    external:
      external &&
      given({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? '0',
        currentAverageValue: external.current.averageValue,
      }),
  }) as MetricStatusV1;
}

/** And back. */
export function statusFromV1({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: MetricStatusV1): MetricStatus {
  const ofResource = (from: NonNullable<MetricStatusV1['resource']>) =>
    given({ averageValue: from.currentAverageValue, averageUtilization: from.currentAverageUtilization });
  return given({
    type,
    object: object && {
      metric: identifier(object.metricName, object.selector),
      current: given({ value: object.currentValue, averageValue: object.averageValue }),
      describedObject: object.target,
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      current: { averageValue: pods.currentAverageValue },
    },
    resource: resource && { name: resource.name, current: ofResource(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      current: ofResource(containerResource),
      container: containerResource.container,
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      current: given({ value: external.currentValue, averageValue: external.currentAverageValue }),
    },
  }) as MetricStatus;
}
