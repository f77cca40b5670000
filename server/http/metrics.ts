import type { Kind } from '#api/kind.ts';
import type { Count, Durations, Metrics } from '#base/metrics.ts';
import { MAX_SOCKET_WAITING_BYTES } from './subresources/subresource.ts';

/** What a request was about. `kind` undefined: none that is served, whatever the path says. */
export interface Asked {
  /** As RequestInfo has it: `get`, `deletecollection`. */
  readonly verb: string;
  readonly kind: Kind | undefined;
  readonly subresource: string;
}

/** A watcher that has this much unread is dropped: it would otherwise be held in memory without end. */
export const MAX_BEHIND_BYTES = 16 * 1024 * 1024;

const ABOUT = ['verb', 'group', 'version', 'resource', 'subresource'];
const REQUESTS = {
  name: 'apiserver_request_total',
  help: 'Requests by verb, resource and HTTP code',
  labels: [...ABOUT, 'code'],
};
const DURATION = {
  name: 'apiserver_request_duration_seconds',
  help: 'Time to answer a request, watches and streams aside',
  labels: ABOUT,
};
const IN_FLIGHT = {
  name: 'apiserver_current_inflight_requests',
  help: 'Requests under way, watches and streams aside, those that wait for a seat among them',
  labels: ['request_kind'],
};
const LONG_RUNNING = {
  name: 'apiserver_longrunning_requests',
  help: 'Watches, and sockets of exec, attach and port-forward',
  labels: ABOUT,
};
const BEHIND = {
  name: 'skep_watch_waiting_bytes',
  help: 'Bytes of events that watchers have not read yet, all together',
};
const BEHIND_MAX = {
  name: 'skep_watch_waiting_bytes_max',
  help: `Bytes that the slowest watcher has not read; one with ${MAX_BEHIND_BYTES} is cut off`,
};
const SOCKETS_MAX = {
  name: 'skep_stream_waiting_bytes_max',
  help: `Bytes that wait in the socket of exec, attach or port-forward that has most; one whose client sends more than ${MAX_SOCKET_WAITING_BYTES} ahead is closed`,
};
const DROPPED = { name: 'skep_watch_dropped_total', help: 'Watchers cut off as they did not read' };

/** A request that lasts. */
interface Lasting {
  readonly verb: 'watch' | 'connect';
  readonly labels: readonly string[];
  readonly waitingBytes: () => number;
}

/** The API's own metrics, with Kubernetes' names. Labels are bounded: verbs, kinds that are served, codes. */
export class ApiMetrics {
  readonly #requests: Count;
  readonly #durations: Durations;
  readonly #dropped: Count;
  readonly #lasting = new Set<Lasting>();
  readonly #inFlight = { mutating: 0, readOnly: 0 };

  constructor(metrics: Metrics) {
    this.#requests = metrics.counter(REQUESTS);
    this.#durations = metrics.histogram(DURATION);
    this.#dropped = metrics.counter(DROPPED);
    this.#dropped.add([], 0);
    for (const kind of ['mutating', 'readOnly'] as const) metrics.gauge(IN_FLIGHT, [kind], () => this.#inFlight[kind]);
    metrics.gauges(LONG_RUNNING, () => [...this.#lasting].map(({ labels }) => [labels, 1]));
    metrics.gauge(BEHIND, [], () => this.#waiting('watch').reduce((sum, bytes) => sum + bytes, 0));
    metrics.gauge(BEHIND_MAX, [], () => largest(this.#waiting('watch')));
    metrics.gauge(SOCKETS_MAX, [], () => largest(this.#waiting('connect')));
  }

  /** A request has come; `answered` is called for each. */
  begun(verb: string): void {
    if (verb !== 'watch') this.#inFlight[requestKind(verb)] += 1;
  }

  /** Counts a request that was answered; code 101 = it is a socket now. */
  answered(asked: Asked, code: number, seconds: number): void {
    if (asked.verb !== 'watch') this.#inFlight[requestKind(asked.verb)] -= 1;
    const labels = labelsOf(code === 101 ? { ...asked, verb: 'connect' } : asked);
    this.#requests.add([...labels, String(code)]);
    if (asked.verb !== 'watch' && code !== 101) this.#durations.observe(labels, seconds);
  }

  /** A watch has begun; the answer ends it. */
  watching(kind: Kind, waitingBytes: () => number): () => void {
    return this.#lasts('watch', { kind, subresource: '' }, waitingBytes);
  }

  /** A socket has opened; the answer ends it. */
  connected(asked: Omit<Asked, 'verb'>, waitingBytes: () => number): () => void {
    return this.#lasts('connect', asked, waitingBytes);
  }

  /** A watcher was cut off as it did not read. */
  watcherDropped(): void {
    this.#dropped.add([]);
  }

  #waiting(verb: Lasting['verb']): number[] {
    return [...this.#lasting].filter((one) => one.verb === verb).map(({ waitingBytes }) => waitingBytes());
  }

  #lasts(verb: Lasting['verb'], asked: Omit<Asked, 'verb'>, waitingBytes: () => number): () => void {
    const request = { verb, labels: labelsOf({ ...asked, verb }), waitingBytes };
    this.#lasting.add(request);
    return () => void this.#lasting.delete(request);
  }
}

const largest = (bytes: readonly number[]): number => bytes.reduce((most, one) => Math.max(most, one), 0);

const VERBS = new Set(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'connect']);

const labelsOf = ({ verb, kind, subresource }: Asked): string[] => [
  VERBS.has(verb) ? verb.toUpperCase() : 'OTHER',
  kind?.group ?? '',
  kind?.version ?? '',
  kind?.plural ?? '',
  subresource,
];

/** Upstream: nonMutatingRequestVerbs. */
const requestKind = (verb: string): 'mutating' | 'readOnly' =>
  verb === 'get' || verb === 'list' || verb === 'head' ? 'readOnly' : 'mutating';
