import { type Static, field, int32, list, object, pointer, quantity, required, string } from '#api/schema/builders.ts';
import { CrossVersionObjectReference } from '#api/kinds/autoscaling/metrics.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';

/** What autoscaling/v1 once called metrics: no fields of it any more, but the form in which its objects bear them in annotations. */

const ResourceSource = {
  name: required(1, string()),
  targetAverageUtilization: field(2, pointer(int32())),
  targetAverageValue: field(3, pointer(quantity())),
};
const ResourceStatus = {
  name: required(1, string()),
  currentAverageUtilization: field(2, pointer(int32())),
  currentAverageValue: required(3, quantity()),
};

/** `autoscaling.v1.MetricSpec`. */
export const MetricSpecV1 = object('autoscaling.v1.MetricSpec', {
  type: required(1, string()),
  object: field(
    2,
    object('autoscaling.v1.ObjectMetricSource', {
      target: required(1, CrossVersionObjectReference),
      metricName: required(2, string()),
      targetValue: required(3, quantity()),
      selector: field(4, LabelSelector),
      averageValue: field(5, pointer(quantity())),
    }),
  ),
  pods: field(
    3,
    object('autoscaling.v1.PodsMetricSource', {
      metricName: required(1, string()),
      targetAverageValue: required(2, quantity()),
      selector: field(3, LabelSelector),
    }),
  ),
  resource: field(4, object('autoscaling.v1.ResourceMetricSource', ResourceSource)),
  containerResource: field(
    7,
    object('autoscaling.v1.ContainerResourceMetricSource', { ...ResourceSource, container: required(5, string()) }),
  ),
  external: field(
    5,
    object('autoscaling.v1.ExternalMetricSource', {
      metricName: required(1, string()),
      metricSelector: field(2, LabelSelector),
      targetValue: field(3, pointer(quantity())),
      targetAverageValue: field(4, pointer(quantity())),
    }),
  ),
});
/** The JSON form of `autoscaling.v1.MetricSpec`. */
export type MetricSpecV1 = Static<typeof MetricSpecV1>;

/** `autoscaling.v1.MetricStatus`. */
export const MetricStatusV1 = object('autoscaling.v1.MetricStatus', {
  type: required(1, string()),
  object: field(
    2,
    object('autoscaling.v1.ObjectMetricStatus', {
      target: required(1, CrossVersionObjectReference),
      metricName: required(2, string()),
      currentValue: required(3, quantity()),
      selector: field(4, LabelSelector),
      averageValue: field(5, pointer(quantity())),
    }),
  ),
  pods: field(
    3,
    object('autoscaling.v1.PodsMetricStatus', {
      metricName: required(1, string()),
      currentAverageValue: required(2, quantity()),
      selector: field(3, LabelSelector),
    }),
  ),
  resource: field(4, object('autoscaling.v1.ResourceMetricStatus', ResourceStatus)),
  containerResource: field(
    7,
    object('autoscaling.v1.ContainerResourceMetricStatus', { ...ResourceStatus, container: required(4, string()) }),
  ),
  external: field(
    5,
    object('autoscaling.v1.ExternalMetricStatus', {
      metricName: required(1, string()),
      metricSelector: field(2, LabelSelector),
      currentValue: required(3, quantity()),
      currentAverageValue: field(4, pointer(quantity())),
    }),
  ),
});
/** The JSON form of `autoscaling.v1.MetricStatus`. */
export type MetricStatusV1 = Static<typeof MetricStatusV1>;

/** A list of the first. */
export const MetricSpecsV1 = list(MetricSpecV1);
/** A list of the second. */
export const MetricStatusesV1 = list(MetricStatusV1);
