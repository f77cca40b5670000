import type { KubeObject } from '#api/kind.ts';
import { replaceRevision, withRevision } from './encoding.ts';
import type { StoredObject } from './object-store.ts';

/** Which object a text is of. */
export interface ObjectKey {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** The texts of resources and namespaces that objects share: each would else have a copy of its own, 100 bytes together. */
const shared = new Map<string, string>();
/** Namespaces come and go; so many are remembered, then all are learnt anew. */
const SHARED_MOST = 10_000;

function share(text: string): string {
  const known = shared.get(text);
  if (known !== undefined) return known;
  if (shared.size === SHARED_MOST) shared.clear();
  shared.set(text, text);
  return text;
}

/** A stored object. It is kept as text and parsed when first looked into: what only clients read never is. */
export class CachedObject implements StoredObject {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly text: string;
  #object: KubeObject | undefined;
  /** Has anybody looked into it; if not, what it was written from need not stay. */
  #wanted = false;

  constructor(key: ObjectKey, revision: number, text: string, object?: KubeObject) {
    this.resource = share(key.resource);
    this.namespace = share(key.namespace);
    this.name = key.name;
    this.revision = revision;
    this.text = text;
    this.#object = object;
  }

  get object(): KubeObject {
    this.#object ??= JSON.parse(this.text) as KubeObject;
    this.#wanted = true;
    return this.#object;
  }

  /** Everyone has been told of the write. The object that it was made from goes, unless somebody has looked into it. */
  settled(): void {
    if (!this.#wanted) this.#object = undefined;
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
