import { type Collection, type ApiBody, ask, pathOf } from './api-client.ts';
import type { EventType, Shown, WatchSegment } from './history.ts';
import { type ApiObject, shownOf } from './object-content.ts';
import type { Random } from './random.ts';
import type { Recorder } from './recorder.ts';
import type { RunServer } from './run-server.ts';
import { rest } from './workload.ts';

/** What a watcher watches, and how it begins. */
export interface WatcherOptions {
  readonly name: string;
  readonly collection: Collection;
  /** `''` = all. */
  readonly namespace: string;
  readonly tier: string | undefined;
  /** A list and then a watch, as client-go does, or one watch that sends the state first (sendInitialEvents). */
  readonly begins: 'list' | 'initial-events';
  /** Stays at this one; undefined = another at each connection. */
  readonly server?: RunServer;
}

const RETRY_MS = 250;
/** A watch that is not opened within so long is given up. */
const OPEN_MS = 8_000;

/** A line of a watch stream. */
interface StreamLine {
  readonly type: EventType | 'BOOKMARK' | 'ERROR';
  readonly object: ApiObject & Pick<ApiBody, 'message'> & { readonly code?: number };
}

/**
 * A watcher as client-go's reflector is one: beginning (a list, or a watch with the state first) → watching from the last revision that it knows →
 * (the watch ends) → watching again, perhaps at another server → (410) → beginning. It now and then sleeps for a while or forgets its place.
 */
export class Watcher {
  readonly options: WatcherOptions;
  readonly #servers: readonly RunServer[];
  readonly #random: Random;
  readonly #recorder: Recorder;
  #after: number | undefined;
  #settled = false;

  constructor(options: WatcherOptions, servers: readonly RunServer[], random: Random, recorder: Recorder) {
    this.options = options;
    this.#servers = servers;
    this.#random = random;
    this.#recorder = recorder;
  }

  /** All up to here has come; undefined = it is only beginning. */
  get reached(): number | undefined {
    return this.#after;
  }

  /** From now on (until `false`) it neither sleeps nor forgets: it is to keep up. */
  set settled(settled: boolean) {
    this.#settled = settled;
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const server = this.options.server ?? this.#random.pick(this.#servers);
      if (!this.#settled && this.#random.chance(0.1)) await rest(this.#random.between(500, 6_000), stop);
      if (!this.#settled && this.#random.chance(0.07)) this.#after = undefined;
      const ok = await this.#once(server, stop).catch(() => false);
      if (!ok) await rest(this.#random.between(0.5, 1.5) * RETRY_MS, stop);
    }
  }

  async #once(server: RunServer, stop: AbortSignal): Promise<boolean> {
    if (this.#after !== undefined) return this.#watch(server, this.#segment(server, this.#after, undefined), '', stop);
    if (this.options.begins === 'initial-events') {
      const query = '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
      return this.#watch(server, undefined, query, stop);
    }
    const { collection, namespace } = this.options;
    const from = this.#random.chance(0.3) ? 'resourceVersion=0' : '';
    const path = `${pathOf(collection, namespace)}?${from}${this.#selector('&')}`;
    const answer = await ask(server, { method: 'GET', path, id: this.options.name });
    if (answer?.status !== 200) return false;
    const initial = (answer.body.items ?? []).map((item) => shownOf(collection.resource, item));
    const segment = this.#segment(server, Number(answer.body.metadata.resourceVersion), initial);
    return this.#watch(server, segment, '', stop);
  }

  #selector(before: string): string {
    return this.options.tier === undefined
      ? ''
      : `${before}labelSelector=${encodeURIComponent(`tier=${this.options.tier}`)}`;
  }

  #segment(server: RunServer, after: number, initial: readonly Shown[] | undefined): WatchSegment {
    const { name, collection, namespace, tier } = this.options;
    const segment: WatchSegment = {
      watcher: name,
      server: server.index,
      resource: collection.resource,
      namespace,
      tier,
      after,
      initial,
      events: [],
      reached: after,
      end: 'open',
    };
    this.#after = after;
    this.#recorder.segments.push(segment);
    return segment;
  }

  /** One connection. `segment` undefined: it begins with the state. */
  async #watch(
    server: RunServer,
    segment: WatchSegment | undefined,
    query: string,
    stop: AbortSignal,
  ): Promise<boolean> {
    const { collection, namespace } = this.options;
    const seconds = Math.ceil(this.#random.between(1, 20));
    const from = segment === undefined ? '' : `&resourceVersion=${segment.after}`;
    const path = `${pathOf(collection, namespace)}?watch=1&allowWatchBookmarks=true&timeoutSeconds=${seconds}${from}${query}${this.#selector('&')}`;
    const opening = new AbortController();
    const timer = setTimeout(() => opening.abort(), OPEN_MS);
    const reading: Reading = { segment, initial: [] };
    try {
      const signal = AbortSignal.any([stop, opening.signal]);
      const response = await server.fetch(path, { signal, headers: { 'user-agent': this.options.name } });
      clearTimeout(timer);
      if (response.status !== 200 || response.body === null) {
        if (segment !== undefined) segment.end = `refused with ${response.status}`;
        this.#recorder.count(`watch ${response.status}`);
        await response.body?.cancel();
        return false;
      }
      for await (const line of linesOf(response.body)) if (!this.#take(server, line, reading)) return false;
      if (reading.segment !== undefined) reading.segment.end = 'ended';
      this.#recorder.count('watch ended');
      return true;
    } catch {
      if (reading.segment !== undefined) reading.segment.end = 'broken off';
      this.#recorder.count('watch broken off');
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  /** One line of the stream; false = the watch is of no more use. */
  #take(server: RunServer, line: string, reading: Reading): boolean {
    const { collection } = this.options;
    const { type, object } = JSON.parse(line) as StreamLine;
    const { segment } = reading;
    if (type === 'ERROR') {
      if (segment !== undefined) segment.end = `error ${object.code ?? 0}`;
      this.#recorder.count(`watch error ${object.code ?? 0}`);
      if (object.code === 410) this.#after = undefined;
      return false;
    }
    const revision = Number(object.metadata.resourceVersion);
    if (type === 'BOOKMARK') {
      if (segment === undefined) {
        if (object.metadata.annotations?.['k8s.io/initial-events-end'] !== 'true') return true;
        reading.segment = this.#segment(server, revision, reading.initial);
        return true;
      }
      if (revision < segment.reached)
        this.#recorder.found('event-order', collection.resource, 'a bookmark goes back', [
          `${segment.watcher} at server ${segment.server}, from @${segment.after}: came to @${segment.reached}, then a bookmark @${revision}`,
        ]);
      this.#came(segment, revision);
      return true;
    }
    const shown = shownOf(collection.resource, object);
    if (segment === undefined) {
      reading.initial.push(shown);
      return true;
    }
    segment.events.push({ type, ...shown });
    this.#came(segment, revision);
    return true;
  }

  #came(segment: WatchSegment, revision: number): void {
    segment.reached = Math.max(segment.reached, revision);
    this.#after = segment.reached;
  }
}

/** What of a stream has been read. */
interface Reading {
  segment: WatchSegment | undefined;
  readonly initial: Shown[];
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
  }
}
