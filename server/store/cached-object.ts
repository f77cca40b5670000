import type { KubeObject } from '#api/kind.ts';
import { replaceRevision, withRevision } from './encoding.ts';
import type { StoredObject } from './object-store.ts';

/** Which object a text is of. */
export interface ObjectKey {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** A stored object. What came as text from Postgres is parsed when first looked into: a watcher without a selector never does. */
export class CachedObject implements StoredObject {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly text: string;
  #object: KubeObject | undefined;

  constructor(key: ObjectKey, revision: number, text: string, object?: KubeObject) {
    this.resource = key.resource;
    this.namespace = key.namespace;
    this.name = key.name;
    this.revision = revision;
    this.text = text;
    this.#object = object;
  }

  get object(): KubeObject {
    this.#object ??= JSON.parse(this.text) as KubeObject;
    return this.#object;
  }

  /** From the text of a row. */
  static ofRow(key: ObjectKey, revision: number, value: string): CachedObject {
    return new CachedObject(key, revision, withRevision(value, revision));
  }

  /** From an object just written and the text it was written as. */
  static ofWrite(key: ObjectKey, revision: number, value: string, object: KubeObject): CachedObject {
    const metadata = { ...object.metadata, resourceVersion: String(revision) };
    return new CachedObject(key, revision, withRevision(value, revision), { ...object, metadata });
  }

  /** The last state of an object that was deleted at `revision`. */
  deletedAt(revision: number): CachedObject {
    return new CachedObject(this, revision, replaceRevision(this.text, this.revision, revision));
  }
}
