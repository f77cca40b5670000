import { type Static, type TObject, type TOptional, type TProperties, type TSchema, Type } from '@sinclair/typebox';

/**
 * The words a kind is written in. Each builder returns a TypeBox schema that carries, beside the JSON type, what Kubernetes needs to know of a
 * field: its protobuf number, its default, how lists merge, how a value prints. `Static<typeof X>` is the TypeScript type of `X`; the schema
 * engine beside this file turns the same schema into decode, default, prune, validate, OpenAPI v3 and protobuf.
 */

/** How a list is merged by apply and by strategic merge patch. Units: `keys` and `mergeKey` are field names of the item. */
export interface ListOptions {
  /** The fields that together identify an item (server-side apply). */
  readonly keys?: readonly string[];
  /** Strategic merge patch's key, where upstream has one; absent = the patch replaces the list. */
  readonly mergeKey?: string;
  /** Strategic merge patch's strategy, e.g. `merge` or `merge,retainKeys`. */
  readonly patchStrategy?: string;
}

/** What may be said of a scalar: a static default, and the closed list of its values. */
export interface ScalarOptions<T> {
  readonly default?: T;
  readonly values?: readonly T[];
}

/** What may be said of an object: how apply treats it as a map, and words for `kubectl explain`. */
export interface ObjectOptions {
  readonly mapType?: 'atomic' | 'granular';
  readonly description?: string;
}

const scalar = <T>(options: ScalarOptions<T> | undefined): Record<string, unknown> => ({
  ...(options?.default === undefined ? {} : { default: options.default }),
  ...(options?.values === undefined ? {} : { enum: options.values }),
});

/** A UTF-8 string. */
export const string = (options?: ScalarOptions<string>) => Type.String(scalar(options));
/** A signed 32-bit integer. */
export const int32 = (options?: ScalarOptions<number>) => Type.Integer({ format: 'int32', ...scalar(options) });
/** A signed 64-bit integer; values beyond 2^53 lose precision, as in every JSON reader of JavaScript. */
export const int64 = (options?: ScalarOptions<number>) => Type.Integer({ format: 'int64', ...scalar(options) });
/**
 * A double-precision number.
 *
 * @public no kind of today has one
 */
export const double = (options?: ScalarOptions<number>) => Type.Number({ format: 'double', ...scalar(options) });
/** A boolean. */
export const boolean = (options?: ScalarOptions<boolean>) => Type.Boolean(scalar(options));
/** Bytes, in base64 in JSON. `isList`: OpenAPI says of them that they are a list, which they are to Go. */
export const bytes = ({ isList = false }: { readonly isList?: boolean } = {}) =>
  Type.String({ format: 'byte', ...(isList ? { 'x-kubernetes-list-type': 'atomic' } : {}) });
/** A time in RFC 3339 with whole seconds, UTC: `2026-11-21T07:00:00Z`. */
export const time = () => Type.String({ format: 'date-time' });
/** A time in RFC 3339 with microseconds, UTC. */
export const microTime = () => Type.String({ format: 'date-time', 'x-kubernetes-micro-time': true });
/** A quantity: a decimal number with an SI or binary suffix, e.g. `500m`, `64Mi`. JSON numbers are accepted and kept as strings. */
export const quantity = () => Type.String({ format: 'quantity' });
/** An integer, or a string such as a port name or a percentage. */
export const intOrString = (options?: ScalarOptions<number | string>) =>
  Type.Union([Type.Integer(), Type.String()], { format: 'int-or-string', ...scalar(options) });
/**
 * Any JSON value, kept as it is.
 *
 * @public no kind of today has one
 */
export const any = () => Type.Unknown({ 'x-kubernetes-preserve-unknown-fields': true });
/** Any JSON object, kept as it is (FieldsV1, RawExtension). */
export const rawObject = () =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });

/**
 * A scalar that Go holds by pointer: a given `false`, `0` or `''` is kept, while without this mark an optional zero value is dropped,
 * as Go's omitempty does. On a struct of a `required` field: the field stays away when it is not given.
 */
export const pointer = <T extends TSchema>(schema: T): T => ({ ...schema, 'x-kubernetes-pointer': true });
/**
 * An optional struct (or quantity) that Go holds by value: every decoded object has it, `{}` (or `"0"`) at least. Also an optional scalar
 * without omitempty: every object has it, zero at least.
 */
export const value = <T extends TSchema>(schema: T): T => ({ ...schema, 'x-kubernetes-value': true });
/** A struct that apply merges field by field here, although by its definition it is replaced whole. */
export const granular = <T extends TSchema>(schema: T): T => ({ ...schema, 'x-kubernetes-field-map-type': 'granular' });
/**
 * A field of a struct that Go embeds: in JSON beside its siblings, in protobuf inside the message with the number `message`; a list of
 * numbers for a struct within a struct, the outer first.
 */
export const embedded = <T extends TSchema>(message: number | readonly number[], schema: T): T => ({
  ...schema,
  'x-kubernetes-protobuf-message': message,
});
/** Words for `kubectl explain` about a field; those about a definition are an option of `object`. */
export const described = <T extends TSchema>(description: string, schema: T): T => ({
  ...schema,
  'x-kubernetes-field-description': description,
});

/** A list that is replaced whole by apply. */
export const list = <T extends TSchema>(item: T, options?: ListOptions) => listOf(item, 'atomic', options);
/** A list without duplicates; apply merges its items by value. */
export const set = <T extends TSchema>(item: T, options?: ListOptions) => listOf(item, 'set', options);
/** A list whose items are identified by `keys`; apply merges them one by one. */
export const listMap = <T extends TSchema>(item: T, options: ListOptions) => listOf(item, 'map', options);

function listOf<T extends TSchema>(item: T, listType: 'atomic' | 'set' | 'map', options: ListOptions = {}) {
  return Type.Array(item, {
    'x-kubernetes-list-type': listType,
    ...(options.keys === undefined ? {} : { 'x-kubernetes-list-map-keys': options.keys }),
    ...(options.patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': options.patchStrategy }),
    ...(options.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': options.mergeKey }),
  });
}

/** A map from any string to `value`. */
export const map = <T extends TSchema>(value: T, options: ObjectOptions = {}) =>
  Type.Record(Type.String(), value, mapType(options));

const mapType = (options: ObjectOptions): Record<string, unknown> =>
  options.mapType === undefined ? {} : { 'x-kubernetes-map-type': options.mapType };

/**
 * A named definition, e.g. `core.v1.Container` (upstream's OpenAPI name without `io.k8s.api.`).
 * Properties are made by `field` and `required`; what is not listed is unknown and is pruned.
 */
export const object = <P extends TProperties>(name: string, properties: P, options: ObjectOptions = {}): TObject<P> =>
  Type.Object(properties, {
    'x-kubernetes-definition': name,
    ...(options.description === undefined ? {} : { description: options.description }),
    ...mapType(options),
  });

/** An optional field with its protobuf number (0 = never sent as protobuf). `patchStrategy` is for structs, e.g. `retainKeys`. */
export const field = <T extends TSchema>(number: number, schema: T, patchStrategy?: string): TOptional<T> =>
  Type.Optional(numbered(number, schema, patchStrategy)) as TOptional<T>;
/** As `field`, for a field that every stored object has; in OpenAPI it is listed in `required`. */
export const required = <T extends TSchema>(number: number, schema: T, patchStrategy?: string): T =>
  numbered(number, schema, patchStrategy);

function numbered<T extends TSchema>(number: number, schema: T, patchStrategy: string | undefined): T {
  return {
    ...schema,
    'x-kubernetes-protobuf': number,
    ...(patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': patchStrategy }),
  };
}

export type { Static, TSchema };
