import { resourceOf } from '#api/kind.ts';
import { StatusError, expired } from '#api/meta/status.ts';
import type { ObjectEvent, ObjectSubscriber, StoredObject } from '#server/store/object-store.ts';
import { allInVersion } from '#server/store/served-version.ts';
import type { ApiContext, ResourceRequest } from '../api-context.ts';
import { type EventForm, type EventType, bookmark, line } from '../event-encoder.ts';
import { type ListOptions, readListOptions } from '../list-options.ts';
import { MAX_BEHIND_BYTES } from '../metrics.ts';
import { type Selection, readSelection } from '../selection.ts';
import { readIncludeObject } from '../table.ts';
import { selected } from './list.ts';

/** Upstream: cacher's bookmarkFrequency. */
const BOOKMARK_MS = 60_000;
/** Upstream: minRequestTimeout; a watch without timeoutSeconds ends at a moment by chance between one and two of these. */
const MIN_TIMEOUT_SECONDS = 1800;

/** GET with watch: a stream of events, one JSON object a line. Throws 400 and 422; an Expired revision is an ERROR event in the stream. */
export function watch(request: ResourceRequest): Response {
  const { url, info, kind } = request;
  const options = readListOptions(url, 'watch');
  const selection = readSelection(kind, url.search === '' ? undefined : url.searchParams, info.name);
  const form: EventForm = {
    kind,
    as: request.form.as,
    metaVersion: request.form.metaVersion,
    include: request.form.as === 'Table' ? readIncludeObject(url) : 'Metadata',
  };
  const stream = new WatchStream(request, options, selection, form);
  return new Response(stream.readable, {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' },
  });
}

/**
 * One watcher. Life: started → (state sent, where asked for) → events as they come → ended by the timeout, the client, the server's stop,
 * an Expired revision or by being too far behind. However it ends, the subscription and the timers are gone then.
 */
class WatchStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #api: ApiContext;
  readonly #path: string;
  readonly #options: ListOptions;
  readonly #selection: Selection;
  readonly #form: EventForm;
  readonly #namespace: string | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #unsubscribe: (() => void) | undefined;
  #uncount: (() => void) | undefined;
  #leave: (() => void) | undefined;
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #bookmarks: ReturnType<typeof setInterval> | undefined;
  #sentColumns = false;
  /** Everything up to here is the client's already. */
  #after = 0;
  /** Events whose conversion to the version of the watch is under way, one after the other; what comes after them waits for them. */
  #converting: Promise<void> | undefined;
  /** What is missing in memory is just being read from the log: until it has been told, no bookmark may stand for it. */
  #resuming = false;
  readonly #end = (): void => this.#finish(true);

  constructor(request: ResourceRequest, options: ListOptions, selection: Selection, form: EventForm) {
    this.#api = request.api;
    this.#path = request.info.path;
    this.#options = options;
    this.#selection = selection;
    this.#form = form;
    this.#namespace = request.info.inNamespace ? request.info.namespace : undefined;
    this.readable = new ReadableStream<Uint8Array>(
      { start: (controller) => void (this.#controller = controller), cancel: () => this.#release() },
      // Counts what waits. Bun sets memory aside by the mark: one of 16 MiB costs 13 KB for every watch, whether anything waits or not.
      new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
    );
    this.#begin(request);
  }

  /** Keeps nothing of the request: its URL and headers would stay in memory for as long as the watch. */
  #begin(request: ResourceRequest): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    const { api, kind } = request;
    this.#uncount = api.metrics.watching(kind, () => waitingBytes(controller));
    this.#leave = request.seat.keep();
    // Bun holds back the response's headers until the first bytes. Before JSON every client skips a space; the Python client takes an empty line for an event.
    controller.enqueue(SPACE);
    const after = this.#sendState(request);
    this.#after = after;
    const resource = resourceOf(kind);
    const subscriber: ObjectSubscriber = {
      event: (event) => this.#event(event),
      lost: () => this.#fail(expired('The resourceVersion for the provided watch is too old.')),
    };
    try {
      this.#unsubscribe = api.store.subscribe(resource, after, subscriber);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // Memory does not reach back so far; the log may.
      const needsPrevious = !this.#selection.isEverything;
      this.#resuming = true;
      api.store.resume(resource, after, subscriber, { needsPrevious }).then(
        (unsubscribe) => {
          this.#unsubscribe = unsubscribe;
          this.#resuming = false;
          // A watch that was given up meanwhile.
          if (this.#controller === undefined) this.#release();
        },
        (reason: unknown) => this.#fail(reason),
      );
    }
    if (api.stopping.aborted) return this.#finish(true);
    // A replay may have ended the watch already (too far behind).
    if (this.#controller === undefined) return this.#release();
    this.#arm();
  }

  /** Nothing can be told from the revision asked for. */
  #fail(error: unknown): void {
    const { log } = this.#api;
    if (!(error instanceof StatusError)) log.warn({ err: error }, 'cannot read the change log for a watch');
    const status =
      error instanceof StatusError
        ? error
        : new StatusError('ServiceUnavailable', 'The database does not answer; try again', { retryAfterSeconds: 1 });
    this.#controller?.enqueue(line('ERROR', JSON.stringify(status.toStatus())));
    this.#finish(false);
  }

  #arm(): void {
    const { timeoutSeconds, allowWatchBookmarks } = this.#options;
    const seconds = timeoutSeconds ?? MIN_TIMEOUT_SECONDS * (1 + Math.random());
    this.#timeout = setTimeout(this.#end, Math.min(seconds * 1000, 2 ** 31 - 1));
    if (allowWatchBookmarks) this.#bookmarks = setInterval(() => this.#bookmark(), BOOKMARK_MS);
    this.#api.stopping.addEventListener('abort', this.#end, { once: true });
  }

  /** Sends what there is as ADDED where the request asks for it; answers the revision from which events are to follow. */
  #sendState(request: ResourceRequest): number {
    const { resourceVersion, sendInitialEvents } = this.#options;
    const current = this.#api.store.revision();
    const wantsState = sendInitialEvents ?? (resourceVersion ?? 0) === 0;
    if (!wantsState) return resourceVersion === undefined || resourceVersion === 0 ? current : resourceVersion;
    this.#inOrder(selected(request, this.#selection), (state) => {
      for (const stored of state) this.#send('ADDED', stored);
      if (sendInitialEvents === true && this.#options.allowWatchBookmarks)
        this.#push(bookmark(this.#form, current, true));
    });
    return current;
  }

  #event(event: ObjectEvent): void {
    const { stored, previous } = event;
    if (this.#namespace !== undefined && stored.namespace !== this.#namespace) return;
    const { kind } = this.#form;
    if (kind.storedAs === undefined) return this.#tell(event);
    const own = allInVersion(kind, previous === undefined ? [stored] : [stored, previous]);
    this.#inOrder(own, ([now = stored, before]) => this.#tell({ ...event, stored: now, previous: before }));
  }

  /** Calls `then` with the value, at once where it is there and nothing before it is under way. A conversion that fails ends the watch. */
  #inOrder<T>(value: T | Promise<T>, then: (value: T) => void): void {
    if (this.#converting === undefined && !(value instanceof Promise)) return then(value);
    const before = this.#converting ?? Promise.resolve();
    const turn = Promise.all([value, before]).then(
      ([own]) => {
        if (this.#converting === turn) this.#converting = undefined;
        then(own);
      },
      (reason: unknown) => this.#fail(reason),
    );
    this.#converting = turn;
  }

  #tell(event: ObjectEvent): void {
    const { stored, previous } = event;
    if (this.#selection.isEverything) return this.#send(event.type, stored);
    const matched = this.#matches(previous ?? (event.type === 'DELETED' ? stored : undefined));
    const matches = event.type !== 'DELETED' && this.#matches(stored);
    if (matches) this.#send(matched ? 'MODIFIED' : 'ADDED', stored);
    else if (matched) this.#send('DELETED', this.#lastSeen(event));
  }

  #lastSeen({ type, revision, stored, previous }: ObjectEvent): StoredObject {
    return type === 'DELETED' || previous === undefined ? stored : this.#api.events.left(previous, revision);
  }

  #matches(stored: StoredObject | undefined): boolean {
    return stored !== undefined && this.#selection.matches(stored.object);
  }

  #send(type: EventType, stored: StoredObject): void {
    this.#push(this.#api.events.encode(type, stored, this.#form, this.#sentColumns));
    this.#sentColumns = true;
  }

  #push(bytes: Uint8Array): void {
    if (this.#controller === undefined) return;
    this.#controller.enqueue(bytes);
    if (waitingBytes(this.#controller) < MAX_BEHIND_BYTES) return;
    this.#api.log.warn(
      { path: this.#path, limitBytes: MAX_BEHIND_BYTES },
      'watcher dropped: it does not read its events',
    );
    // Closing would keep what is queued for as long as the client likes; an error cuts the connection and frees it.
    const controller = this.#controller;
    this.#api.metrics.watcherDropped();
    this.#release();
    controller.error();
  }

  /** A watch may have begun at another server, from a revision that this one has yet to reach: a bookmark never goes back behind it. */
  #bookmark(): void {
    if (this.#resuming || this.#converting !== undefined) return;
    this.#push(bookmark(this.#form, Math.max(this.#after, this.#api.store.revision()), false));
  }

  #finish(withBookmark: boolean): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    if (withBookmark && this.#options.allowWatchBookmarks) this.#bookmark();
    this.#release();
    controller.close();
  }

  #release(): void {
    this.#controller = undefined;
    this.#unsubscribe?.();
    this.#uncount?.();
    this.#leave?.();
    clearTimeout(this.#timeout);
    clearInterval(this.#bookmarks);
    this.#api.stopping.removeEventListener('abort', this.#end);
  }
}

/** What the client has not read; its stream's mark is 0. */
const waitingBytes = ({ desiredSize }: ReadableStreamDefaultController<Uint8Array>): number => -(desiredSize ?? 0);

const SPACE = new Uint8Array([0x20]);
