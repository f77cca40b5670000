import type { Kind, KubeObject } from '#api/kind.ts';
import type { DeleteOptions } from '#api/meta/delete-options.ts';
import type { Status } from '#api/meta/status.ts';
import type { StoredObject } from './object-store.ts';

/** Who asks: the name, groups and uid that authentication found. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What goes along with a write through every step. */
export interface WriteContext {
  readonly user: User;
  /** The client's User-Agent header; absent for parts of the server itself. */
  readonly userAgent?: string;
  readonly dryRun: boolean;
  readonly fieldManager: string;
  /** Texts for the Warning header, added to by hooks and admission. */
  readonly warnings: string[];
}

/** What admission sees of a request, before the object is stored. `object` may be changed by mutating plugins. */
export interface AdmissionRequest<T extends KubeObject = KubeObject> {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** As it is stored; `object` and `old` are of this version. */
  readonly kind: Kind<T>;
  /** As the request has it; absent = `kind`. */
  readonly requestKind?: Kind;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: T | undefined;
  readonly old: T | undefined;
  readonly context: WriteContext;
}

/** The admission chain as the registry calls it; server/admission implements it. Both reject with StatusError. */
export interface Admission {
  mutate(request: AdmissionRequest): Promise<void>;
  validate(request: AdmissionRequest): Promise<void>;
}

/** What an update applies to: the main resource, or a subresource that stores (status; others name their own fields). */
export type StoredSubresource =
  '' | 'status' | 'scale' | 'ephemeralcontainers' | 'resize' | 'finalize' | 'approval' | 'binding' | 'eviction';

/**
 * The rules of writes for every kind, shared by HTTP and by the controllers' client: names, namespaces, defaults, admission, validation,
 * uid, generation, resourceVersion checks, finalizers, graceful deletion, propagation. All reject with StatusError.
 * Objects given are decoded already (types right, unknown fields gone) and become the registry's own. What is stored in another version is
 * converted on the way in and, for the answer, on the way out.
 */
export interface Registry {
  /** In the version that is stored. NotFound when it is not there. */
  get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): StoredObject<T>;
  create<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    object: T,
    context: WriteContext,
  ): Promise<StoredObject<T>>;
  /**
   * Reads the object, lets `change` make the new one from a private copy, and writes it; when the object changed meanwhile and the new one
   * bears no resourceVersion of its own (or `change` is a patch), begins again. An unchanged object is not written.
   */
  update<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    change: (current: T) => T | Promise<T>,
    context: WriteContext,
    options?: { readonly subresource?: StoredSubresource },
  ): Promise<StoredObject<T>>;
  /** The object when it stays for now (finalizers, grace), or the Status Success with the uid when it is gone. */
  delete<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<{ readonly stored?: StoredObject<T>; readonly status?: Status }>;
}
