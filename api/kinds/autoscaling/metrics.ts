import {
  type Static,
  described,
  field,
  int32,
  object,
  pointer,
  quantity,
  required,
  string,
} from '#api/schema/builders.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';

/** `autoscaling.v2.CrossVersionObjectReference`. */
export const CrossVersionObjectReference = object(
  'autoscaling.v2.CrossVersionObjectReference',
  {
    kind: required(1, described('Its kind.', string())),
    apiVersion: field(3, described('Its API version.', string())),
    name: required(2, described('Its name.', string())),
  },
  { description: 'Names an object of the same namespace.' },
);
/** The JSON form of `autoscaling.v2.CrossVersionObjectReference`. */
export type CrossVersionObjectReference = Static<typeof CrossVersionObjectReference>;

/** `autoscaling.v2.MetricIdentifier`. */
export const MetricIdentifier = object(
  'autoscaling.v2.MetricIdentifier',
  {
    name: required(1, described('Its name.', string())),
    selector: field(2, described('Labels that tell it from others of the name.', LabelSelector)),
  },
  { description: 'Names a metric.' },
);
/** The JSON form of `autoscaling.v2.MetricIdentifier`. */
export type MetricIdentifier = Static<typeof MetricIdentifier>;

/** `autoscaling.v2.MetricTarget`. */
export const MetricTarget = object(
  'autoscaling.v2.MetricTarget',
  {
    type: required(1, described('Utilization, Value or AverageValue.', string())),
    value: field(2, described('As a quantity, all together.', pointer(quantity()))),
    averageValue: field(3, described('As a quantity, for each pod.', pointer(quantity()))),
    averageUtilization: field(4, described('In percent of what each pod requests.', pointer(int32()))),
  },
  { description: 'The value to keep to.' },
);
/** The JSON form of `autoscaling.v2.MetricTarget`. */
export type MetricTarget = Static<typeof MetricTarget>;

/** `autoscaling.v2.MetricValueStatus`. */
export const MetricValueStatus = object(
  'autoscaling.v2.MetricValueStatus',
  {
    value: field(1, described('As a quantity, all together.', pointer(quantity()))),
    averageValue: field(2, described('As a quantity, for each pod.', pointer(quantity()))),
    averageUtilization: field(3, described('In percent of what each pod requests.', pointer(int32()))),
  },
  { description: 'A value as it was seen last.' },
);
/** The JSON form of `autoscaling.v2.MetricValueStatus`. */
export type MetricValueStatus = Static<typeof MetricValueStatus>;

/** `autoscaling.v2.ContainerResourceMetricSource`. */
export const ContainerResourceMetricSource = object(
  'autoscaling.v2.ContainerResourceMetricSource',
  {
    name: required(1, described('The name of the resource.', string())),
    target: required(2, described('The value to keep to.', MetricTarget)),
    container: required(3, described('The name of the container.', string())),
  },
  { description: 'A resource of one container in each of the pods.' },
);
/** The JSON form of `autoscaling.v2.ContainerResourceMetricSource`. */
export type ContainerResourceMetricSource = Static<typeof ContainerResourceMetricSource>;

/** `autoscaling.v2.ContainerResourceMetricStatus`. */
export const ContainerResourceMetricStatus = object(
  'autoscaling.v2.ContainerResourceMetricStatus',
  {
    name: required(1, described('The name of the resource.', string())),
    current: required(2, described('The value as it was seen last.', MetricValueStatus)),
    container: required(3, described('The name of the container.', string())),
  },
  { description: 'A resource of one container in each of the pods.' },
);
/** The JSON form of `autoscaling.v2.ContainerResourceMetricStatus`. */
export type ContainerResourceMetricStatus = Static<typeof ContainerResourceMetricStatus>;

/** `autoscaling.v2.ExternalMetricSource`. */
export const ExternalMetricSource = object(
  'autoscaling.v2.ExternalMetricSource',
  {
    metric: required(1, described('Which metric.', MetricIdentifier)),
    target: required(2, described('The value to keep to.', MetricTarget)),
  },
  { description: 'A metric from outside the cluster.' },
);
/** The JSON form of `autoscaling.v2.ExternalMetricSource`. */
export type ExternalMetricSource = Static<typeof ExternalMetricSource>;

/** `autoscaling.v2.ExternalMetricStatus`. */
export const ExternalMetricStatus = object(
  'autoscaling.v2.ExternalMetricStatus',
  {
    metric: required(1, described('Which metric.', MetricIdentifier)),
    current: required(2, described('The value as it was seen last.', MetricValueStatus)),
  },
  { description: 'A metric from outside the cluster.' },
);
/** The JSON form of `autoscaling.v2.ExternalMetricStatus`. */
export type ExternalMetricStatus = Static<typeof ExternalMetricStatus>;

/** `autoscaling.v2.ObjectMetricSource`. */
export const ObjectMetricSource = object(
  'autoscaling.v2.ObjectMetricSource',
  {
    describedObject: required(1, described('Which object.', CrossVersionObjectReference)),
    target: required(2, described('The value to keep to.', MetricTarget)),
    metric: required(3, described('Which metric.', MetricIdentifier)),
  },
  { description: 'A metric of some object.' },
);
/** The JSON form of `autoscaling.v2.ObjectMetricSource`. */
export type ObjectMetricSource = Static<typeof ObjectMetricSource>;

/** `autoscaling.v2.ObjectMetricStatus`. */
export const ObjectMetricStatus = object(
  'autoscaling.v2.ObjectMetricStatus',
  {
    metric: required(1, described('Which metric.', MetricIdentifier)),
    current: required(2, described('The value as it was seen last.', MetricValueStatus)),
    describedObject: required(3, described('Which object.', CrossVersionObjectReference)),
  },
  { description: 'A metric of some object.' },
);
/** The JSON form of `autoscaling.v2.ObjectMetricStatus`. */
export type ObjectMetricStatus = Static<typeof ObjectMetricStatus>;

/** `autoscaling.v2.PodsMetricSource`. */
export const PodsMetricSource = object(
  'autoscaling.v2.PodsMetricSource',
  {
    metric: required(1, described('Which metric.', MetricIdentifier)),
    target: required(2, described('The value to keep to.', MetricTarget)),
  },
  { description: 'A metric that each pod has.' },
);
/** The JSON form of `autoscaling.v2.PodsMetricSource`. */
export type PodsMetricSource = Static<typeof PodsMetricSource>;

/** `autoscaling.v2.PodsMetricStatus`. */
export const PodsMetricStatus = object(
  'autoscaling.v2.PodsMetricStatus',
  {
    metric: required(1, described('Which metric.', MetricIdentifier)),
    current: required(2, described('The value as it was seen last.', MetricValueStatus)),
  },
  { description: 'A metric that each pod has.' },
);
/** The JSON form of `autoscaling.v2.PodsMetricStatus`. */
export type PodsMetricStatus = Static<typeof PodsMetricStatus>;

/** `autoscaling.v2.ResourceMetricSource`. */
export const ResourceMetricSource = object(
  'autoscaling.v2.ResourceMetricSource',
  {
    name: required(1, described('The name of the resource.', string())),
    target: required(2, described('The value to keep to.', MetricTarget)),
  },
  { description: 'A resource of all containers of the pods, such as CPU.' },
);
/** The JSON form of `autoscaling.v2.ResourceMetricSource`. */
export type ResourceMetricSource = Static<typeof ResourceMetricSource>;

/** `autoscaling.v2.ResourceMetricStatus`. */
export const ResourceMetricStatus = object(
  'autoscaling.v2.ResourceMetricStatus',
  {
    name: required(1, described('The name of the resource.', string())),
    current: required(2, described('The value as it was seen last.', MetricValueStatus)),
  },
  { description: 'A resource of all containers of the pods, such as CPU.' },
);
/** The JSON form of `autoscaling.v2.ResourceMetricStatus`. */
export type ResourceMetricStatus = Static<typeof ResourceMetricStatus>;

/** `autoscaling.v2.MetricSpec`. */
export const MetricSpec = object(
  'autoscaling.v2.MetricSpec',
  {
    type: required(1, described('ContainerResource, External, Object, Pods or Resource.', string())),
    object: field(2, described('A metric of some object.', ObjectMetricSource)),
    pods: field(3, described('A metric that each pod has.', PodsMetricSource)),
    resource: field(4, described('A resource of all containers of the pods, such as CPU.', ResourceMetricSource)),
    external: field(5, described('A metric from outside the cluster.', ExternalMetricSource)),
    containerResource: field(
      7,
      described('A resource of one container in each of the pods.', ContainerResourceMetricSource),
    ),
  },
  { description: 'One metric that the number of pods goes by.' },
);
/** The JSON form of `autoscaling.v2.MetricSpec`. */
export type MetricSpec = Static<typeof MetricSpec>;

/** `autoscaling.v2.MetricStatus`. */
export const MetricStatus = object(
  'autoscaling.v2.MetricStatus',
  {
    type: required(1, described('ContainerResource, External, Object, Pods or Resource.', string())),
    object: field(2, described('A metric of some object.', ObjectMetricStatus)),
    pods: field(3, described('A metric that each pod has.', PodsMetricStatus)),
    resource: field(4, described('A resource of all containers of the pods, such as CPU.', ResourceMetricStatus)),
    external: field(5, described('A metric from outside the cluster.', ExternalMetricStatus)),
    containerResource: field(
      7,
      described('A resource of one container in each of the pods.', ContainerResourceMetricStatus),
    ),
  },
  { description: 'One metric as it was seen last.' },
);
/** The JSON form of `autoscaling.v2.MetricStatus`. */
export type MetricStatus = Static<typeof MetricStatus>;
