import { type Static, field, int32, microTime, object, required, string, time, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ObjectReference } from '#api/meta/references.ts';
import { eventColumns } from '#api/kinds/core/event-columns.ts';
import { validateEvent } from '#api/kinds/core/event-validation.ts';
import { pathSegment } from '#api/meta/names.ts';

/** `core.v1.EventSeries`. */
export const EventSeries = object('core.v1.EventSeries', {
  count: field(1, int32()),
  lastObservedTime: field(2, microTime()),
});
/** The JSON form of `core.v1.EventSeries`. */
export type EventSeries = Static<typeof EventSeries>;

/** `core.v1.EventSource`. */
export const EventSource = object('core.v1.EventSource', {
  component: field(1, string()),
  host: field(2, string()),
});
/** The JSON form of `core.v1.EventSource`. */
export type EventSource = Static<typeof EventSource>;

/** `core.v1.Event`. */
export const Event = object(
  'core.v1.Event',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    involvedObject: required(2, ObjectReference),
    reason: field(3, string()),
    message: field(4, string()),
    source: field(5, value(EventSource)),
    firstTimestamp: field(6, time()),
    lastTimestamp: field(7, time()),
    count: field(8, int32()),
    type: field(9, string()),
    eventTime: field(10, microTime()),
    series: field(11, EventSeries),
    action: field(12, string()),
    related: field(13, ObjectReference),
    reportingComponent: field(14, string()),
    reportingInstance: field(15, string()),
  },
  { description: 'Something that happened to an object.' },
);
/** The JSON form of `core.v1.Event`. */
export type Event = Static<typeof Event>;

/** Events of core/v1; they live for an hour (kube-apiserver: --event-ttl). */
export const eventKind = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  schema: Event,
  shortNames: ['ev'],
  timeToLiveSeconds: 3600,
  fieldLabels: {
    'involvedObject.kind': (event) => event.involvedObject.kind ?? '',
    'involvedObject.namespace': (event) => event.involvedObject.namespace ?? '',
    'involvedObject.name': (event) => event.involvedObject.name ?? '',
    'involvedObject.uid': (event) => event.involvedObject.uid ?? '',
    'involvedObject.apiVersion': (event) => event.involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': (event) => event.involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': (event) => event.involvedObject.fieldPath ?? '',
    reason: (event) => event.reason ?? '',
    reportingComponent: (event) => event.reportingComponent ?? '',
    source: (event) => event.source?.component || event.reportingComponent || '',
    type: (event) => event.type ?? '',
  },
  columns: eventColumns,
  validateName: pathSegment,
  validate: validateEvent,
  applyDefaults(event) {
    event.reportingComponent ??= '';
    event.reportingInstance ??= '';
  },
});
