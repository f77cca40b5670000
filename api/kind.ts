import type { FieldError } from './meta/field-error.ts';
import type { ObjectMeta } from './meta/object-meta.ts';
import type { TSchema } from './schema/builders.ts';

/** What every stored object is: type, metadata, and the rest of its fields. Cached objects are shared: treat them as frozen, copy before a change. */
export interface KubeObject {
  kind: string;
  apiVersion: string;
  metadata: ObjectMeta;
}

/** The names by which clients know a kind. */
export interface KindNames {
  /** `''` for core. */
  readonly group: string;
  readonly version: string;
  /** `Pod`. */
  readonly kind: string;
  /** `pods`. */
  readonly plural: string;
  /** `pod`. */
  readonly singular: string;
  /** `PodList`; default is kind + `List`. */
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
}

/** A column of the Table that `kubectl get` prints (upstream: printers/internalversion). `priority` 1 shows only with `-o wide`. */
export interface Column<T extends KubeObject> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description: string;
  readonly priority?: number;
  /** The cell; null = there is nothing to show. `now` is for ages. */
  cell(object: T, now: Date): string | number | boolean | null;
}

/** Where `kubectl scale` finds and sets its numbers: dotted paths, e.g. `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  /** Path of a LabelSelector or of a serialised selector string. */
  readonly labelSelector?: string;
}

/** The value of a field selector's label. Taken from a method type so that its parameter is bivariant, as in `KindHooks`. */
export type FieldLabel<T extends KubeObject> = { of(object: T): string }['of'];

/** The verbs of a kind; `create` only = a request kind that is never stored (TokenReview). */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/**
 * What a kind does at each step of a write. All are pure: they get a private copy that they may change, and no I/O.
 * Order of a create: decode + prune → schema defaults → `applyDefaults` → admission → `prepareForCreate` → `validate`.
 * Order of an update: the same with `prepareForUpdate` and `validateUpdate` (which also runs `validate` on the new object).
 * The rules of metadata are not the hooks' business: `validateCreate` and `validateChange` of api/meta/object-meta-validation.ts run them and the hooks.
 * Written as methods on purpose: their parameters are bivariant, so that a `Kind<Pod>` is a `Kind` in the tables of all kinds.
 */
export interface KindHooks<T extends KubeObject> {
  /** Defaults that need more than one field to decide. Runs on create and on update, before admission. */
  applyDefaults?(object: T): void;
  /** Drops what a client may not set (status), sets generation and the like. */
  prepareForCreate?(object: T): void;
  /** As above on update through the main resource: keeps the old status, carries over allocated fields. */
  prepareForUpdate?(object: T, old: T): void;
  /** On update through /status: by default everything but status and metadata is kept from `old`. */
  prepareForStatusUpdate?(object: T, old: T): void;
  /** What the first DELETE changes beside the marks of deletion: a finalizer, a condition. `now` is an RFC 3339 time. */
  prepareForDelete?(object: T, now: string): void;
  /** As above on update through any other subresource that stores: keeps what it is not for. Default: nothing. */
  prepareForSubresourceUpdate?(subresource: string, object: T, old: T): void;
  /** The faults of the object by itself. */
  validate?(object: T): FieldError[];
  /** The faults that only a new object is refused for, beside those of `validate`. */
  validateCreate?(object: T): FieldError[];
  /** The faults of the change. */
  validateUpdate?(object: T, old: T): FieldError[];
  /** On update of the main resource only `validateUpdate` runs, not `validate`: most rules of a pod hold only for new ones. */
  readonly updateRulesOnly?: boolean;
  validateStatusUpdate?(object: T, old: T): FieldError[];
  /** The faults of a change through any other subresource that stores (`ephemeralcontainers`), beside those of `validate`. */
  validateSubresourceUpdate?(subresource: string, object: T, old: T): FieldError[];
  /** The faults of `metadata.name`; default is an RFC 1123 subdomain. Gets the name and whether it is a generateName prefix. */
  validateName?(name: string, prefix: boolean): string[];
  /** Texts for the Warning header. */
  warnings?(object: T, old?: T): string[];
  /** Seconds of grace a DELETE gives: undefined = removed at once. Only pods have it. `requested` is gracePeriodSeconds of the request. */
  gracefulDeletionSeconds?(object: T, requested: number | undefined): number | undefined;
}

/**
 * How a served version comes out of, and goes into, what is stored in another version. A conversion keeps everything of metadata by which an
 * object is known (name, namespace, uid, resourceVersion); it may reject, with a StatusError. It gets objects in rows, so that a webhook is
 * asked once for a list. Everything else of a kind speaks of its own version: schema, defaults, columns, field labels; hooks and
 * validation of a write are those of the stored kind.
 */
export interface StoredAs<T extends KubeObject> {
  /** The kind that is written. Absent: this version is the one that is written, but objects may lie in the store in an older one. */
  readonly kind?: Kind;
  /** For a write: gets private copies that it may use up, answers objects of the stored kind. */
  toStored(objects: readonly T[]): readonly KubeObject[] | Promise<readonly KubeObject[]>;
  /** For a read: gets cached objects, which stay as they are; of any version that was stored once (`apiVersion` tells). */
  fromStored(objects: readonly KubeObject[]): readonly T[] | Promise<readonly T[]>;
  /** What requests of this version are refused for: `faults` are those that the stored kind finds; `stored` and `old` are of its form. */
  validate?(faults: FieldError[], stored: KubeObject, old: KubeObject | undefined): FieldError[];
}

/**
 * A kind, whole: served, stored, validated, listed, watched, patched, described in discovery and OpenAPI from this one value.
 * Built-in kinds are made by `defineKind` in api/kinds; a CRD becomes the same value at run time.
 */
export interface Kind<T extends KubeObject = KubeObject> extends KindNames, KindHooks<T> {
  readonly schema: TSchema;
  readonly verbs: readonly Verb[];
  /** Present when /status is a subresource of its own. */
  readonly hasStatus: boolean;
  /** The group that a 422 names, where upstream's is another than that of the request: a group in which the kind was served once. */
  readonly faultGroup?: string;
  /** Present when /scale is served. */
  readonly scale?: ScalePaths;
  /** Does a change of spec raise metadata.generation. */
  readonly hasGeneration: boolean;
  /** A DELETE that asks for no propagation leaves what the object owns (batch/v1 Jobs and v1 ReplicationControllers, as they began). */
  readonly orphansDependents?: { readonly warning?: string };
  /** Text of the Warning header that every request of the kind gets, for a version that is on its way out. */
  readonly deprecation?: string;
  readonly columns: readonly Column<T>[];
  /** Field selectors beyond metadata.name and metadata.namespace: label → value. */
  readonly fieldLabels: Readonly<Record<string, FieldLabel<T>>>;
  /** Prune unknown fields: false for a CRD with x-kubernetes-preserve-unknown-fields at its root. */
  readonly custom: boolean;
  /** Present when what is stored is of another version, or may be. */
  readonly storedAs?: StoredAs<T>;
  /** How long a stored object lives without being rewritten, in seconds; Events 3600. */
  readonly timeToLiveSeconds?: number;
}

/** What `defineKind` needs; the rest has defaults (plural = lower-case kind + `s`, all verbs, namespaced, no subresources). */
export type KindDefinition<T extends KubeObject> = Pick<Kind<T>, 'group' | 'version' | 'kind' | 'schema'> &
  Partial<Omit<Kind<T>, 'group' | 'version' | 'kind' | 'schema'>>;

/** Every verb of an ordinary stored kind. */
export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/**
 * Completes a definition with the defaults that most kinds share.
 *
 * @example
 * export const configMapKind = defineKind<ConfigMap>({ group: '', version: 'v1', kind: 'ConfigMap', shortNames: ['cm'], schema: ConfigMap });
 */
export function defineKind<T extends KubeObject>(definition: KindDefinition<T>): Kind<T> {
  const singular = definition.kind.toLowerCase();
  return {
    plural: `${singular}s`,
    singular,
    listKind: `${definition.kind}List`,
    shortNames: [],
    categories: [],
    scope: 'Namespaced',
    verbs: ALL_VERBS,
    hasStatus: false,
    hasGeneration: false,
    columns: [],
    fieldLabels: {},
    custom: false,
    ...definition,
  };
}

/** `apps/v1`, or `v1` for core. */
export const apiVersionOf = (names: Pick<KindNames, 'group' | 'version'>): string =>
  names.group === '' ? names.version : `${names.group}/${names.version}`;

/** The kind whose objects are in the store: itself, for all but some versions. */
export const storedKindOf = (kind: Kind): Kind => kind.storedAs?.kind ?? kind;

/** The key of a kind in the store: `pods`, `deployments.apps`. One for all versions of a kind, whatever their group. */
export const resourceOf = (
  kind: Pick<KindNames, 'group' | 'plural'> & { readonly storedAs?: Kind['storedAs'] },
): string => {
  const { group, plural } = kind.storedAs?.kind ?? kind;
  return group === '' ? plural : `${plural}.${group}`;
};
