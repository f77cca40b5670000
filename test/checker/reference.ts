import type { EventType, LogEntry, Shown, Violation, WatchEvent } from './history.ts';

/** Which events a watcher wants, and of which revisions: (after, upTo]. */
export interface Wanted {
  readonly resource: string;
  readonly namespace: string;
  readonly tier: string | undefined;
  readonly after: number;
  readonly upTo: number;
}

/** The whole log of a run, and what follows from it. */
export class Reference {
  readonly log: readonly LogEntry[];
  readonly #byResource = new Map<string, LogEntry[]>();
  readonly #byRevision = new Map<number, LogEntry>();

  /** `log` in revision order. */
  constructor(log: readonly LogEntry[]) {
    this.log = log;
    for (const entry of log) {
      this.#byRevision.set(entry.revision, entry);
      const entries = this.#byResource.get(entry.resource);
      if (entries === undefined) this.#byResource.set(entry.resource, [entry]);
      else entries.push(entry);
    }
  }

  /** What `entry` replaced; undefined when it created the object. */
  previous(entry: LogEntry): LogEntry | undefined {
    return entry.previousRevision === 0 ? undefined : this.#byRevision.get(entry.previousRevision);
  }

  at(revision: number): LogEntry | undefined {
    return this.#byRevision.get(revision);
  }

  /** The changes of a resource, in revision order. */
  of(resource: string): readonly LogEntry[] {
    return this.#byResource.get(resource) ?? [];
  }

  /** The events that a watcher must have had, in their order. */
  events(wanted: Wanted): WatchEvent[] {
    const events: WatchEvent[] = [];
    const entries = this.of(wanted.resource);
    for (let at = firstAbove(entries, wanted.after); at < entries.length; at++) {
      const entry = entries[at];
      if (entry === undefined || entry.revision > wanted.upTo) break;
      if (wanted.namespace !== '' && entry.namespace !== wanted.namespace) continue;
      const event = this.#event(entry, wanted.tier);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #event(entry: LogEntry, tier: string | undefined): WatchEvent | undefined {
    const before = this.previous(entry);
    const was = before !== undefined && before.content !== '' && matches(before, tier);
    const is = entry.content !== '' && matches(entry, tier);
    if (!was && !is) return undefined;
    const { key, revision } = entry;
    if (is) return { type: was ? 'MODIFIED' : 'ADDED', key, revision, content: entry.content, digest: entry.digest };
    const type: EventType = 'DELETED';
    return { type, key, revision, content: before?.content ?? '', digest: before?.digest ?? '' };
  }

  /** Walks through the states of one resource: `at(revision)` must be called with revisions that rise. */
  walk(resource: string): { at(revision: number): ReadonlyMap<string, LogEntry> } {
    const entries = this.of(resource);
    const state = new Map<string, LogEntry>();
    let next = 0;
    return {
      at: (revision) => {
        for (; next < entries.length; next++) {
          const entry = entries[next];
          if (entry === undefined || entry.revision > revision) break;
          if (entry.content === '') state.delete(entry.key);
          else state.set(entry.key, entry);
        }
        return state;
      },
    };
  }
}

const matches = (entry: LogEntry, tier: string | undefined): boolean => tier === undefined || entry.tier === tier;

function firstAbove(entries: readonly LogEntry[], revision: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.revision ?? Infinity) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How the objects shown differ from those of the log's state; undefined when they do not. */
export function difference(
  shown: readonly Shown[],
  state: ReadonlyMap<string, LogEntry>,
  wants: (entry: LogEntry) => boolean,
): { readonly key: string; readonly piece: readonly string[] } | undefined {
  const seen = new Map(shown.map((one) => [one.key, one]));
  if (seen.size !== shown.length) {
    const twice = shown.find((one) => seen.get(one.key) !== one);
    if (twice !== undefined) return { key: twice.key, piece: [`shown twice: ${describeShown(twice)}`] };
  }
  for (const entry of state.values()) {
    if (!wants(entry)) continue;
    const one = seen.get(entry.key);
    seen.delete(entry.key);
    if (one?.revision === entry.revision && one.digest === entry.digest) continue;
    return { key: entry.key, piece: [`shown: ${describeShown(one)}`, `log:   ${describeShown(entry)}`] };
  }
  const [extra] = seen.values();
  return extra === undefined
    ? undefined
    : { key: extra.key, piece: [`shown: ${describeShown(extra)}`, 'log:   absent'] };
}

/** `"content" @revision #digest`. */
export const describeShown = (one: Pick<Shown, 'revision' | 'content' | 'digest'> | undefined): string =>
  one === undefined ? 'absent' : `"${one.content}" @${one.revision} #${one.digest}`;

/** A violation, with its piece of history. */
export const violation = (
  kind: Violation['kind'],
  key: string,
  what: string,
  piece: readonly string[] = [],
): Violation => ({ kind, key, what, piece });
