import { StatusError } from '#api/meta/status.ts';
import type { Metrics } from '#base/metrics.ts';
import type { User } from '#server/store/registry.ts';
import type { RequestInfo } from './request-info.ts';
import { NoSeat, type Release, SeatPool } from './seats.ts';

/** How many requests may be under way at a time, for each of the two levels. */
export interface InFlightLimits {
  /** Upstream: --max-requests-inflight. */
  readonly reads: number;
  /** Upstream: --max-mutating-requests-inflight. */
  readonly writes: number;
  /** Watches, followed logs, and the sockets of exec, attach, port-forward and proxy. */
  readonly longRunning: number;
}

/** Upstream's, and as many idle watches as fit into 100 MB. */
export const DEFAULT_LIMITS: InFlightLimits = { reads: 400, writes: 200, longRunning: 10_000 };

/** What a request takes a seat for. */
type Class = 'readOnly' | 'list' | 'mutating' | 'longRunning';

/** Lists that are made at a time: they are the requests that take the processor for long, and users take turns at them. */
const LISTS_AT_ONCE = 4;
/** Upstream: a quarter of the request's deadline. */
const QUEUE_WAIT_MS = 15_000;
const WAITING = 4_096;
/** A user may have half of the seats of the ordinary level at most. */
const SHARE = 2;
/** A body takes a seat for each of these bytes, so that large bodies are few. */
const BYTES_PER_SEAT = 256 * 1024;

const LONG_SUBRESOURCES = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);
const READS = new Set(['get', 'list', 'head', 'options']);

const SEATS = {
  name: 'apiserver_flowcontrol_current_executing_seats',
  help: 'Seats of requests under way; a large body takes several',
  labels: ['priority_level', 'request_kind'],
};
const QUEUED = {
  name: 'apiserver_flowcontrol_current_inqueue_requests',
  help: `Requests that wait for a seat, at most ${QUEUE_WAIT_MS / 1000} s and ${WAITING} of a kind; more are refused with 429`,
  labels: ['priority_level', 'request_kind'],
};
const REFUSED = {
  name: 'apiserver_flowcontrol_rejected_requests_total',
  help: 'Requests refused with 429 as there was no seat for them',
  labels: ['priority_level', 'request_kind'],
};

/** May it last as long as the client likes: it has no deadline then, and a limit of its own. */
export const isLongRunning = ({ verb, subresource, isResourceRequest }: RequestInfo): boolean =>
  isResourceRequest && (verb === 'watch' || LONG_SUBRESOURCES.has(subresource));

/**
 * Bounds the requests under way, reads, writes and long-running ones apart, and shares the seats fairly among users. There are two levels, so
 * that the cluster's own people get in whatever the others do: `system` for the groups system:masters and system:nodes and kube-system's
 * service accounts, `workload` for the rest. The server's controllers and the agents' links do not come this way at all.
 */
export class FlowControl {
  readonly #pools: Readonly<Record<'system' | 'workload', Readonly<Record<Class, SeatPool>>>>;
  readonly #refused: ReturnType<Metrics['counter']>;

  constructor(limits: InFlightLimits, metrics: Metrics) {
    this.#pools = { system: poolsOf(limits, 1), workload: poolsOf(limits, SHARE) };
    this.#refused = metrics.counter(REFUSED);
    for (const [level, pools] of Object.entries(this.#pools)) {
      for (const [kind, pool] of Object.entries(pools)) {
        metrics.gauge(SEATS, [level, kind], () => pool.held);
        metrics.gauge(QUEUED, [level, kind], () => pool.waiting);
        this.#refused.add([level, kind], 0);
      }
    }
  }

  /** A seat for the request; a promise only where it has to wait for one. Throws or rejects with 429 and Retry-After. */
  enter(user: User, info: RequestInfo, request: Request): Release | Promise<Release> {
    const level = isSystem(user) ? 'system' : 'workload';
    const kind = classOf(info);
    const refused = (error: unknown): never => {
      if (!(error instanceof NoSeat)) throw error;
      this.#refused.add([level, kind]);
      throw tooManyRequests();
    };
    try {
      const seat = this.#pools[level][kind].take(user.name, kind === 'mutating' ? widthOf(request) : 1);
      return seat instanceof Promise ? seat.catch(refused) : seat;
    } catch (error) {
      return refused(error);
    }
  }
}

/** A request's seat. It is given back when the request is answered, unless `keep` was called: then by whoever did, when the stream is over. */
export class Seat {
  readonly #release: Release;
  #kept = false;

  constructor(release: Release) {
    this.#release = release;
  }

  keep(): Release {
    this.#kept = true;
    return this.#release;
  }

  /** The request was answered. */
  answered(info: RequestInfo, tookMs: number): void {
    if (!this.#kept) leave(this.#release, info, tookMs);
  }
}

/** A list gives its seat back only when what came meanwhile has had its turn: else the lists of one user would follow each other without a gap. */
const leave = (release: Release, info: RequestInfo, tookMs: number): void => {
  if (info.verb === 'list' && tookMs > 2) setImmediate(release);
  else release();
};

/** 429 with upstream's text. */
export const tooManyRequests = (): StatusError =>
  new StatusError('TooManyRequests', 'Too many requests, please try again later.', { retryAfterSeconds: 1 });

function poolsOf({ reads, writes, longRunning }: InFlightLimits, share: number): Record<Class, SeatPool> {
  const pool = (seats: number, waiting: number): SeatPool =>
    new SeatPool({
      seats,
      seatsPerFlow: Math.ceil(seats / share),
      waiting,
      waitingPerFlow: share === 1 ? waiting : Math.ceil(waiting / 8),
      waitMs: QUEUE_WAIT_MS,
    });
  return {
    readOnly: pool(reads, WAITING),
    list: pool(Math.min(reads, LISTS_AT_ONCE), WAITING),
    mutating: pool(writes, WAITING),
    longRunning: pool(longRunning, 0),
  };
}

const isSystem = ({ name, groups }: User): boolean =>
  name.startsWith('system:serviceaccount:kube-system:') ||
  groups.some((group) => group === 'system:masters' || group === 'system:nodes');

function classOf(info: RequestInfo): Class {
  if (isLongRunning(info)) return 'longRunning';
  if (!READS.has(info.verb)) return 'mutating';
  return info.verb === 'list' ? 'list' : 'readOnly';
}

/** A body of unknown length counts as one of the full size. */
function widthOf({ headers }: Request): number {
  const length = headers.get('content-length');
  if (length !== null) return 1 + Math.floor(Number(length) / BYTES_PER_SEAT);
  return headers.has('transfer-encoding') ? 12 : 1;
}
