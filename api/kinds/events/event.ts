import {
  type Static,
  described,
  field,
  int32,
  microTime,
  object,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { EventSource } from '#api/kinds/core/event.ts';
import { type FieldLabel, defineKind } from '#api/kind.ts';
import { type Event as CoreEvent, eventKind } from '#api/kinds/core/event.ts';
import { validateNewEvent } from '#api/kinds/events/event-validation.ts';
import { pathSegment } from '#api/meta/names.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ObjectReference } from '#api/meta/references.ts';

/** `events.v1.EventSeries`. */
export const EventSeries = object(
  'events.v1.EventSeries',
  {
    count: required(1, described('How often it has happened.', int32())),
    lastObservedTime: required(2, described('When it happened last.', microTime())),
  },
  { description: 'How often an Event has been repeated.' },
);
/** The JSON form of `events.v1.EventSeries`. */
export type EventSeries = Static<typeof EventSeries>;

/** `events.v1.Event`. */
export const Event = object(
  'events.v1.Event',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    eventTime: required(2, described('When it happened first.', microTime())),
    series: field(3, described('Present when it has happened more than once.', EventSeries)),
    reportingController: field(4, described('Who tells it, e.g. kubernetes.io/kubelet.', string())),
    reportingInstance: field(5, described('Which one of them, e.g. its host.', string())),
    action: field(6, described('What was done, or failed.', string())),
    reason: field(7, described('Why, in one word for programs.', string())),
    regarding: field(8, described('The object that it is about.', value(ObjectReference))),
    related: field(9, described('Another object that has to do with it.', ObjectReference)),
    note: field(10, described('What happened, in words for people.', string())),
    type: field(11, described('Normal or Warning.', string())),
    deprecatedSource: field(12, described('The source that a v1 Event names.', value(EventSource))),
    deprecatedFirstTimestamp: field(13, described('The firstTimestamp of a v1 Event.', time())),
    deprecatedLastTimestamp: field(14, described('The lastTimestamp of a v1 Event.', time())),
    deprecatedCount: field(15, described('The count of a v1 Event.', int32())),
  },
  { description: 'Something that happened to an object.' },
);
/** The JSON form of `events.v1.Event`. */
export type Event = Static<typeof Event>;

/** Field selectors of this version, and those of core/v1 that they stand for. */
const FIELD_LABELS: readonly (readonly [own: string, stored: string])[] = [
  ['reason', 'reason'],
  ['type', 'type'],
  ['reportingController', 'reportingComponent'],
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    (field) => [`regarding.${field}`, `involvedObject.${field}`] as const,
  ),
];

const fieldLabel =
  (stored: string): FieldLabel<Event> =>
  (event) =>
    eventKind.fieldLabels[stored]?.(toCore(event)) ?? '';

/** Events of events.k8s.io/v1, stored as core/v1. */
export const newEventKind = defineKind<Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  schema: Event,
  shortNames: ['ev'],
  fieldLabels: Object.fromEntries(FIELD_LABELS.map(([own, stored]) => [own, fieldLabel(stored)])),
  columns: eventKind.columns.map((column) => ({ ...column, cell: (event, now) => column.cell(toCore(event), now) })),
  validateName: pathSegment,
  storedAs: {
    kind: eventKind,
    toStored: (events) => events.map(toCore),
    fromStored: (stored) => stored.map((one) => fromCore(one as CoreEvent)),
    validate: (faults, stored, old) => validateNewEvent(faults, stored as CoreEvent, old as CoreEvent | undefined),
  },
});

/** The stored form: the same under the names of core/v1. */
function toCore(event: Event): CoreEvent {
  const {
    regarding,
    note,
    reportingController = '',
    reportingInstance = '',
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...same
  } = event;
  return given({
    ...same,
    eventTime: event.eventTime ?? undefined,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    source: deprecatedSource ?? {},
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
    reportingComponent: reportingController,
    reportingInstance,
  }) as CoreEvent;
}

function fromCore(event: CoreEvent): Event {
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, reportingComponent, ...same } = event;
  const { reportingInstance, ...rest } = same;
  return given({
    ...rest,
    apiVersion: 'events.k8s.io/v1',
    // Go has no omitempty here: an older Event, which has only the other times, says null.
    eventTime: event.eventTime ?? null,
    regarding: involvedObject,
    note: message,
    deprecatedSource: source ?? {},
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
    reportingController: reportingComponent || undefined,
    reportingInstance: reportingInstance || undefined,
  }) as unknown as Event;
}

/** Without the fields that are undefined. */
const given = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
