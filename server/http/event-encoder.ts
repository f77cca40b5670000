import { type Kind, type KubeObject, apiVersionOf } from '#api/kind.ts';
import type { Clock } from '#base/clock.ts';
import { replaceRevision } from '#server/store/encoding.ts';
import type { StoredObject } from '#server/store/object-store.ts';
import type { Form } from './negotiate.ts';
import { type IncludeObject, partialText, tableText } from './table.ts';

/** The types of event that carry an object. */
export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** How a watcher wants its events. */
export interface EventForm {
  readonly kind: Kind;
  readonly as: Form['as'];
  readonly metaVersion: string;
  readonly include: IncludeObject;
}

const encoder = new TextEncoder();

/**
 * Turns events into the bytes of a watch stream. The store hands an event to all watchers in one go, so the bytes made for the revision at
 * hand are kept, one buffer a form and type, until the next revision comes: however many watch, it is encoded once.
 */
export class EventEncoder {
  readonly #clock: Clock;
  #revision = 0;
  readonly #buffers = new Map<string, Uint8Array>();
  #left: { readonly previous: StoredObject; readonly stored: StoredObject } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One line of the stream. `withoutColumns`: this watcher has had the columns of its Table. */
  encode(type: EventType, stored: StoredObject, form: EventForm, withoutColumns: boolean): Uint8Array {
    if (this.#revision !== stored.revision) {
      this.#revision = stored.revision;
      this.#buffers.clear();
    }
    const key = `${type} ${form.as} ${form.metaVersion} ${form.include} ${withoutColumns} ${apiVersionOf(form.kind)}`;
    let buffer = this.#buffers.get(key);
    if (buffer === undefined) {
      buffer = line(type, this.#objectText(stored, form, withoutColumns));
      this.#buffers.set(key, buffer);
    }
    return buffer;
  }

  /** What a watcher is told of an object that left its selection: the state it last saw, at the revision of the change (upstream: convertToWatchEvent). */
  left(previous: StoredObject, revision: number): StoredObject {
    if (this.#left?.previous === previous && this.#left.stored.revision === revision) return this.#left.stored;
    const { resource, namespace, name } = previous;
    const metadata = { ...previous.object.metadata, resourceVersion: String(revision) };
    const object: KubeObject = { ...previous.object, metadata };
    const text = replaceRevision(previous.text, previous.revision, revision);
    const stored = { resource, namespace, name, revision, object, text };
    this.#left = { previous, stored };
    return stored;
  }

  #objectText(stored: StoredObject, form: EventForm, withoutColumns: boolean): string {
    if (form.as === 'Object') return stored.text;
    if (form.as !== 'Table') return partialText(stored.object, form.metaVersion);
    return tableText([stored], {
      kind: form.kind,
      metaVersion: form.metaVersion,
      metadata: `{"resourceVersion":"${stored.revision}"}`,
      include: form.include,
      now: new Date(this.#clock.now()),
      withoutColumns,
    });
  }
}

/** A line of a watch stream. */
export const line = (type: string, objectText: string): Uint8Array =>
  encoder.encode(`{"type":"${type}","object":${objectText}}\n`);

/** A bookmark: how far the watcher has come. `initialEventsEnd` ends the state that sendInitialEvents asked for. */
export function bookmark(form: EventForm, revision: number, initialEventsEnd: boolean): Uint8Array {
  const annotations = initialEventsEnd ? { 'k8s.io/initial-events-end': 'true' } : undefined;
  const metadata = JSON.stringify({ resourceVersion: String(revision), creationTimestamp: null, annotations });
  const { kind } = form;
  switch (form.as) {
    case 'Object':
      return line(
        'BOOKMARK',
        `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(apiVersionOf(kind))},"metadata":${metadata}}`,
      );
    case 'Table': {
      const parts = {
        kind,
        metaVersion: form.metaVersion,
        include: form.include,
        now: new Date(0),
        withoutColumns: true,
      };
      return line('BOOKMARK', tableText([], { ...parts, metadata: `{"resourceVersion":"${revision}"}` }));
    }
    default:
      return line(
        'BOOKMARK',
        `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${form.metaVersion}","metadata":${metadata}}`,
      );
  }
}
