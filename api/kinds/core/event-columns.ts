import type { Column } from '#api/kind.ts';
import { nameColumn, textColumn, wide } from '#api/kinds/columns.ts';
import type { Event } from '#api/kinds/core/event.ts';
import { age } from '#api/meta/time.ts';

const firstSeen = (event: Event, now: Date): string => age(event.firstTimestamp ?? event.eventTime, now);
const lastSeen = (event: Event, now: Date): string =>
  event.series === undefined
    ? event.lastTimestamp === undefined
      ? firstSeen(event, now)
      : age(event.lastTimestamp, now)
    : age(event.series.lastObservedTime, now);

function source(event: Event): string {
  const component = event.source?.component || event.reportingComponent || '';
  const instance = event.source?.host || event.reportingInstance || '';
  return instance === '' ? component : `${component}, ${instance}`;
}

function target({ involvedObject: { kind = '', name = '' } }: Event): string {
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

/** The columns of `kubectl get events`. */
export const eventColumns: readonly Column<Event>[] = [
  textColumn('Last Seen', 'When it happened last.', lastSeen),
  textColumn('Type', 'Normal or Warning.', (event) => event.type ?? ''),
  textColumn('Reason', 'What happened, in one word.', (event) => event.reason ?? ''),
  textColumn('Object', 'What it happened to.', target),
  wide(textColumn('Subobject', 'The part that it happened to.', (event) => event.involvedObject.fieldPath ?? '')),
  wide(textColumn('Source', 'Who saw it.', source)),
  textColumn('Message', 'What happened, in words.', (event) => (event.message ?? '').trim()),
  wide(textColumn('First Seen', 'When it happened first.', firstSeen)),
  wide(textColumn('Count', 'How often it happened.', (event) => event.series?.count ?? (event.count || 1))),
  wide(nameColumn),
];
