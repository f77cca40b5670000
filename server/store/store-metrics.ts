import type { Metrics } from '#base/metrics.ts';
import { RING_LIMITS } from './event-ring.ts';
import type { DatabaseStore } from './store.ts';
import { QUEUE_LIMIT } from './writer.ts';

const OBJECTS = { name: 'apiserver_storage_objects', help: 'Objects by resource', labels: ['resource'] };
const REVISION = { name: 'skep_store_revision', help: 'The newest revision that memory holds' };
const LAG = {
  name: 'skep_store_log_lag_revisions',
  help: 'Revisions that a notification told of and that memory does not hold yet',
};
const WAITING = {
  name: 'skep_store_writes_waiting',
  help: `Writes that wait for their batch; above ${QUEUE_LIMIT} writes are refused with TooManyRequests`,
};
const SUBSCRIBERS = {
  name: 'skep_store_subscribers',
  help: 'Who is told of changes: watches of clients, informers of controllers, node sessions',
};
const RING_EVENTS = {
  name: 'skep_store_ring_events',
  help: `Recent changes kept for watches; of a resource at most ${RING_LIMITS.events}, then the oldest go`,
};
const RING_BYTES = {
  name: 'skep_store_ring_bytes',
  help: `Their JSON in characters; of a resource at most ${RING_LIMITS.bytes}, then the oldest go`,
};
const STALE = {
  name: 'skep_store_stale',
  help: 'Whether reads are answered from memory without knowing of newer writes, as the database does not answer',
};
const ANSWER_AGE = { name: 'skep_database_answer_age_seconds', help: 'Time since the database answered last' };

/** Shows what the store holds and what waits in it. */
export function observeStore(metrics: Metrics, store: DatabaseStore): void {
  metrics.gauges(OBJECTS, () => store.figures().objects.map(([resource, count]) => [[resource], count]));
  metrics.gauge(REVISION, [], () => store.revision());
  metrics.gauge(LAG, [], () => store.figures().lag);
  metrics.gauge(WAITING, [], () => store.figures().waiting);
  metrics.gauge(SUBSCRIBERS, [], () => store.figures().subscribers);
  metrics.gauge(RING_EVENTS, [], () => store.figures().ring.events);
  metrics.gauge(RING_BYTES, [], () => store.figures().ring.bytes);
  metrics.gauge(STALE, [], () => Number(store.isStale));
  metrics.gauge(ANSWER_AGE, [], () => store.answerAgeSeconds);
}
