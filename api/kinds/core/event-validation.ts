import { type FieldError, eachInvalid, invalid, requiredValue } from '#api/meta/field-error.ts';
import { byteLength, dns1123Subdomain, qualifiedName } from '#api/meta/names.ts';
import type { Event } from '#api/kinds/core/event.ts';

/** The most characters of reason, action and reportingInstance, and of the message. */
const LONGEST_WORD = 128;
const LONGEST_MESSAGE = 1024;

/** The faults of an Event whatever its version (core validation: legacyValidateEvent). One with an eventTime is of the newer form, which asks for more. */
export function validateEvent(event: Event): FieldError[] {
  const { metadata, involvedObject, eventTime } = event;
  const namespace = metadata.namespace ?? '';
  const about = involvedObject.namespace ?? '';
  const errors = eventTime === undefined ? [] : validateNewForm(event);
  // What has no namespace is told of in one of these.
  const homes = eventTime === undefined ? ['', 'default'] : ['default', 'kube-system'];
  const fits = about === '' ? homes.includes(namespace) : eventTime !== undefined || about === namespace;
  if (!fits) errors.unshift(invalid('involvedObject.namespace', about, 'does not match event.namespace'));
  return [...errors, ...eachInvalid('namespace', namespace, dns1123Subdomain(namespace))];
}

function validateNewForm(event: Event): FieldError[] {
  const { reportingComponent = '', message = '' } = event;
  const errors: FieldError[] = [];
  if (reportingComponent === '') errors.push(requiredValue('reportingComponent'));
  errors.push(...eachInvalid('reportingComponent', reportingComponent, qualifiedName(reportingComponent)));
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const value = event[field] ?? '';
    if (value === '') errors.push(requiredValue(field));
    if (byteLength(value) > LONGEST_WORD)
      errors.push(invalid(field, '', `can have at most ${LONGEST_WORD} characters`));
  }
  if (byteLength(message) > LONGEST_MESSAGE)
    errors.push(invalid('message', '', `can have at most ${LONGEST_MESSAGE} characters`));
  return errors;
}
