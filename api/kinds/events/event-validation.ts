import { deepEqual } from '#api/meta/deep-equal.ts';
import { type FieldError, invalid, requiredValue } from '#api/meta/field-error.ts';
import { IMMUTABLE, validateObjectMeta } from '#api/meta/object-meta-validation.ts';
import type { Event as CoreEvent } from '#api/kinds/core/event.ts';

/** What never changes of an Event; its series does. */
const FIXED = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const satisfies readonly (keyof CoreEvent)[];
/** Fields of core/v1 Events that new ones do without. */
const UNSET = ['firstTimestamp', 'lastTimestamp', 'count', 'source'] as const;

/** The name that a field of the stored form has in messages to clients of events.k8s.io. */
const inWords = (field: string): string => (field === 'reportingComponent' ? 'reportingController' : field);

/**
 * The faults of a request of events.k8s.io/v1 (core validation: ValidateEventCreate, ValidateEventUpdate), which is stricter than core/v1;
 * `faults` are those that hold for both.
 */
export function validateNewEvent(faults: FieldError[], event: CoreEvent, old: CoreEvent | undefined): FieldError[] {
  const own = old === undefined ? validateCreate(event) : validateUpdate(event, old);
  return [...faults.map((fault) => ({ ...fault, field: inWords(fault.field) })), ...own];
}

function validateCreate(event: CoreEvent): FieldError[] {
  const { type = '' } = event;
  const errors = [...validateObjectMeta(event.metadata, { scope: 'Namespaced' }), ...validateSeries(event)];
  if (event.eventTime === undefined) errors.push(requiredValue('eventTime'));
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid('type', '', `has invalid value: ${type}`));
  for (const field of UNSET) if (isSet(event[field])) errors.push(invalid(field, '', 'needs to be unset'));
  return errors;
}

const isSet = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.values(value).some(isSet) : Boolean(value);

function validateUpdate(event: CoreEvent, old: CoreEvent): FieldError[] {
  const errors = deepEqual(event.series, old.series) ? [] : validateSeries(event);
  for (const field of FIXED)
    if (!deepEqual(event[field], old[field])) errors.push(invalid(inWords(field), event[field], IMMUTABLE));
  return errors;
}

function validateSeries({ series }: CoreEvent): FieldError[] {
  if (series === undefined) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(series.lastObservedTime === undefined ? [requiredValue('series.lastObservedTime')] : []),
  ];
}
