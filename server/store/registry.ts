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

/** The kind of the options of a connection, such as PodExecOptions: nobody can change them, and they have no metadata. */
export type OptionsKind = Pick<Kind, 'group' | 'version' | 'kind'>;

/** What admission sees of a request, before the object is stored. `object` may be changed by mutating plugins. */
export interface AdmissionRequest<T extends KubeObject = KubeObject> {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** As it is stored; `object` and `old` are of this version. */
  readonly kind: Kind<T>;
  /** As the request has it; absent = `kind`. */
  readonly requestKind?: Kind;
  /** What `object` and `old` are, where that is not `kind`: a Binding of pods/binding, the options of pods/exec. */
  readonly objectKind?: Kind | OptionsKind;
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

/** What an update through a subresource is to admission, where that is not an UPDATE of the object: a Binding, a Scale. */
export interface AskedObject {
  readonly operation: 'CREATE' | 'UPDATE';
  readonly kind: Kind;
  readonly object: KubeObject;
  readonly old?: KubeObject;
  /** Carries over what admission made of `object`. */
  take(): void;
}

/** Makes it from the object that is about to be stored and the one that is there; `kind` is the version of both. */
export type Asks = (next: KubeObject, old: KubeObject, kind: Kind) => AskedObject;

/** How an update is to be understood. */
export interface UpdateOptions {
  readonly subresource?: StoredSubresource;
  /** The change does not look at what is there (PUT), so that it needs no copy to change. */
  readonly replaces?: true;
  /** `applied`: what the change makes has its metadata.managedFields already. */
  readonly fields?: 'applied';
  /** Default: admission sees an UPDATE of the object; of pods/binding the CREATE of a Binding. */
  readonly asks?: Asks;
}

/** What a server-side apply wants, and how far it goes for it. */
export interface Configuration<T extends KubeObject> {
  /** The configuration as JSON. Called once the object is known to be there, or not; may throw StatusError. */
  read(): Readonly<Record<string, unknown>>;
  /** Take fields from their owners. */
  readonly force: boolean;
  /** Sees the merged object before anything else does; throws to refuse it. */
  check(object: T, creates: boolean): void;
}

/**
 * The rules of writes for every kind, shared by HTTP and by the controllers' client: names, namespaces, defaults, admission, validation,
 * uid, generation, resourceVersion checks, finalizers, graceful deletion, propagation. All reject with StatusError.
 * Objects given are decoded already (types right, unknown fields gone) and become the registry's own. What is stored in another version is
 * converted on the way in and, for the answer, on the way out.
 */
export interface Registry {
  /** Asks admission about a request that writes nothing by itself: its object may be changed by that. */
  admit(request: AdmissionRequest): Promise<void>;
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
    options?: UpdateOptions,
  ): Promise<StoredObject<T>>;
  /**
   * Server-side apply, by `context.fieldManager`: merges the configuration into the object, which is created when it is not there (not
   * through a subresource). Rejects with Conflict when fields have other owners.
   */
  apply<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    configuration: Configuration<T>,
    context: WriteContext,
    options?: { readonly subresource?: StoredSubresource },
  ): Promise<{ readonly stored: StoredObject<T>; readonly isNew: boolean }>;
  /** The object when it stays for now (finalizers, grace), or the Status Success with the uid when it is gone. */
  delete<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    name: string,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<{ readonly stored?: StoredObject<T>; readonly status?: Status }>;
}
