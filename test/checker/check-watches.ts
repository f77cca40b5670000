import type { Violation, WatchEvent, WatchSegment } from './history.ts';
import { type Reference, describeShown, difference, violation } from './reference.ts';

/** How many events are shown before the one that is wrong. */
const SHOWN_BEFORE = 2;

/** Every watcher had, of what it wants, each event in (where it began, how far it came] once, in the log's order and with the log's contents. */
export function checkWatches(segments: readonly WatchSegment[], reference: Reference): Violation[] {
  const found: Violation[] = [];
  for (const segment of segments) {
    const rising = checkRising(segment);
    const wrong = rising ?? checkInitial(segment, reference) ?? checkEvents(segment, reference);
    if (wrong !== undefined) found.push(wrong);
  }
  return found;
}

function checkRising(segment: WatchSegment): Violation | undefined {
  let last = segment.after;
  for (const [index, event] of segment.events.entries()) {
    if (event.revision > last) {
      last = event.revision;
      continue;
    }
    const again = segment.events.slice(0, index).some(({ revision }) => revision === event.revision);
    const piece = [
      describeSegment(segment),
      ...segment.events.slice(Math.max(0, index - SHOWN_BEFORE), index + 1).map(describeEvent),
    ];
    return again
      ? violation('doubled-event', event.key, 'a watcher got an event twice', piece)
      : violation('event-order', event.key, 'the revisions of a watcher do not rise', piece);
  }
  return undefined;
}

/** The state sent first is that of the bookmark that ends it. */
function checkInitial(segment: WatchSegment, reference: Reference): Violation | undefined {
  if (segment.initial === undefined) return undefined;
  const { namespace, tier } = segment;
  const wrong = difference(
    segment.initial,
    reference.walk(segment.resource).at(segment.after),
    (entry) => (namespace === '' || entry.namespace === namespace) && (tier === undefined || entry.tier === tier),
  );
  if (wrong === undefined) return undefined;
  const piece = [describeSegment(segment), ...wrong.piece];
  return violation('torn-list', wrong.key, 'the state sent first is not that of its bookmark', piece);
}

function checkEvents(segment: WatchSegment, reference: Reference): Violation | undefined {
  const { resource, namespace, tier, after, reached, events } = segment;
  const wanted = reference.events({ resource, namespace, tier, after, upTo: reached });
  for (let index = 0; index < Math.max(wanted.length, events.length); index++) {
    const want = wanted[index];
    const got = events[index];
    if (want !== undefined && got !== undefined && same(want, got)) continue;
    const piece = [
      describeSegment(segment),
      ...events.slice(Math.max(0, index - SHOWN_BEFORE), index).map(describeEvent),
      `wanted: ${want === undefined ? 'nothing' : describeEvent(want)}`,
      `got:    ${got === undefined ? `nothing, and came to @${reached}` : describeEvent(got)}`,
    ];
    const key = (want ?? got)?.key ?? resource;
    if (want !== undefined && (got === undefined || got.revision > want.revision))
      return violation('lost-event', key, 'a watcher has missed an event', piece);
    if (want !== undefined && got?.revision === want.revision)
      return violation('event-content', key, 'an event does not show what the log has', piece);
    return violation('ghost-event', got?.key ?? key, 'an event that no change explains', piece);
  }
  return undefined;
}

const same = (a: WatchEvent, b: WatchEvent): boolean =>
  a.revision === b.revision && a.type === b.type && a.key === b.key && a.digest === b.digest;

const describeEvent = (event: WatchEvent): string => `${event.type} ${event.key} ${describeShown(event)}`;

const describeSegment = ({ watcher, server, resource, namespace, tier, after, reached, end }: WatchSegment): string =>
  `${watcher} at server ${server}: ${resource}${namespace === '' ? '' : ` in ${namespace}`}${tier === undefined ? '' : ` of tier ${tier}`}, ` +
  `(${after}, ${reached}], ${end}`;
